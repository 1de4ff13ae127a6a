/* Conversations of which each packet is in one row: random ones, and who carried whom, against a list of it. */
#include "tap.h"
#include "transactions/connlist_table.h"

#include <stdlib.h>

enum { ROUNDS = 200, MOST = 60 };

/* What was said of an entry. */
struct said {
	bool is_server, is_shared;
	unsigned packets, client; /* 0: none */
};

static struct flowkey
ends_of(unsigned number)
{
	return (struct flowkey){.one = {.family = 4, .value = number},
				.other = {.family = 4, .value = 1000},
				.port = 1,
				.other_port = 2,
				.protocol = PROTOCOL_TCP};
}

static void
fill(struct connlist *list, struct said *said, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		struct flowkey ends = ends_of(i);
		struct packet packet = {.len = 60};
		uint32_t number;

		said[i] = (struct said){.is_server = i > 1 && rand() % 2,
					.packets = 1 + (unsigned)rand() % 9};
		number =
		    connlist_begin(list, &ends, said[i].is_server ? SIDE_SERVER : SIDE_CLIENT, 0);
		for (unsigned n = 0; n < said[i].packets; n++) {
			packet.ts_ns = 1 + rand() % 1000;
			connlist_count(list, number, &packet);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		unsigned server = 1 + (unsigned)rand() % count,
			 client = 1 + (unsigned)rand() % count;

		if (!said[server].is_server || said[client].is_server)
			continue;
		said[server].is_shared |= said[server].client && said[server].client != client;
		said[server].client = client;
		connlist_carry(list, server, client);
	}
}

/* The packets of its row, if a client's entry has one with a server. */
static unsigned
joined(const struct said *said, unsigned count, unsigned client)
{
	unsigned most = 0;

	for (unsigned i = 1; i <= count; i++)
		if (said[i].is_server && !said[i].is_shared && said[i].client == client &&
		    said[i].packets > most)
			most = said[i].packets;
	return most ? said[client].packets + most : 0;
}

/* What stands in the table's rows: how many, of which units, with which packets. */
struct sums {
	unsigned rows, pairs, pair_packets, shared, packets;
};

static struct sums
read_table(const struct connlist *list)
{
	const struct places places = PLACES_INIT;
	const struct connlist_table wanted = {.places = &places, .form = COLUMNS_FOR_SCRIPTS};
	struct failure why = FAILURE_INIT;
	struct table *table = connlist_table_new(list, &wanted, &why);
	struct sums sums = {0};
	char *text = NULL, *rest, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_print(table, TABLE_RAW, out, &why);
	fclose(out);
	table_free(table);
	for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
		const char *unit = NULL;
		unsigned packets = 0;

		for (int i = 0; i <= 10; i++) {
			const char *cell = strsep(&line, "\t");

			unit = i == 3 ? cell : unit;
			packets = i == 10 ? (unsigned)strtoul(cell, NULL, 10) : 0;
		}
		sums.rows++;
		sums.packets += packets;
		sums.shared += strcmp(unit, "shared") == 0;
		if (strcmp(unit, "pair") == 0) {
			sums.pairs++;
			sums.pair_packets += packets;
		}
	}
	free(text);
	return sums;
}

static bool
is_as_said(const struct sums *sums, const struct said *said, unsigned count)
{
	struct sums wanted = {.rows = count};

	for (unsigned i = 1; i <= count; i++) {
		unsigned together = said[i].is_server ? 0 : joined(said, count, i);

		wanted.packets += said[i].packets;
		wanted.shared += said[i].is_server && said[i].is_shared;
		wanted.pairs += together > 0;
		wanted.pair_packets += together;
		wanted.rows -= together > 0;
	}
	return memcmp(sums, &wanted, sizeof(wanted)) == 0;
}

int
main(void)
{
	const struct siphash_key secret = {{1, 2}};
	struct failure why = FAILURE_INIT;
	struct said said[MOST + 1];
	unsigned good = 0;
	struct connlist *list;
	struct packet packet = {.len = 60};
	struct flowkey ends = ends_of(7);
	uint32_t number;

	for (int round = 0; round < ROUNDS; round++) {
		unsigned count = 1 + (unsigned)rand() % MOST;
		struct sums sums;

		list = connlist_new(secret, &why);
		fill(list, said, count);
		sums = read_table(list);
		good += is_as_said(&sums, said, count);
		connlist_free(list);
	}
	ok(good == ROUNDS,
	   "each is in one row, with the one that carried it alone and had most: %u", good);
	list = connlist_new(secret, &why);
	number = connlist_between(list, &ends, SIDE_OTHER, 1);
	ok(number == connlist_between(list, &ends, SIDE_OTHER, 1) &&
	       number != connlist_between(list, &ends, SIDE_OTHER, 2) &&
	       number != connlist_between(list, &ends, SIDE_MONITOR, 1),
	   "what is no connection is told apart by its ends, side and engine");
	connlist_count(list, CONNLIST_REST, &packet);
	ok(connlist_rest(list) == 1, "what there is no room for is counted");
	connlist_free(list);
	ok(connlist_begin(NULL, &ends, SIDE_CLIENT, 0) == CONNLIST_NONE,
	   "a list that is NULL does nothing");
	connlist_count(NULL, 1, &packet);
	connlist_carry(NULL, 1, 1);
	return done_testing();
}
