/*
 * A connection to a server that carried one client is a row with that. Where several did, one after the
 * other as attempts fail, the client's row has the one with most packets, and the others are rows of their
 * own that name the client. One that several clients shared is a row of its own, too: so that each packet
 * is in one row.
 */
#include "transactions/connlist_table.h"

#include "transactions/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both sides of a conversation; NULL: there is none. */
struct row {
	const struct connlist_entry *client, *server;
	const struct connlist_entry *carried; /* whose, if that is another row */
	int64_t first_ns;
};

enum { NUMBER_TEXT = 24 };

static const struct table_column columns[] = {
    {.name = "ID", .kind = TABLE_NUMBER},
    {.name = "BEGAN", .kind = TABLE_NUMBER},
    {.name = "DURATION", .kind = TABLE_NUMBER},
    {.name = "UNIT"},
    {.name = "PROTO"},
    {.name = "CLIENT"},
    {.name = "VIP"},
    {.name = "ENGINE"},
    {.name = "SOURCE"},
    {.name = "SERVER"},
    {.name = "PACKETS", .kind = TABLE_NUMBER},
    {.name = "BYTES", .kind = TABLE_NUMBER},
    {.name = "TRANSACTIONS", .kind = TABLE_NUMBER},
    {.name = "FAILED", .kind = TABLE_NUMBER},
    {.name = "END"},
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* By the number of a client's entry, that of the server's which is in its row. NULL: out of memory. */
static uint32_t *
find_mates(const struct connlist_entry *entries, size_t count)
{
	uint32_t *mates = calloc(count + 1, sizeof(*mates));

	for (size_t i = 0; mates && i < count; i++) {
		const struct connlist_entry *server = &entries[i];
		uint32_t *mate;

		if (server->is_shared || server->client == CONNLIST_NONE || server->client > count)
			continue;
		mate = &mates[server->client];
		if (*mate == CONNLIST_NONE || entries[*mate - 1].packets < server->packets)
			*mate = (uint32_t)i + 1;
	}
	return mates;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	if (one->first_ns != other->first_ns)
		return one->first_ns < other->first_ns ? -1 : 1;
	/* Entries are in one array. */
	return (one->client ? one->client : one->server) <
		       (other->client ? other->client : other->server)
		   ? -1
		   : 1;
}

/* All rows, in the order of time; *made of them. Heap; NULL: out of memory. */
static struct row *
make_rows(const struct connlist_entry *entries, size_t count, size_t *made)
{
	uint32_t *mates = find_mates(entries, count);
	struct row *rows = mates ? calloc(count + 1, sizeof(*rows)) : NULL;

	*made = 0;
	for (size_t i = 0; rows && i < count; i++) {
		const struct connlist_entry *entry = &entries[i];
		bool is_server = entry->side == SIDE_SERVER;
		bool is_one = is_server && !entry->is_shared && entry->client != CONNLIST_NONE &&
			      entry->client <= count;
		struct row row = {.first_ns = entry->first_ns};

		if (is_one && mates[entry->client] == i + 1)
			continue; /* it is in the client's */
		if (is_server)
			row.server = entry;
		else
			row.client = entry;
		if (is_one)
			row.carried = &entries[entry->client - 1];
		if (!is_server && mates[i + 1] != CONNLIST_NONE)
			row.server = &entries[mates[i + 1] - 1];
		if (row.server && row.server->first_ns < row.first_ns)
			row.first_ns = row.server->first_ns;
		rows[(*made)++] = row;
	}
	free(mates);
	if (rows)
		qsort(rows, *made, sizeof(*rows), compare_rows);
	return rows;
}

static struct transaction_end
end_of(struct addr addr, uint16_t port)
{
	return (struct transaction_end){
	    .addr = addr, .port = port, .is_known = addr.family != 0, .has_port = port != 0};
}

static const char *
unit_of(const struct row *row)
{
	if (row->client && row->server)
		return row->server->is_translated ? "nat" : "pair";
	if (row->server)
		return row->server->is_shared ? "shared" : "server";
	return row->client->side == SIDE_CLIENT ? "client" : service_side_name(row->client->side);
}

/* The side that says how it ended: what closed first; without that it is open as long as either side is. */
static const struct connlist_entry *
ending_of(const struct row *row)
{
	const struct connlist_entry *client = row->client, *server = row->server;

	if (!client || !server || !client->has_ending || !server->has_ending)
		return client ? client : server;
	if (client->closed_ns == EXCHANGE_NEVER && server->closed_ns == EXCHANGE_NEVER)
		return client->how != ENDING_CUT &&
			       (server->how == ENDING_CUT || server->silent_ns < client->silent_ns)
			   ? server
			   : client;
	return client->closed_ns == EXCHANGE_NEVER || (server->closed_ns != EXCHANGE_NEVER &&
						       server->closed_ns < client->closed_ns)
		   ? server
		   : client;
}

static void
set_ending(struct transaction *as, const struct row *row)
{
	const struct connlist_entry *first = ending_of(row);

	as->who = first->who;
	as->ending = first->how;
	as->silent_ns = first->silent_ns;
	/* Behind an engine that translates addresses is the other end. */
	if (row->server && row->server->is_translated && as->who == PARTY_ENGINE)
		as->who = first == row->server ? PARTY_CLIENT : PARTY_SERVER;
}

static void
fill(struct transaction *as, const struct row *row, uint64_t id)
{
	const struct connlist_entry *client = row->client ? row->client : row->carried;

	transaction_init(as);
	as->id = id;
	as->began_ns = row->first_ns;
	as->engine = (row->client ? row->client : row->server)->engine;
	if (client)
		as->client = end_of(client->ends.one, client->ends.port);
	if (row->client) {
		as->vip = end_of(client->ends.other, client->ends.other_port);
		as->ended_ns = row->client->last_ns;
	}
	if (row->server) {
		as->source = end_of(row->server->ends.one, row->server->ends.port);
		as->server = end_of(row->server->ends.other, row->server->ends.other_port);
		if (!row->client || row->server->last_ns > as->ended_ns)
			as->ended_ns = row->server->last_ns;
	}
	set_ending(as, row);
}

static bool
is_wanted(const struct transaction *as, const struct addrset *set)
{
	const struct transaction_end *ends[] = {&as->client, &as->vip, &as->source, &as->server};

	for (size_t i = 0; set && i < sizeof(ends) / sizeof(*ends); i++)
		if (ends[i]->is_known && addrset_has(set, ends[i]->addr))
			return true;
	return !set;
}

static const char *
name_protocol(const struct flowkey *ends, char to[NUMBER_TEXT])
{
	const char *name = ipproto_name(ends->protocol);

	if (!ends->one.family)
		return NULL;
	if (ends->protocol == PROTOCOL_ICMP || ends->protocol == PROTOCOL_ICMPV6)
		return ends->protocol == PROTOCOL_ICMP ? "icmp" : "icmpv6";
	if (!name)
		snprintf(to, NUMBER_TEXT, "%u", ends->protocol);
	return name ? name : to;
}

/* "server refused", or how rows of transactions say it; NULL: it is not known. */
static const char *
name_ending(const struct transaction *as, const struct row *row, char to[TRANSACTION_ENDING])
{
	const struct connlist_entry *first = ending_of(row);

	if (!first->has_ending)
		return NULL;
	if (first->is_refused) {
		snprintf(to, TRANSACTION_ENDING, "%s refused", transaction_party_name(as->who));
		return to;
	}
	return transaction_ending(as, to);
}

static int
add_row(struct table *table, const struct row *row, const struct transaction *as,
	const struct connlist_table *wanted, struct failure *why)
{
	static const char *const shared[] = {"ID",  "BEGAN",  "DURATION", "CLIENT",
					     "VIP", "SOURCE", "SERVER"};
	static const int at[] = {0, 1, 2, 5, 6, 8, 9};
	const struct connlist_entry *one = row->client ? row->client : row->server;
	const struct connlist_entry *other = row->client ? row->server : NULL;
	const uint64_t numbers[] = {one->packets + (other ? other->packets : 0),
				    one->bytes + (other ? other->bytes : 0),
				    one->transactions + (other ? other->transactions : 0),
				    one->failed + (other ? other->failed : 0)};
	char texts[7][COLUMNS_CELL], counts[4][NUMBER_TEXT], protocol[NUMBER_TEXT];
	char ending[TRANSACTION_ENDING];
	const char *cells[COLUMNS];

	for (int i = 0; i < 7; i++)
		cells[at[i]] = columns_cell(as, columns_find(shared[i], strlen(shared[i])), NULL,
					    wanted->form, texts[i]);
	for (int i = 0; i < 4; i++) {
		snprintf(counts[i], NUMBER_TEXT, "%" PRIu64, numbers[i]);
		cells[10 + i] = counts[i];
	}
	cells[3] = unit_of(row);
	cells[4] = name_protocol(&one->ends, protocol);
	cells[7] = places_engine(wanted->places, as->engine);
	cells[14] = name_ending(as, row, ending);
	return table_add(table, cells, why);
}

struct table *
connlist_table_new(const struct connlist *list, const struct connlist_table *wanted,
		   struct failure *why)
{
	struct table *table = table_new("conversations", columns, COLUMNS);
	size_t count, made, added = 0;
	const struct connlist_entry *entries = connlist_entries(list, &count);
	struct row *rows = make_rows(entries, count, &made);
	int rc = table && rows ? 0 : failure_nomem(why);

	for (size_t i = 0; rc == 0 && i < made && (!wanted->most || added < wanted->most); i++) {
		struct transaction as;

		fill(&as, &rows[i], i + 1);
		if (!is_wanted(&as, wanted->set))
			continue;
		rc = add_row(table, &rows[i], &as, wanted, why);
		added++;
	}
	free(rows);
	if (rc == 0)
		return table;
	table_free(table);
	return NULL;
}
