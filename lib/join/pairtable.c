#include "join/pairtable.h"

#include <stdlib.h>

#define NONE UINT32_MAX

enum precision { EXACT, NO_PORT, NO_SOURCE, PRECISIONS };

struct pair {
	struct lru_key ends; /* source and server; what is not known is zero */
	struct evidence evidence;
	int64_t time_ns, end_ns; /* INT64_MAX: not known to have ended */
	uint64_t hash;
	uint32_t next;
	enum precision precision;
};

struct pairtable {
	struct pair *list; /* a ring once it is full */
	uint32_t *buckets;
	size_t most, room, count, bucket_count, next;
	uint64_t seed;
	uint32_t generation;
	bool has[PRECISIONS];
};

struct pairtable *
pairtable_new(size_t most, uint64_t seed, struct failure *why)
{
	struct pairtable *pairs = calloc(1, sizeof(*pairs));

	if (!pairs) {
		failure_errno(why, "cannot keep a table of pairs");
		return NULL;
	}
	pairs->most = most;
	pairs->seed = seed;
	return pairs;
}

void
pairtable_free(struct pairtable *pairs)
{
	if (!pairs)
		return;
	free(pairs->list);
	free(pairs->buckets);
	free(pairs);
}

uint32_t
pairtable_generation(const struct pairtable *pairs)
{
	return pairs->generation;
}

static void
chain(struct pairtable *pairs, uint32_t which)
{
	struct pair *pair = &pairs->list[which];
	uint32_t *bucket = &pairs->buckets[pair->hash & (pairs->bucket_count - 1)];

	pair->next = *bucket;
	*bucket = which;
}

static void
unchain(struct pairtable *pairs, uint32_t which)
{
	const struct pair *pair = &pairs->list[which];
	uint32_t *at = &pairs->buckets[pair->hash & (pairs->bucket_count - 1)];

	while (*at != which)
		at = &pairs->list[*at].next;
	*at = pair->next;
}

/* Doubles the room, and arranges anew. */
static bool
grow(struct pairtable *pairs)
{
	size_t room = pairs->room ? 2 * pairs->room : 1024;
	size_t buckets = 1;
	struct pair *list;
	uint32_t *heads;

	if (room > pairs->most)
		room = pairs->most;
	while (buckets < room)
		buckets *= 2;
	list = reallocarray(pairs->list, room, sizeof(*list));
	if (!list)
		return false;
	pairs->list = list;
	heads = malloc(buckets * sizeof(*heads));
	if (!heads)
		return false;
	free(pairs->buckets);
	pairs->buckets = heads;
	pairs->bucket_count = buckets;
	pairs->room = room;
	for (size_t i = 0; i < buckets; i++)
		heads[i] = NONE;
	for (size_t i = 0; i < pairs->count; i++)
		chain(pairs, (uint32_t)i);
	return true;
}

static struct evidence_end
end_of(const struct connpair_end *end)
{
	return (struct evidence_end){.addr = evidence_addr(end->addr),
				     .port = end->port,
				     .is_known = end->has_addr,
				     .has_port = end->has_port};
}

static bool
is_same(const struct lru_key *a, const struct lru_key *b)
{
	return a->port == b->port && a->other_port == b->other_port && a->protocol == b->protocol &&
	       a->one.value == b->one.value && a->other.value == b->other.value &&
	       a->other.family == b->other.family;
}

/* The newest of these ends that came to be before, unless it had ended by then. */
static struct pair *
newest_before(const struct pairtable *pairs, const struct lru_key *ends, uint64_t hash,
	      int64_t time_ns)
{
	uint32_t which =
	    pairs->bucket_count ? pairs->buckets[hash & (pairs->bucket_count - 1)] : NONE;
	struct pair *newest = NULL;

	for (; which != NONE; which = pairs->list[which].next) {
		struct pair *pair = &pairs->list[which];

		if (pair->hash == hash && is_same(&pair->ends, ends) && pair->time_ns <= time_ns &&
		    (!newest || pair->time_ns > newest->time_ns))
			newest = pair;
	}
	return newest && newest->end_ns >= time_ns ? newest : NULL;
}

bool
pairtable_add(struct pairtable *pairs, const struct connpair *pairing)
{
	struct pair pair = {
	    .time_ns = pairing->time_ns, .end_ns = INT64_MAX, .precision = NO_SOURCE};
	uint32_t which;

	if (!pairing->server.has_addr || !pairing->server.has_port)
		return false;
	pair.ends.other = evidence_addr(pairing->server.addr);
	pair.ends.other_port = pairing->server.port;
	pair.ends.protocol = pairing->protocol;
	if (pairing->source.has_addr) {
		pair.precision = pairing->source.has_port ? EXACT : NO_PORT;
		pair.ends.one = evidence_addr(pairing->source.addr);
		pair.ends.port = pairing->source.has_port ? pairing->source.port : 0;
	}
	pair.evidence.client = end_of(&pairing->client);
	pair.evidence.vip = end_of(&pairing->vip);
	pair.hash = lru_hash(&pair.ends, pairs->seed);
	if (pairing->is_end) {
		struct pair *ended = newest_before(pairs, &pair.ends, pair.hash, pair.time_ns);

		if (ended)
			ended->end_ns = pair.time_ns;
		return true;
	}
	if (pairs->count < pairs->most && pairs->count == pairs->room && !grow(pairs))
		return false;
	which = (uint32_t)pairs->next;
	if (pairs->count == pairs->most)
		unchain(pairs, which);
	else
		pairs->count++;
	pairs->next = (pairs->next + 1) % pairs->most;
	pairs->list[which] = pair;
	chain(pairs, which);
	pairs->has[pair.precision] = true;
	pairs->generation++;
	return true;
}

static void
find(const struct pairtable *pairs, const struct lru_key *ends, int64_t first_ns, int64_t last_ns,
     bool is_older, pairtable_report *report, void *context)
{
	uint64_t hash = lru_hash(ends, pairs->seed);
	uint32_t which = pairs->buckets[hash & (pairs->bucket_count - 1)];
	const struct pair *before;

	for (; which != NONE; which = pairs->list[which].next) {
		const struct pair *pair = &pairs->list[which];

		if (pair->hash == hash && is_same(&pair->ends, ends) && pair->time_ns >= first_ns &&
		    pair->time_ns <= last_ns) {
			report(context, &pair->evidence, pair->precision != EXACT);
			is_older = false;
		}
	}
	before = is_older ? newest_before(pairs, ends, hash, first_ns) : NULL;
	if (before)
		report(context, &before->evidence, before->precision != EXACT);
}

void
pairtable_find(const struct pairtable *pairs, const struct lru_key *ends, int64_t first_ns,
	       int64_t last_ns, bool is_older, pairtable_report *report, void *context)
{
	struct lru_key key = *ends;

	if (pairs->has[EXACT])
		find(pairs, &key, first_ns, last_ns, is_older, report, context);
	key.port = 0;
	if (pairs->has[NO_PORT])
		find(pairs, &key, first_ns, last_ns, false, report, context);
	key.one = (struct addr){0};
	if (pairs->has[NO_SOURCE])
		find(pairs, &key, first_ns, last_ns, false, report, context);
}
