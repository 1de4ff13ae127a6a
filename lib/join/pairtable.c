/*
 * Pairs lie in an array that is a ring once it is full, chained by the hash of their ends. A table
 * may know the source of a connection with its port, by address alone, or not at all; what is not
 * known is zero in the key, so a search takes up to three lookups, of which those are skipped that
 * no pair needs.
 */
#include "join/pairtable.h"

#include <stdlib.h>

#define NONE UINT32_MAX

/* What a pair says of its source: address and port, the address, nothing. */
enum precision { EXACT, NO_PORT, NO_SOURCE, PRECISIONS };

struct pair {
	struct flowkey ends; /* source and server; what is not known is zero */
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
	struct siphash_key secret;
	uint32_t generation;
	bool has[PRECISIONS];
};

struct pairtable *
pairtable_new(size_t most, struct siphash_key secret, struct failure *why)
{
	struct pairtable *pairs = calloc(1, sizeof(*pairs));

	if (!pairs) {
		failure_errno(why, "cannot keep a table of pairs");
		return NULL;
	}
	pairs->most = most;
	pairs->secret = secret;
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
bucket_insert(struct pairtable *pairs, uint32_t which)
{
	struct pair *pair = &pairs->list[which];
	uint32_t *bucket = &pairs->buckets[pair->hash & (pairs->bucket_count - 1)];

	pair->next = *bucket;
	*bucket = which;
}

static void
bucket_remove(struct pairtable *pairs, uint32_t which)
{
	const struct pair *pair = &pairs->list[which];
	uint32_t *at = &pairs->buckets[pair->hash & (pairs->bucket_count - 1)];

	while (*at != which)
		at = &pairs->list[*at].next;
	*at = pair->next;
}

/* Doubles the room and fills the buckets anew. */
static bool
grow(struct pairtable *pairs)
{
	size_t room = pairs->room ? 2 * pairs->room : 1024;
	size_t buckets = 1;
	struct pair *list;
	uint32_t *new_buckets;

	if (room > pairs->most)
		room = pairs->most;
	while (buckets < room)
		buckets *= 2;
	list = reallocarray(pairs->list, room, sizeof(*list));
	if (!list)
		return false;
	pairs->list = list;
	new_buckets = malloc(buckets * sizeof(*new_buckets));
	if (!new_buckets)
		return false;
	free(pairs->buckets);
	pairs->buckets = new_buckets;
	pairs->bucket_count = buckets;
	pairs->room = room;
	for (size_t i = 0; i < buckets; i++)
		new_buckets[i] = NONE;
	for (size_t i = 0; i < pairs->count; i++)
		bucket_insert(pairs, (uint32_t)i);
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

static enum pair_match
match_of(const struct pair *pair)
{
	return pair->precision == EXACT ? PAIR_BY_PORT : PAIR_BY_ADDRESS;
}

/* The newest pair of these ends that had begun by time_ns and not ended. */
static struct pair *
newest_before(const struct pairtable *pairs, const struct flowkey *ends, uint64_t hash,
	      int64_t time_ns)
{
	uint32_t which =
	    pairs->bucket_count ? pairs->buckets[hash & (pairs->bucket_count - 1)] : NONE;
	struct pair *newest = NULL;

	for (; which != NONE; which = pairs->list[which].next) {
		struct pair *pair = &pairs->list[which];

		if (pair->hash == hash && flowkey_equal(&pair->ends, ends) &&
		    pair->time_ns <= time_ns && (!newest || pair->time_ns > newest->time_ns))
			newest = pair;
	}
	return newest && newest->end_ns >= time_ns ? newest : NULL;
}

bool
pairtable_add(struct pairtable *pairs, const struct connpair *connpair)
{
	struct pair pair = {
	    .time_ns = connpair->time_ns, .end_ns = INT64_MAX, .precision = NO_SOURCE};
	uint32_t which;

	if (!connpair->server.has_addr || !connpair->server.has_port)
		return false;
	pair.ends.other = evidence_addr(connpair->server.addr);
	pair.ends.other_port = connpair->server.port;
	pair.ends.protocol = connpair->protocol;
	if (connpair->source.has_addr) {
		pair.precision = connpair->source.has_port ? EXACT : NO_PORT;
		pair.ends.one = evidence_addr(connpair->source.addr);
		pair.ends.port = connpair->source.has_port ? connpair->source.port : 0;
	}
	pair.evidence.client = end_of(&connpair->client);
	pair.evidence.vip = end_of(&connpair->vip);
	pair.evidence.protocol = connpair->client_protocol;
	pair.hash = flowkey_hash(&pair.ends, &pairs->secret);
	if (connpair->is_end) {
		struct pair *ended = newest_before(pairs, &pair.ends, pair.hash, pair.time_ns);

		if (ended)
			ended->end_ns = pair.time_ns;
		return true;
	}
	if (pairs->count < pairs->most && pairs->count == pairs->room && !grow(pairs))
		return false;
	which = (uint32_t)pairs->next;
	if (pairs->count == pairs->most)
		bucket_remove(pairs, which);
	else
		pairs->count++;
	pairs->next = (pairs->next + 1) % pairs->most;
	pairs->list[which] = pair;
	bucket_insert(pairs, which);
	pairs->has[pair.precision] = true;
	pairs->generation++;
	return true;
}

static void
find_exactly(const struct pairtable *pairs, const struct flowkey *ends,
	     const struct pair_period *period, pairtable_report *report, void *context)
{
	uint64_t hash = flowkey_hash(ends, &pairs->secret);
	uint32_t which = pairs->buckets[hash & (pairs->bucket_count - 1)];
	const struct pair *before = NULL;
	bool found = false;

	for (; which != NONE; which = pairs->list[which].next) {
		const struct pair *pair = &pairs->list[which];

		if (pair->hash == hash && flowkey_equal(&pair->ends, ends) &&
		    pair->time_ns >= period->first_ns && pair->time_ns <= period->last_ns) {
			report(context, &pair->evidence, match_of(pair));
			found = true;
		}
	}
	if (!found && period->or_before)
		before = newest_before(pairs, ends, hash, period->first_ns);
	if (before)
		report(context, &before->evidence, match_of(before));
}

void
pairtable_find(const struct pairtable *pairs, const struct flowkey *ends,
	       const struct pair_period *period, pairtable_report *report, void *context)
{
	struct pair_period within = *period;
	struct flowkey key = *ends;

	if (pairs->has[EXACT])
		find_exactly(pairs, &key, period, report, context);
	/* It is unknown which of several connections an older pair is about. */
	within.or_before = false;
	key.port = 0;
	if (pairs->has[NO_PORT])
		find_exactly(pairs, &key, &within, report, context);
	key.one = (struct addr){0};
	if (pairs->has[NO_SOURCE])
		find_exactly(pairs, &key, &within, report, context);
}
