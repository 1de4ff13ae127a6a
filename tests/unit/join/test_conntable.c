/* Connections told apart by their ends and by time, within bounds; pairs; packets held back. */
#include "join/conntable.h"
#include "join/holdqueue.h"
#include "join/pairtable.h"
#include "tap.h"

#include <stdlib.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

#define SECOND INT64_C(1000000000)

struct table {
	struct allowance allowance;
	struct conntable *flows;
	unsigned ended, discarded;
};

static void
ended(void *context, struct conn *flow)
{
	struct table *table = context;

	(void)flow;
	table->ended++;
}

static void
discarded(void *context, struct conn *flow)
{
	struct table *table = context;

	(void)flow;
	table->discarded++;
}

static void
begin(struct table *table, size_t limit)
{
	struct conntable_config config = {.size = sizeof(struct conn),
					  .allowance = &table->allowance,
					  .seed = 7,
					  .end = ended,
					  .discard = discarded,
					  .context = table};

	*table = (struct table){.allowance = {.limit = limit}};
	table->flows = conntable_new(&config, NULL);
}

/* A TCP packet between engine port `port` and a server. */
static struct conn *
see(struct table *table, unsigned port, bool forward, uint8_t flags, uint32_t seq, uint32_t ack,
    int64_t time_ns)
{
	unsigned char tcp[20] = {[4] = (unsigned char)(seq >> 24),
				 [5] = (unsigned char)(seq >> 16),
				 [6] = (unsigned char)(seq >> 8),
				 [7] = (unsigned char)seq,
				 [8] = (unsigned char)(ack >> 24),
				 [9] = (unsigned char)(ack >> 16),
				 [10] = (unsigned char)(ack >> 8),
				 [11] = (unsigned char)ack,
				 [12] = 0x50,
				 [13] = flags};
	struct tuple tuple = {.protocol = PROTOCOL_TCP, .has_ports = true, .transport = tcp};
	struct conn_key key = {.ends = {.one = {4, 0x0a000901},
					.other = {4, 0x0a00010b},
					.port = (uint16_t)port,
					.other_port = (uint16_t)(8080 + (port >> 16)),
					.protocol = PROTOCOL_TCP},
			       .is_server_side = true};
	bool is_forward;

	return conntable_see(table->flows, &key, forward, time_ns, &tuple, &is_forward);
}

static void
lives(void)
{
	struct table table;
	uint64_t first;
	struct conn *flow;

	begin(&table, 1 << 20);
	first = see(&table, 1, true, SYN, 100, 0, 0)->serial;
	ok(see(&table, 1, true, SYN, 100, 0, SECOND)->serial == first, "a SYN that comes again");
	ok(see(&table, 1, false, SYN | ACK, 500, 101, 2 * SECOND)->serial == first, "its reply");
	ok(see(&table, 2, true, SYN, 100, 0, 2 * SECOND)->serial != first, "another port");
	ok(see(&table, 1, true, FIN | ACK, 101, 501, 3 * SECOND)->serial == first, "a FIN");
	flow = see(&table, 1, false, FIN | ACK, 501, 102, 4 * SECOND);
	ok(flow->serial == first && flow->stage == CONN_CLOSED, "both FINs close it");
	ok(see(&table, 1, true, ACK, 102, 502, 5 * SECOND)->serial == first, "the last ACK is its");
	flow = see(&table, 1, true, SYN, 900, 0, 6 * SECOND);
	ok(flow->serial != first && table.ended == 1, "a new SYN begins another");
	ok(flow->since_ns == 5 * SECOND, "of which nothing was said before the older one ended");
	first = flow->serial;
	ok(see(&table, 1, true, SYN, 901, 0, 7 * SECOND)->serial != first,
	   "a SYN of another number begins another, whatever became of the first");
	first = see(&table, 1, true, RST, 902, 0, 8 * SECOND)->serial;
	ok(see(&table, 1, true, ACK, 902, 0, 67 * SECOND)->serial == first,
	   "within a minute of RST");
	ok(see(&table, 1, true, ACK, 902, 0, 200 * SECOND)->serial != first, "but not long after");
	conntable_free(table.flows);
	ok(table.allowance.used == 0, "all memory is given back");

	begin(&table, 1 << 20);
	first = see(&table, 3, false, SYN | ACK, 500, 101, 0)->serial;
	ok(see(&table, 3, true, SYN, 100, 0, 0)->serial == first,
	   "a SYN that comes behind its reply is of the same connection");
	conntable_free(table.flows);
}

static void
floods(void)
{
	struct table table;
	struct conn *held, *open;
	uint64_t serial;
	size_t most = 0;

	begin(&table, 64 << 10);
	open = see(&table, 5, true, SYN, 1, 0, 0);
	see(&table, 5, false, SYN | ACK, 1, 2, 0);
	serial = open->serial;
	held = see(&table, 6, true, SYN, 1, 0, 1);
	conntable_hold(held);
	for (unsigned i = 0; i < 100000; i++) {
		see(&table, 100 + i, true, SYN, i, 0, 2 + i);
		most = table.allowance.used > most ? table.allowance.used : most;
	}
	ok(most <= 64 << 10, "100,000 SYNs take %zu bytes", most);
	ok(see(&table, 5, true, ACK, 2, 2, SECOND)->serial == serial,
	   "and the one connection that is more is still there");
	ok(see(&table, 6, true, ACK, 2, 2, SECOND) == held, "so is one that somebody holds");
	conntable_let_go(table.flows, held);
	conntable_end_all(table.flows);
	ok(table.ended == 100002, "each ended once");
	conntable_free(table.flows);
	ok(table.discarded == 100002 && table.allowance.used == 0, "and is gone");
}

static unsigned found;

static void
count(void *context, const struct evidence *evidence, bool by_address)
{
	(void)context;
	(void)by_address;
	found += evidence->client.port;
}

static unsigned
find_as(const struct pairtable *pairs, uint16_t port, int64_t first_ns, int64_t last_ns,
	bool is_older)
{
	struct lru_key ends = {.one = {4, 0x0a000901},
			       .other = {4, 0x0a00010b},
			       .port = port,
			       .other_port = 8080,
			       .protocol = PROTOCOL_TCP};

	found = 0;
	pairtable_find(pairs, &ends, first_ns, last_ns, is_older, count, NULL);
	return found;
}

static unsigned
find(const struct pairtable *pairs, uint16_t port, int64_t first_ns, int64_t last_ns)
{
	return find_as(pairs, port, first_ns, last_ns, false);
}

static void
add(struct pairtable *pairs, const char *line)
{
	struct connpair pairing;

	connpair_parse(&pairing, line, NULL);
	pairtable_add(pairs, &pairing);
}

/* A connection that had begun when it was first seen. */
static void
older(void)
{
	struct pairtable *pairs = pairtable_new(1000, 3, NULL);

	add(pairs, "9 end tcp 10.1.0.7:1 - 10.0.9.1:7 10.0.1.11:8080");
	add(pairs, "10 new tcp 10.1.0.7:1 - 10.0.9.1:7 10.0.1.11:8080");
	add(pairs, "30 new tcp 10.1.0.7:4 - 10.0.9.1:7 10.0.1.11:8080");
	add(pairs, "20 new tcp 10.1.0.7:2 - 10.0.9.1:7 10.0.1.11:8080");
	ok(find_as(pairs, 7, 25 * SECOND, 26 * SECOND, false) == 0, "one that begins is not older");
	ok(find_as(pairs, 7, 25 * SECOND, 26 * SECOND, true) == 2, "the newest before it");
	ok(find_as(pairs, 7, 20 * SECOND, 30 * SECOND, true) == 6,
	   "none before if there are others");
	ok(find_as(pairs, 7, 1 * SECOND, 9 * SECOND, true) == 0, "there is none before");
	ok(find_as(pairs, 8, 25 * SECOND, 26 * SECOND, true) == 0, "of other ends");
	add(pairs, "24 end tcp 10.1.0.7:2 - 10.0.9.1:7 10.0.1.11:8080");
	ok(find_as(pairs, 7, 25 * SECOND, 26 * SECOND, true) == 0, "it had ended by then");
	ok(find_as(pairs, 7, 24 * SECOND, 26 * SECOND, true) == 2, "and not before");
	ok(find_as(pairs, 7, 35 * SECOND, 36 * SECOND, true) == 4, "the next has not");
	pairtable_free(pairs);
}

static void
tables(void)
{
	struct pairtable *pairs = pairtable_new(1000, 3, NULL);
	struct connpair pairing;
	char line[CONNPAIR_TEXT];

	for (int i = 1; i <= 3000; i++) {
		snprintf(
		    line, sizeof(line),
		    "%d.000000000 new tcp 10.1.0.7:%d 192.0.2.10:443 10.0.9.1:%d 10.0.1.11:8080", i,
		    i, 1 + i % 5);
		connpair_parse(&pairing, line, NULL);
		pairtable_add(pairs, &pairing);
	}
	ok(find(pairs, 1, 2990 * SECOND, 3000 * SECOND) == 2990 + 2995 + 3000, "by ports and time");
	ok(find(pairs, 2, 0, 2000 * SECOND) == 0, "the oldest have given way");
	ok(find(pairs, 2, 0, 2001 * SECOND) == 2001, "and no newer");
	ok(find(pairs, 9, 0, 3000 * SECOND) == 0, "no pair of another port");
	connpair_parse(&pairing, "1 new tcp 10.1.0.7:5 - 10.0.9.1:* 10.0.1.11:8080", NULL);
	pairtable_add(pairs, &pairing);
	ok(find(pairs, 9, 0, 3000 * SECOND) == 5, "one that knows no port is of any");
	connpair_parse(&pairing, "1 new tcp 10.1.0.7:6 - - 10.0.1.11:8080", NULL);
	pairtable_add(pairs, &pairing);
	ok(find(pairs, 9, 0, 3000 * SECOND) == 11, "and one that knows no engine");
	connpair_parse(&pairing, "1 new tcp 10.1.0.7:6 - 10.0.9.1:9 10.0.1.11:*", NULL);
	ok(!pairtable_add(pairs, &pairing), "without a server's port it joins nothing");
	pairtable_free(pairs);
}

/* Packets of random sizes go in and come out, the same in the same order. */
static void
holding(void)
{
	struct holdqueue *holdback = holdqueue_new(20000, NULL);
	unsigned char data[3000];
	unsigned in = 0, out = 0, wrong = 0, full = 0, random = 1;

	for (int i = 0; i < 200000; i++) {
		const struct held *first = holdqueue_first(holdback);

		random = random * 1103515245 + 12345;
		if ((random >> 16) % 2) {
			unsigned size = in * 7919 % 3000;
			struct held held = {
			    .packet = {.ts_ns = in, .caplen = size, .len = size, .data = data}};

			memset(data, (int)(in & 0xff), size);
			if (holdqueue_put(holdback, &held))
				in++;
			else
				full++;
		} else if (first) {
			unsigned size = out * 7919 % 3000;

			wrong += first->packet.ts_ns != out || first->packet.caplen != size;
			for (unsigned j = 0; j < size; j++)
				wrong += first->packet.data[j] != (out & 0xff);
			holdqueue_drop_first(holdback);
			out++;
		}
	}
	ok(wrong == 0 && full > 100 && out > 50000, "%u packets held back, %u had no room", out,
	   full);
	holdqueue_free(holdback);
}

int
main(void)
{
	lives();
	floods();
	tables();
	older();
	holding();
	return done_testing();
}
