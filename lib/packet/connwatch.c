/*
 * Only connects that are not completed are remembered, so most packets find nothing. The table is
 * set-associative, as processor caches are: the hash picks a set of eight entries, which are
 * searched one by one.
 */
#include "packet/connwatch.h"

#include "packet/connects.h"
#include "packet/tcp_header.h"

#include <stdbool.h>
#include <stdlib.h>

enum { WAYS = 8, SETS = 1024 };

struct end {
	struct addr addr;
	uint16_t port;
};

struct watched {
	struct end opener, other;
	struct handshake handshake;
	int64_t first_ns, last_ns; /* of its SYNs */
	bool is_used;
};

struct connwatch {
	struct connects connects;
	struct watched *entries; /* SETS * WAYS, or NULL */
	size_t used;
	struct siphash_key secret;
	int64_t now_ns; /* the newest timestamp seen */
	bool distrusts_silence;
};

struct connwatch *
connwatch_new(struct siphash_key secret, struct failure *why)
{
	struct connwatch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		failure_nomem(why);
		return NULL;
	}
	watch->secret = secret;
	watch->now_ns = INT64_MIN;
	return watch;
}

void
connwatch_free(struct connwatch *watch)
{
	if (!watch)
		return;
	connects_release(&watch->connects);
	free(watch->entries);
	free(watch);
}

void
connwatch_distrust_silence(struct connwatch *watch)
{
	watch->distrusts_silence = true;
}

/* Whether nothing tells that a connect was not answered. */
static bool
is_unknown(const struct connwatch *watch, const struct watched *entry)
{
	return watch->distrusts_silence && entry->handshake.state == HANDSHAKE_ASKED &&
	       entry->last_ns - entry->first_ns < CONNECTS_PATIENCE_NS / 2;
}

static void
conclude(struct connwatch *watch, struct watched *entry, int64_t waited_ns)
{
	if (!is_unknown(watch, entry))
		connects_add(&watch->connects, entry->other.addr, entry->other.port,
			     &entry->handshake, waited_ns);
	entry->is_used = false;
	watch->used--;
}

static bool
is_same(const struct end *a, const struct end *b)
{
	return a->port == b->port && a->addr.family == b->addr.family &&
	       a->addr.value == b->addr.value;
}

static uint64_t
hash_end(const struct connwatch *watch, const struct end *end)
{
	const uint64_t words[] = {(uint64_t)end->addr.value, (uint64_t)(end->addr.value >> 64),
				  (uint64_t)end->addr.family << 16 | end->port};

	return siphash_words(&watch->secret, words, 3);
}

/* The set of both directions. */
static struct watched *
set_of(const struct connwatch *watch, const struct end *a, const struct end *b)
{
	uint64_t hash = hash_end(watch, a) + hash_end(watch, b);

	return watch->entries + WAYS * (hash & (SETS - 1));
}

static struct watched *
find(const struct connwatch *watch, const struct end *opener, const struct end *other)
{
	struct watched *set;

	if (watch->used == 0)
		return NULL;
	set = set_of(watch, opener, other);
	for (struct watched *entry = set; entry < set + WAYS; entry++)
		if (entry->is_used && is_same(&entry->opener, opener) &&
		    is_same(&entry->other, other))
			return entry;
	return NULL;
}

static struct watched *
add(struct connwatch *watch, const struct end *opener, const struct end *other)
{
	struct watched *set, *oldest;

	if (!watch->entries)
		watch->entries = calloc(SETS * WAYS, sizeof(*watch->entries));
	if (!watch->entries)
		return NULL;
	oldest = set = set_of(watch, opener, other);
	for (struct watched *entry = set; entry < set + WAYS && oldest->is_used; entry++)
		if (!entry->is_used || entry->first_ns < oldest->first_ns)
			oldest = entry;
	if (oldest->is_used)
		conclude(watch, oldest, watch->now_ns - oldest->first_ns);
	*oldest = (struct watched){.opener = *opener,
				   .other = *other,
				   .first_ns = INT64_MAX,
				   .last_ns = INT64_MIN,
				   .is_used = true};
	watch->used++;
	return oldest;
}

/* A SYN that is no repetition begins another connection. */
static int
see_syn(struct connwatch *watch, const struct end *opener, const struct end *other,
	const unsigned char *tcp, int64_t ts_ns)
{
	struct watched *entry = find(watch, opener, other);

	if (entry && entry->handshake.isn != tcp_sequence(tcp)) {
		conclude(watch, entry, INT64_MAX);
		entry = NULL;
	}
	if (!entry)
		entry = add(watch, opener, other);
	if (!entry)
		return -1;
	handshake_see(&entry->handshake, HANDSHAKE_OPENER, tcp);
	if (ts_ns < entry->first_ns)
		entry->first_ns = ts_ns;
	if (ts_ns > entry->last_ns)
		entry->last_ns = ts_ns;
	return 0;
}

static void
see_rest(struct connwatch *watch, const struct end *from, const struct end *to,
	 const struct tuple *tuple)
{
	struct watched *entry = find(watch, from, to);
	enum handshake_sender sender = entry ? HANDSHAKE_OPENER : HANDSHAKE_OTHER;

	if (!entry)
		entry = find(watch, to, from);
	if (!entry)
		return;
	if (!tuple->is_quoted)
		handshake_see(&entry->handshake, sender, tuple->transport);
	else if (sender == HANDSHAKE_OPENER)
		handshake_unreachable(&entry->handshake);
	if (entry->handshake.state == HANDSHAKE_DONE)
		conclude(watch, entry, 0);
}

int
connwatch_see(struct connwatch *watch, const struct tuple *tuple, int64_t ts_ns)
{
	struct end from, to;

	if (ts_ns > watch->now_ns)
		watch->now_ns = ts_ns;
	if (!tuple || tuple->protocol != PROTOCOL_TCP || !tuple->has_ports ||
	    (!tuple->transport && !tuple->is_quoted))
		return 0;
	from = (struct end){tuple->source, tuple->source_port};
	to = (struct end){tuple->destination, tuple->destination_port};
	if (!tuple->is_quoted && (tcp_flags(tuple->transport) & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return see_syn(watch, &from, &to, tuple->transport, ts_ns);
	see_rest(watch, &from, &to, tuple);
	return 0;
}

char *
connwatch_finish(struct connwatch *watch, const char *separator)
{
	for (size_t i = 0; watch->entries && i < SETS * WAYS; i++)
		if (watch->entries[i].is_used)
			conclude(watch, &watch->entries[i],
				 watch->now_ns - watch->entries[i].first_ns);
	return connects_format(&watch->connects, separator);
}
