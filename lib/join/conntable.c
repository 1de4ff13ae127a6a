#include "join/conntable.h"

#include "base/parse.h"

#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct list {
	struct conn *oldest, *newest;
};

struct conntable {
	struct conntable_config config;
	struct conn **buckets;
	size_t bucket_count, count;
	struct list stages[CONN_STAGES];
	uint64_t serials;
	int64_t now_ns;
};

/* The silence after which a connection is over: RFC 9293's TIME-WAIT and more, a SYN's retries, and
 * longer than usual keep-alive. What is not TCP has no end of its own. */
static const int64_t patience[CONN_STAGES] = {
    [CONN_EMBRYO] = 2 * NS_PER_MINUTE,
    [CONN_OPEN] = 150 * NS_PER_MINUTE,
    [CONN_CLOSED] = NS_PER_MINUTE,
};
static const int64_t patience_datagrams = 2 * NS_PER_MINUTE;

struct conntable *
conntable_new(const struct conntable_config *config, struct failure *why)
{
	struct conntable *table = calloc(1, sizeof(*table));

	if (table) {
		table->config = *config;
		table->bucket_count = 1024;
		table->buckets = calloc(table->bucket_count, sizeof(struct conn *));
	}
	if (!table || !table->buckets) {
		failure_errno(why, "cannot follow connections");
		free(table);
		return NULL;
	}
	config->allowance->used += table->bucket_count * sizeof(struct conn *);
	table->now_ns = INT64_MIN;
	return table;
}

static void
unlist(struct conntable *table, struct conn *flow)
{
	struct list *list = &table->stages[flow->stage];

	*(flow->older ? &flow->older->newer : &list->oldest) = flow->newer;
	*(flow->newer ? &flow->newer->older : &list->newest) = flow->older;
	flow->older = flow->newer = NULL;
}

static void
enlist(struct conntable *table, struct conn *flow)
{
	struct list *list = &table->stages[flow->stage];

	flow->older = list->newest;
	flow->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = flow;
	list->newest = flow;
}

static void
discard(struct conntable *table, struct conn *flow)
{
	if (table->config.discard)
		table->config.discard(table->config.context, flow);
	table->config.allowance->used -= table->config.size;
	free(flow);
}

static void
end(struct conntable *table, struct conn *flow)
{
	if (flow->is_ended)
		return;
	flow->is_ended = true;
	table->config.end(table->config.context, flow);
}

/* Ends a flow, which is found no more, and is gone when nobody holds it. */
static void
drop(struct conntable *table, struct conn *flow)
{
	struct conn **at = &table->buckets[flow->hash & (table->bucket_count - 1)];

	while (*at != flow)
		at = &(*at)->next_in_bucket;
	*at = flow->next_in_bucket;
	unlist(table, flow);
	table->count--;
	end(table, flow);
	conntable_let_go(table, flow);
}

void
conntable_let_go(struct conntable *table, struct conn *flow)
{
	if (--flow->holders == 0)
		discard(table, flow);
}

void
conntable_free(struct conntable *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct conn *flow = table->buckets[i], *next;

		for (; flow; flow = next) {
			next = flow->next_in_bucket;
			discard(table, flow);
		}
	}
	table->config.allowance->used -= table->bucket_count * sizeof(struct conn *);
	free(table->buckets);
	free(table);
}

static bool
is_same(const struct conn_key *a, const struct conn_key *b)
{
	return a->ends.one.value == b->ends.one.value && a->ends.port == b->ends.port &&
	       a->ends.other.value == b->ends.other.value &&
	       a->ends.other_port == b->ends.other_port && a->ends.protocol == b->ends.protocol &&
	       a->is_server_side == b->is_server_side && a->ends.one.family == b->ends.one.family;
}

static uint64_t
hash_of(const struct conntable *table, const struct conn_key *key)
{
	return lru_hash(&key->ends, table->config.seed + key->is_server_side);
}

static struct conn *
find(const struct conntable *table, const struct conn_key *key, uint64_t hash)
{
	struct conn *flow = table->buckets[hash & (table->bucket_count - 1)];

	while (flow && (flow->hash != hash || !is_same(&flow->key, key)))
		flow = flow->next_in_bucket;
	return flow;
}

static struct conn_key
swapped(const struct conn_key *key)
{
	return (struct conn_key){.ends = {.one = key->ends.other,
					  .other = key->ends.one,
					  .port = key->ends.other_port,
					  .other_port = key->ends.port,
					  .protocol = key->ends.protocol},
				 .is_server_side = key->is_server_side};
}

struct conn *
conntable_find(const struct conntable *table, const struct conn_key *key)
{
	struct conn *flow = find(table, key, hash_of(table, key));
	struct conn_key other = swapped(key);

	return flow ? flow : find(table, &other, hash_of(table, &other));
}

static int64_t
patience_with(const struct conn *flow)
{
	return flow->key.ends.protocol == PROTOCOL_TCP ? patience[flow->stage] : patience_datagrams;
}

static void
expire(struct conntable *table)
{
	for (int stage = 0; stage < CONN_STAGES; stage++) {
		struct conn *flow;

		while ((flow = table->stages[stage].oldest) &&
		       table->now_ns - flow->last_ns > patience[stage])
			drop(table, flow);
	}
}

/* Those that have least to lose go first. One that somebody holds would keep its memory: not many
 * of them are looked at. */
static void
make_room(struct conntable *table)
{
	static const enum conn_stage order[] = {CONN_EMBRYO, CONN_CLOSED, CONN_OPEN};
	const struct allowance *allowance = table->config.allowance;

	for (int i = 0; i < CONN_STAGES; i++) {
		struct conn *flow = table->stages[order[i]].oldest;
		unsigned held = 0;

		while (flow && held < 16 &&
		       allowance->used + table->config.size > allowance->limit) {
			struct conn *newer = flow->newer;

			if (flow->holders == 1)
				drop(table, flow);
			else
				held++;
			flow = newer;
		}
	}
}

static void
grow(struct conntable *table)
{
	size_t more = table->bucket_count * 2;
	struct conn **buckets = calloc(more, sizeof(struct conn *));

	if (!buckets)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct conn *flow = table->buckets[i], *next;

		for (; flow; flow = next) {
			next = flow->next_in_bucket;
			flow->next_in_bucket = buckets[flow->hash & (more - 1)];
			buckets[flow->hash & (more - 1)] = flow;
		}
	}
	free(table->buckets);
	table->config.allowance->used += (more - table->bucket_count) * sizeof(struct conn *);
	table->buckets = buckets;
	table->bucket_count = more;
}

static struct conn *
begin(struct conntable *table, const struct conn_key *key, uint64_t hash, int64_t time_ns)
{
	struct conn *flow, **bucket;

	expire(table);
	make_room(table);
	if (table->count >= table->bucket_count)
		grow(table);
	flow = calloc(1, table->config.size);
	if (!flow)
		return NULL;
	table->config.allowance->used += table->config.size;
	flow->key = *key;
	flow->hash = hash;
	flow->serial = table->serials++;
	flow->start_ns = flow->last_ns = time_ns;
	flow->since_ns = time_ns - CONN_SLACK_NS;
	flow->until_ns = INT64_MAX;
	flow->stage = CONN_OPEN;
	flow->holders = 1;
	bucket = &table->buckets[hash & (table->bucket_count - 1)];
	flow->next_in_bucket = *bucket;
	*bucket = flow;
	table->count++;
	enlist(table, flow);
	return flow;
}

static uint32_t
load32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Whether a packet of the same ends belongs to another connection, which it begins. */
static bool
is_another(const struct conn *flow, bool forward, int64_t time_ns, const unsigned char *tcp)
{
	if (time_ns - flow->last_ns > patience_with(flow))
		return true;
	if (!tcp || !forward || (tcp[13] & (SYN | ACK)) != SYN)
		return false;
	return !flow->has_isn || load32(tcp + 4) != flow->isn;
}

static void
move_to(struct conntable *table, struct conn *flow, enum conn_stage stage)
{
	/* To be the newest of a list that is by time, it has to be moved in any case. */
	unlist(table, flow);
	flow->stage = stage;
	enlist(table, flow);
}

static enum conn_stage
next_stage(struct conn *flow, bool forward, const unsigned char *tcp)
{
	uint8_t flags;

	if (!tcp)
		return CONN_OPEN;
	flags = tcp[13];
	if (forward && (flags & (SYN | ACK)) == SYN) {
		bool is_first = !flow->has_syn;

		flow->has_syn = flow->has_isn = true;
		flow->isn = load32(tcp + 4);
		return is_first && flow->start_ns == flow->last_ns ? CONN_EMBRYO : flow->stage;
	}
	if (!forward && (flags & (SYN | ACK)) == (SYN | ACK) && !flow->has_isn) {
		flow->isn = load32(tcp + 8) - 1;
		flow->has_isn = true;
	}
	if (flags & FIN)
		flow->fins |= forward ? 1 : 2;
	return (flags & RST) || flow->fins == 3 || flow->stage == CONN_CLOSED ? CONN_CLOSED
									      : CONN_OPEN;
}

struct conn *
conntable_see(struct conntable *table, const struct conn_key *key, bool is_forward, int64_t time_ns,
	      const struct tuple *tuple, bool *forward)
{
	const unsigned char *tcp = tuple->protocol == PROTOCOL_TCP ? tuple->transport : NULL;
	uint64_t hash = hash_of(table, key);
	struct conn *flow = find(table, key, hash);
	int64_t since_ns = INT64_MIN;

	*forward = is_forward;
	if (time_ns > table->now_ns)
		table->now_ns = time_ns;
	if (!flow) {
		struct conn_key other = swapped(key);

		/* Where both ends could be the server, replies tell the ends the other way round.
		 */
		flow = find(table, &other, hash_of(table, &other));
		*forward = flow ? !is_forward : is_forward;
	}
	if (flow && is_another(flow, *forward, time_ns, tcp)) {
		since_ns = flow->last_ns;
		if (time_ns - CONN_SLACK_NS < since_ns)
			flow->until_ns = since_ns;
		drop(table, flow);
		flow = NULL;
		*forward = is_forward;
	}
	if (!flow)
		flow = begin(table, key, hash, time_ns);
	if (!flow)
		return NULL;
	if (since_ns > flow->since_ns)
		flow->since_ns = since_ns;
	if (time_ns > flow->last_ns)
		flow->last_ns = time_ns;
	flow->has_payload |= tuple->payload_wire > 0;
	move_to(table, flow, next_stage(flow, *forward, tcp));
	return flow;
}

void
conntable_end_all(struct conntable *table)
{
	for (int stage = 0; stage < CONN_STAGES; stage++)
		for (struct conn *flow = table->stages[stage].oldest; flow; flow = flow->newer)
			end(table, flow);
}
