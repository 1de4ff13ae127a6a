/*
 * A connection gets its number when it begins and keeps it, so a packet is counted without a search. What
 * is no connection (fragments, ICMP, health checks, packets that are not IP) is looked up by its ends in
 * a hash of a fixed size. When the list is full, nothing is thrown out of it: what comes later is summed up.
 */
#include "transactions/connlist.h"

#include "base/array.h"
#include "transactions/exchange.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536

struct connlist {
	struct connlist_entry *entries; /* heap, owned */
	size_t count;
	uint64_t rest; /* packets */
	struct siphash_key secret;
	uint32_t buckets[BUCKETS]; /* numbers */
};

struct connlist *
connlist_new(struct siphash_key secret, struct failure *why)
{
	struct connlist *list = calloc(1, sizeof(*list));

	if (list)
		list->secret = secret;
	else
		failure_nomem(why);
	return list;
}

void
connlist_free(struct connlist *list)
{
	if (list)
		free(list->entries);
	free(list);
}

/* NULL: it is none. */
static struct connlist_entry *
entry_of(struct connlist *list, uint32_t number)
{
	return list && number != CONNLIST_NONE && number <= list->count ? &list->entries[number - 1]
									: NULL;
}

uint32_t
connlist_begin(struct connlist *list, const struct flowkey *ends, enum side side, uint32_t engine)
{
	if (!list)
		return CONNLIST_NONE;
	if (list->count == CONNLIST_MOST ||
	    array_grow(&list->entries, list->count, sizeof(*list->entries)) < 0)
		return CONNLIST_REST;
	list->entries[list->count++] = (struct connlist_entry){
	    .ends = *ends, .side = side, .engine = engine, .closed_ns = EXCHANGE_NEVER};
	return (uint32_t)list->count;
}

uint32_t
connlist_between(struct connlist *list, const struct flowkey *ends, enum side side, uint32_t engine)
{
	uint32_t *bucket, number;

	if (!list)
		return CONNLIST_NONE;
	bucket = &list->buckets[flowkey_hash(ends, &list->secret) % BUCKETS];
	for (number = *bucket; number != CONNLIST_NONE;
	     number = list->entries[number - 1].next_in_bucket) {
		const struct connlist_entry *entry = &list->entries[number - 1];

		if (flowkey_equal(&entry->ends, ends) && entry->side == side &&
		    entry->engine == engine)
			return number;
	}
	number = connlist_begin(list, ends, side, engine);
	if (number == CONNLIST_REST)
		return number;
	list->entries[number - 1].next_in_bucket = *bucket;
	*bucket = number;
	return number;
}

void
connlist_count(struct connlist *list, uint32_t number, const struct packet *packet)
{
	struct connlist_entry *entry = entry_of(list, number);

	if (!entry) {
		if (list)
			list->rest++;
		return;
	}
	if (entry->packets == 0)
		entry->first_ns = entry->last_ns = packet->ts_ns;
	if (packet->ts_ns < entry->first_ns)
		entry->first_ns = packet->ts_ns;
	if (packet->ts_ns > entry->last_ns)
		entry->last_ns = packet->ts_ns;
	entry->packets++;
	entry->bytes += packet->len;
}

void
connlist_tell(struct connlist *list, uint32_t number, const struct transaction *row)
{
	struct connlist_entry *entry = entry_of(list, number);

	if (!entry)
		return;
	entry->transactions++;
	entry->failed += transaction_has_failed(row);
}

void
connlist_carry(struct connlist *list, uint32_t server, uint32_t client)
{
	struct connlist_entry *entry = entry_of(list, server);

	if (!entry || client == CONNLIST_NONE)
		return;
	if (entry->client != CONNLIST_NONE && entry->client != client)
		entry->is_shared = true;
	entry->client = client;
}

void
connlist_translate(struct connlist *list, uint32_t server, uint32_t client)
{
	struct connlist_entry *entry = entry_of(list, server);

	connlist_carry(list, server, client);
	if (entry)
		entry->is_translated = true;
}

void
connlist_end(struct connlist *list, uint32_t number, const struct transaction *row,
	     int64_t closed_ns, bool is_refused)
{
	struct connlist_entry *entry = entry_of(list, number);

	if (!entry)
		return;
	entry->has_ending = true;
	entry->is_refused = is_refused;
	entry->who = row->who;
	entry->how = row->ending;
	entry->closed_ns = closed_ns;
	entry->silent_ns = row->silent_ns;
}

const struct connlist_entry *
connlist_entries(const struct connlist *list, size_t *count)
{
	*count = list->count;
	return list->entries;
}

uint64_t
connlist_rest(const struct connlist *list)
{
	return list->rest;
}
