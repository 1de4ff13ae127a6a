/*
 * Client-side connections are found by their address, in a hash table; those of the last seconds also by
 * the initial sequence number of their SYN, which address translation leaves as it is.
 *
 * Of the requests that wait, the one whose head is most like the server-side one's is meant: the same
 * method, path and fields that proxies hand on, then method and path, then method, then any. Only if
 * one alone is the most alike it counts, unless the connection is known: on one connection requests
 * are answered in order.
 */
#include "transactions/pairing.h"

#include "base/clock.h"
#include "join/flowkey.h"
#include "join/pairtable.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 1 << 14,
	SEQUENCES = 1 << 14,
	PAIRS_MAX = 1 << 20,
	CONSIDERED_MAX = 4096, /* connections of one client; of more none is told apart */
	HINTS = 64,            /* clients of a connection to a server, by tables */
};

/* How long a packet is on its way through the engine, at most. */
#define TRANSLATED_NS NS_PER_SECOND

struct pairing {
	struct siphash_key secret;
	bool source_client;
	struct pairtable *pairs;
	bool has_pairs;
	struct sideconn **buckets;        /* by address of the client */
	struct sideconn **sequences;      /* by initial sequence number: the newest */
	struct exchange *oldest, *newest; /* that wait */
};

struct pairing *
pairing_new(struct siphash_key secret, bool source_client, struct failure *why)
{
	struct pairing *pairing = calloc(1, sizeof(*pairing));

	if (pairing) {
		pairing->secret = secret;
		pairing->source_client = source_client;
		pairing->buckets = calloc(BUCKETS, sizeof(struct sideconn *));
		pairing->sequences = calloc(SEQUENCES, sizeof(struct sideconn *));
		pairing->pairs = pairtable_new(PAIRS_MAX, secret, why);
	}
	if (pairing && pairing->buckets && pairing->sequences && pairing->pairs)
		return pairing;
	failure_nomem(why);
	pairing_free(pairing);
	return NULL;
}

void
pairing_free(struct pairing *pairing)
{
	if (!pairing)
		return;
	free(pairing->buckets);
	free(pairing->sequences);
	pairtable_free(pairing->pairs);
	free(pairing);
}

void
pairing_add_pair(struct pairing *pairing, const struct connpair *pair)
{
	pairing->has_pairs |= pairtable_add(pairing->pairs, pair);
}

static struct sideconn **
bucket_of(const struct pairing *pairing, struct addr client)
{
	const struct flowkey key = {.one = client};

	return &pairing->buckets[flowkey_hash(&key, &pairing->secret) & (BUCKETS - 1)];
}

static struct sideconn **
sequence_of(const struct pairing *pairing, const struct sideconn *conn)
{
	return &pairing->sequences[(conn->conn.handshake.isn * UINT32_C(2654435761)) >> 18 &
				   (SEQUENCES - 1)];
}

void
pairing_add_client(struct pairing *pairing, struct sideconn *conn)
{
	struct sideconn **bucket = bucket_of(pairing, conn->conn.key.ends.one);

	conn->next_of_client = *bucket;
	conn->of_client = bucket;
	if (*bucket)
		(*bucket)->of_client = &conn->next_of_client;
	*bucket = conn;
	if (conn->conn.handshake.has_isn)
		*sequence_of(pairing, conn) = conn;
}

void
pairing_remove_client(struct pairing *pairing, struct sideconn *conn)
{
	struct sideconn **by_sequence = sequence_of(pairing, conn);

	if (*by_sequence == conn)
		*by_sequence = NULL;
	if (!conn->of_client)
		return;
	*conn->of_client = conn->next_of_client;
	if (conn->next_of_client)
		conn->next_of_client->of_client = conn->of_client;
	conn->of_client = NULL;
}

void
pairing_wait(struct pairing *pairing, struct exchange *exchange)
{
	exchange->is_waiting = true;
	exchange->older_waiting = pairing->newest;
	exchange->newer_waiting = NULL;
	*(pairing->newest ? &pairing->newest->newer_waiting : &pairing->oldest) = exchange;
	pairing->newest = exchange;
}

void
pairing_stop_waiting(struct pairing *pairing, struct exchange *exchange)
{
	if (!exchange->is_waiting)
		return;
	exchange->is_waiting = false;
	*(exchange->older_waiting ? &exchange->older_waiting->newer_waiting : &pairing->oldest) =
	    exchange->newer_waiting;
	*(exchange->newer_waiting ? &exchange->newer_waiting->older_waiting : &pairing->newest) =
	    exchange->older_waiting;
}

/* Whether no attempt for the request is under way: there was none, or all are over. */
static bool
is_free(const struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->attempt_count; i++) {
		const struct exchange *attempt = exchange->attempts[i];

		if (!attempt->is_tentative && !attempt->conn->has_closed &&
		    !attempt->response.has_ended && !exchange_is_reset(attempt))
			return false;
	}
	return true;
}

/* Whether it was not carried by anything. */
static bool
is_fresh(const struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->attempt_count; i++)
		if (!exchange->attempts[i]->is_tentative)
			return false;
	return true;
}

/* How much alike the heads are; 0: nothing says so. */
static int
likeness(const struct exchange *client, const struct exchange *server)
{
	const char *a, *b;
	size_t a_size, b_size;

	if (server->is_bare || strcmp(client->method, server->method) != 0)
		return 0;
	a = exchange_path(client, &a_size);
	b = exchange_path(server, &b_size);
	if (!a || !b || a_size != b_size || memcmp(a, b, a_size) != 0)
		return 1;
	if (strcmp(client->target, server->target) != 0)
		return 2;
	return client->signature == server->signature ? 4 : 3;
}

/* A search: the best so far. */
struct search {
	const struct exchange *server;
	uint32_t engine;
	int64_t from_ns;         /* when the server-side exchange begins */
	struct evidence_end who; /* that is looked for */
	struct exchange *best;
	int best_rank, equals; /* how many are as good */
	struct sideconn *unreadable;
	unsigned unreadable_count, considered;
};

static void
consider_exchange(struct search *search, struct exchange *exchange)
{
	int rank;

	if (!exchange->is_waiting || exchange->response.has_begun || !is_free(exchange) ||
	    exchange->request.head.ns > search->from_ns)
		return;
	rank = 2 * likeness(exchange, search->server) + is_fresh(exchange);
	if (!is_fresh(exchange) && rank < 4)
		return; /* a request that is sent again looks the same */
	if (!search->server->is_bare && rank < 2)
		return; /* no proxy changes the method */
	if (!search->best || rank > search->best_rank) {
		search->best = exchange;
		search->best_rank = rank;
		search->equals = 1;
	} else if (rank == search->best_rank) {
		search->equals++;
	}
}

static void
consider_conn(struct search *search, struct sideconn *conn)
{
	const struct flowkey *ends = &conn->conn.key.ends;

	if (ends->one.value != search->who.addr.value ||
	    ends->one.family != search->who.addr.family || conn->engine != search->engine ||
	    (search->who.has_port && ends->port != search->who.port) ||
	    ++search->considered > CONSIDERED_MAX)
		return;
	for (struct exchange *e = conn->first; e; e = e->next)
		consider_exchange(search, e);
	if (!sideconn_has_requests(conn) && conn->bytes[CONN_FORWARD] > 0 && !conn->has_closed) {
		search->unreadable = conn;
		search->unreadable_count++;
	}
}

static struct pairing_match
result_of(const struct search *search, enum confidence source)
{
	struct pairing_match match = {.client = search->who};
	bool is_exact = search->who.has_port;

	match.confidence = source;
	if (search->best && (is_exact || search->equals == 1) &&
	    (search->best_rank >= 4 || search->unreadable_count == 0)) {
		match.carried = search->best;
		match.conn = search->best->conn;
	} else if (!search->best && search->unreadable_count == 1) {
		match.conn = search->unreadable;
	} else if (!is_exact) {
		match.confidence = CONFIDENCE_CLIENT;
	}
	return match;
}

/* How good a result is: a request, the more the more it is alike; then a connection, then an address. */
static int
worth_of(const struct pairing_match *match, const struct search *search)
{
	int kind = match->carried ? 3 + search->best_rank
		   : match->conn  ? 2
				  : match->client.is_known;

	return 16 * kind + (int)match->confidence;
}

/* What tells whose a request is. */
struct hints {
	struct client_hint list[HINTS + FORWARDED_NAMES];
	size_t count;
};

/* The context of a search through tables: a connection that is used again has pairs of several clients. */
struct table_search {
	const struct exchange *exchange;
	struct hints named, others; /* clients that its head names, too, and that it does not */
	bool is_full;               /* there are more others */
};

static bool
is_same_client(const struct evidence_end *a, const struct evidence_end *b)
{
	return a->is_known == b->is_known && a->addr.family == b->addr.family &&
	       a->addr.value == b->addr.value && a->has_port == b->has_port &&
	       (!a->has_port || a->port == b->port);
}

static bool
is_named(const struct exchange *exchange, struct addr client)
{
	for (uint8_t i = 0; i < exchange->hint_count; i++)
		if (exchange->hints[i].client.addr.family == client.family &&
		    exchange->hints[i].client.addr.value == client.value)
			return true;
	return false;
}

/* A pairtable_report. */
static void
add_hint(void *context, const struct evidence *evidence, enum pair_match how)
{
	struct table_search *search = context;
	struct hints *hints;

	if (how != PAIR_BY_PORT || !evidence->client.is_known)
		return;
	hints =
	    is_named(search->exchange, evidence->client.addr) ? &search->named : &search->others;
	for (size_t i = 0; i < hints->count; i++)
		if (is_same_client(&hints->list[i].client, &evidence->client))
			return;
	if (hints->count < HINTS)
		hints->list[hints->count++] =
		    (struct client_hint){.client = evidence->client, .source = CONFIDENCE_TABLE};
	else if (hints == &search->others)
		search->is_full = true;
}

/* Those of tables: what the head names, too, or if it names none of them all. Of too many clients nobody knows
 * whose it is. */
static void
gather_from_tables(const struct pairing *pairing, const struct exchange *exchange,
		   struct hints *hints)
{
	const struct conn *conn = &exchange->conn->conn;
	struct pair_period period = {.first_ns = conn->since_ns,
				     .last_ns = conn->last_ns + CONN_SLACK_NS,
				     .or_before = !conn->handshake.has_isn};
	struct table_search search = {.exchange = exchange};

	if (!pairing->has_pairs)
		return;
	pairtable_find(pairing->pairs, &conn->key.ends, &period, add_hint, &search);
	if (search.named.count)
		*hints = search.named;
	else if (!search.is_full)
		*hints = search.others;
}

static void
gather_hints(const struct pairing *pairing, const struct exchange *exchange, struct hints *hints)
{
	const struct conn *conn = &exchange->conn->conn;

	if (exchange->conn->hint.source != CONFIDENCE_NONE) {
		/* It is the engine's own; what follows may be a client's. */
		hints->list[hints->count++] = exchange->conn->hint;
		return;
	}
	gather_from_tables(pairing, exchange, hints);
	for (uint8_t i = 0; i < exchange->hint_count; i++)
		hints->list[hints->count++] = exchange->hints[i];
	if (exchange->hint_count == 0 && pairing->source_client)
		hints->list[hints->count++] =
		    (struct client_hint){.client = {.addr = conn->key.ends.one, .is_known = true},
					 .source = CONFIDENCE_HEADER};
}

struct pairing_match
pairing_find(struct pairing *pairing, const struct exchange *exchange)
{
	struct pairing_match best = {.confidence = CONFIDENCE_NONE};
	struct hints hints = {.count = 0};
	int best_worth = 0;
	bool is_tie = false;

	gather_hints(pairing, exchange, &hints);
	for (size_t i = 0; i < hints.count; i++) {
		struct search search = {
		    .server = exchange,
		    .engine = exchange->conn->engine,
		    .from_ns = exchange->is_bare ? exchange->conn->conn.start_ns
						 : exchange->request.first.ns,
		    .who = hints.list[i].client,
		};
		struct pairing_match match;
		int worth;

		for (struct sideconn *conn = *bucket_of(pairing, search.who.addr); conn;
		     conn = conn->next_of_client)
			consider_conn(&search, conn);
		match = result_of(&search, hints.list[i].source);
		worth = worth_of(&match, &search);
		if (worth > best_worth)
			is_tie = false;
		else if (worth == best_worth &&
			 (match.carried != best.carried || match.conn != best.conn ||
			  !is_same_client(&match.client, &best.client)))
			is_tie = true;
		if (worth > best_worth) {
			best_worth = worth;
			best = match;
		}
	}
	/* Hints that are as good, and lead to different requests, connections or clients. */
	if (is_tie)
		return (struct pairing_match){.confidence = CONFIDENCE_NONE};
	return best;
}

struct sideconn *
pairing_find_translated(struct pairing *pairing, const struct sideconn *conn)
{
	struct sideconn *client = *sequence_of(pairing, conn);

	/* Of many connections two have one number by chance. But a proxy has answered its client by then,
	 * and of a translation the answer is still to come. */
	if (!client || client->conn.handshake.isn != conn->conn.handshake.isn ||
	    client->conn.handshake.has_other_isn || client->engine != conn->engine ||
	    client->other_side || client->syn_ns == EXCHANGE_NEVER ||
	    client->syn_ns > conn->syn_ns || conn->syn_ns - client->syn_ns > TRANSLATED_NS)
		return NULL;
	return client;
}

struct exchange *
pairing_only_waiting(struct pairing *pairing, uint32_t engine, int64_t ns)
{
	struct exchange *only = NULL;
	unsigned considered = 0;

	/* The oldest may wait for long: most are at the end. */
	for (struct exchange *e = pairing->newest; e; e = e->older_waiting) {
		if (++considered > CONSIDERED_MAX)
			return NULL;
		if (e->conn->engine != engine || e->response.has_begun || e->request.head.ns > ns ||
		    !is_free(e))
			continue;
		if (only)
			return NULL;
		only = e;
	}
	return only;
}
