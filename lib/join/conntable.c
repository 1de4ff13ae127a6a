/*
 * A chained hash table, and for eviction three lists by stage, each ordered by the time of the
 * newest packet: half-open connections, open ones, closed ones. Every packet moves its connection
 * to the end of its list, so the first of each list is the one that was silent for longest, and
 * timeouts are found without a search.
 *
 * When ports are reused, evidence has to be assigned by time. A connection that replaces another
 * one between the same ends takes evidence only from after the other's last packet (since_ns), and
 * the other only up to then (until_ns).
 */
#include "join/conntable.h"

#include "base/clock.h"
#include "packet/tcp_header.h"

#include <stdlib.h>
#include <string.h>

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

/* The silence after which a connection has ended: about as long as Linux retries a SYN, longer than
 * the usual keep-alive of two hours, and the TIME-WAIT of Linux. Protocols other than TCP have no
 * end of their own. */
static const int64_t timeout_ns[CONN_STAGES] = {
    [CONN_HALF_OPEN] = 2 * NS_PER_MINUTE,
    [CONN_OPEN] = 150 * NS_PER_MINUTE,
    [CONN_CLOSED] = NS_PER_MINUTE,
};
static const int64_t timeout_datagrams_ns = 2 * NS_PER_MINUTE;

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
list_remove(struct conntable *table, struct conn *conn)
{
	struct list *list = &table->stages[conn->stage];

	*(conn->older ? &conn->older->newer : &list->oldest) = conn->newer;
	*(conn->newer ? &conn->newer->older : &list->newest) = conn->older;
	conn->older = conn->newer = NULL;
}

static void
list_append(struct conntable *table, struct conn *conn)
{
	struct list *list = &table->stages[conn->stage];

	conn->older = list->newest;
	conn->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = conn;
	list->newest = conn;
}

static void
discard_conn(struct conntable *table, struct conn *conn)
{
	if (table->config.discard)
		table->config.discard(table->config.context, conn);
	table->config.allowance->used -= table->config.size;
	free(conn);
}

static void
end_conn(struct conntable *table, struct conn *conn)
{
	if (conn->is_ended)
		return;
	conn->is_ended = true;
	table->config.end(table->config.context, conn);
}

/* Ends a connection, takes it out of the table and drops the table's reference. */
static void
drop_conn(struct conntable *table, struct conn *conn)
{
	struct conn **at = &table->buckets[conn->hash & (table->bucket_count - 1)];

	while (*at != conn)
		at = &(*at)->next_in_bucket;
	*at = conn->next_in_bucket;
	list_remove(table, conn);
	table->count--;
	end_conn(table, conn);
	conntable_let_go(table, conn);
}

void
conntable_let_go(struct conntable *table, struct conn *conn)
{
	if (--conn->holders == 0)
		discard_conn(table, conn);
}

void
conntable_free(struct conntable *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct conn *conn = table->buckets[i], *next;

		for (; conn; conn = next) {
			next = conn->next_in_bucket;
			discard_conn(table, conn);
		}
	}
	table->config.allowance->used -= table->bucket_count * sizeof(struct conn *);
	free(table->buckets);
	free(table);
}

static bool
is_same(const struct conn_key *a, const struct conn_key *b)
{
	return a->is_server_side == b->is_server_side && flowkey_equal(&a->ends, &b->ends);
}

static uint64_t
hash_of(const struct conntable *table, const struct conn_key *key)
{
	return flowkey_hash(&key->ends, &table->config.secret) ^ key->is_server_side;
}

static struct conn *
find_conn(const struct conntable *table, const struct conn_key *key, uint64_t hash)
{
	struct conn *conn = table->buckets[hash & (table->bucket_count - 1)];

	while (conn && (conn->hash != hash || !is_same(&conn->key, key)))
		conn = conn->next_in_bucket;
	return conn;
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
	struct conn *conn = find_conn(table, key, hash_of(table, key));
	struct conn_key other = swapped(key);

	return conn ? conn : find_conn(table, &other, hash_of(table, &other));
}

static int64_t
timeout_of(const struct conn *conn)
{
	return conn->key.ends.protocol == PROTOCOL_TCP ? timeout_ns[conn->stage]
						       : timeout_datagrams_ns;
}

static void
expire(struct conntable *table)
{
	for (int stage = 0; stage < CONN_STAGES; stage++) {
		struct conn *conn;

		while ((conn = table->stages[stage].oldest) &&
		       table->now_ns - conn->last_ns > timeout_ns[stage])
			drop_conn(table, conn);
	}
}

/* Evicts connections with the least to lose first. Dropping one that is held frees no memory: only
 * a few of these are passed over. */
static void
make_room(struct conntable *table)
{
	static const enum conn_stage order[] = {CONN_HALF_OPEN, CONN_CLOSED, CONN_OPEN};
	const struct allowance *allowance = table->config.allowance;

	for (int i = 0; i < CONN_STAGES; i++) {
		struct conn *conn = table->stages[order[i]].oldest;
		unsigned held = 0;

		while (conn && held < 16 &&
		       allowance->used + table->config.size > allowance->limit) {
			struct conn *newer = conn->newer;

			if (conn->holders == 1)
				drop_conn(table, conn);
			else
				held++;
			conn = newer;
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
		struct conn *conn = table->buckets[i], *next;

		for (; conn; conn = next) {
			next = conn->next_in_bucket;
			conn->next_in_bucket = buckets[conn->hash & (more - 1)];
			buckets[conn->hash & (more - 1)] = conn;
		}
	}
	free(table->buckets);
	table->config.allowance->used += (more - table->bucket_count) * sizeof(struct conn *);
	table->buckets = buckets;
	table->bucket_count = more;
}

static struct conn *
begin_conn(struct conntable *table, const struct conn_key *key, uint64_t hash, int64_t time_ns)
{
	struct conn *conn, **bucket;

	expire(table);
	make_room(table);
	if (table->count >= table->bucket_count)
		grow(table);
	conn = calloc(1, table->config.size);
	if (!conn)
		return NULL;
	table->config.allowance->used += table->config.size;
	conn->key = *key;
	conn->hash = hash;
	conn->serial = table->serials++;
	conn->start_ns = conn->last_ns = time_ns;
	conn->since_ns = time_ns - CONN_SLACK_NS;
	conn->until_ns = INT64_MAX;
	conn->stage = CONN_OPEN;
	conn->holders = 1;
	bucket = &table->buckets[hash & (table->bucket_count - 1)];
	conn->next_in_bucket = *bucket;
	*bucket = conn;
	table->count++;
	list_append(table, conn);
	return conn;
}

/* Whether a packet with the same ends begins another connection. */
static bool
begins_another(const struct conn *conn, enum conn_direction direction, int64_t time_ns,
	       const unsigned char *tcp)
{
	if (time_ns - conn->last_ns > timeout_of(conn))
		return true;
	if (!tcp || direction != CONN_FORWARD || (tcp_flags(tcp) & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return !conn->handshake.has_isn || tcp_sequence(tcp) != conn->handshake.isn;
}

static void
move_to(struct conntable *table, struct conn *conn, enum conn_stage stage)
{
	/* Lists are ordered by time, so it moves to the end even if the stage is the same. */
	list_remove(table, conn);
	conn->stage = stage;
	list_append(table, conn);
}

static enum conn_stage
next_stage(struct conn *conn, enum conn_direction direction, const unsigned char *tcp)
{
	bool forward = direction == CONN_FORWARD, had_syn = conn->handshake.has_syn;
	uint8_t flags;

	if (!tcp)
		return CONN_OPEN;
	flags = tcp_flags(tcp);
	handshake_see(&conn->handshake, forward ? HANDSHAKE_OPENER : HANDSHAKE_OTHER, tcp);
	if (forward && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return !had_syn && conn->start_ns == conn->last_ns ? CONN_HALF_OPEN : conn->stage;
	if (flags & TCP_FIN)
		conn->fins |= forward ? 1 : 2;
	return (flags & TCP_RST) || conn->fins == 3 || conn->stage == CONN_CLOSED ? CONN_CLOSED
										  : CONN_OPEN;
}

struct conn *
conntable_see(struct conntable *table, const struct conn_key *key, enum conn_direction *direction,
	      int64_t time_ns, const struct tuple *tuple)
{
	const unsigned char *tcp = tuple->protocol == PROTOCOL_TCP ? tuple->transport : NULL;
	uint64_t hash = hash_of(table, key);
	struct conn *conn = find_conn(table, key, hash);
	enum conn_direction by_key = *direction;
	int64_t since_ns = INT64_MIN;

	if (time_ns > table->now_ns)
		table->now_ns = time_ns;
	if (!conn) {
		struct conn_key other = swapped(key);

		/* If both ends could be the server, replies have the ends swapped. */
		conn = find_conn(table, &other, hash_of(table, &other));
		if (conn)
			*direction = by_key == CONN_FORWARD ? CONN_BACKWARD : CONN_FORWARD;
	}
	if (conn && begins_another(conn, *direction, time_ns, tcp)) {
		since_ns = conn->last_ns;
		if (time_ns - CONN_SLACK_NS < since_ns)
			conn->until_ns = since_ns;
		conn->is_replaced = true;
		drop_conn(table, conn);
		conn = NULL;
		*direction = by_key;
	}
	if (!conn)
		conn = begin_conn(table, key, hash, time_ns);
	if (!conn)
		return NULL;
	if (since_ns > conn->since_ns)
		conn->since_ns = since_ns;
	if (time_ns > conn->last_ns)
		conn->last_ns = time_ns;
	move_to(table, conn, next_stage(conn, *direction, tcp));
	conn->has_payload |= tuple->payload_wire > 0 || conn->handshake.has_bytes;
	return conn;
}

void
conntable_end_all(struct conntable *table)
{
	for (int stage = 0; stage < CONN_STAGES; stage++)
		for (struct conn *conn = table->stages[stage].oldest; conn; conn = conn->newer)
			end_conn(table, conn);
}
