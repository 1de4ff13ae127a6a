/* Connections are told apart by five-tuple and time, within bounds of memory. */
#include "join/conntable.h"
#include "tap.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

#define SECOND INT64_C(1000000000)

struct table {
	struct allowance allowance;
	struct conntable *conns;
	unsigned ended, discarded;
};

static void
ended(void *context, struct conn *conn)
{
	struct table *table = context;

	(void)conn;
	table->ended++;
}

static void
discarded(void *context, struct conn *conn)
{
	struct table *table = context;

	(void)conn;
	table->discarded++;
}

static void
begin(struct table *table, size_t limit)
{
	struct conntable_config config = {.size = sizeof(struct conn),
					  .allowance = &table->allowance,
					  .secret = {{7, 7}},
					  .end = ended,
					  .discard = discarded,
					  .context = table};

	*table = (struct table){.allowance = {.limit = limit}};
	table->conns = conntable_new(&config, NULL);
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
	enum conn_direction direction = forward ? CONN_FORWARD : CONN_BACKWARD;

	return conntable_see(table->conns, &key, &direction, time_ns, &tuple);
}

static void
test_lifetimes(void)
{
	struct table table;
	uint64_t first;
	struct conn *conn;

	begin(&table, 1 << 20);
	first = see(&table, 1, true, SYN, 100, 0, 0)->serial;
	ok(see(&table, 1, true, SYN, 100, 0, SECOND)->serial == first, "a SYN that comes again");
	ok(see(&table, 1, false, SYN | ACK, 500, 101, 2 * SECOND)->serial == first, "its reply");
	ok(see(&table, 2, true, SYN, 100, 0, 2 * SECOND)->serial != first, "another port");
	ok(see(&table, 1, true, FIN | ACK, 101, 501, 3 * SECOND)->serial == first, "a FIN");
	conn = see(&table, 1, false, FIN | ACK, 501, 102, 4 * SECOND);
	ok(conn->serial == first && conn->stage == CONN_CLOSED, "both FINs close it");
	ok(see(&table, 1, true, ACK, 102, 502, 5 * SECOND)->serial == first, "the last ACK is its");
	conn = see(&table, 1, true, SYN, 900, 0, 6 * SECOND);
	ok(conn->serial != first && table.ended == 1, "a new SYN begins another");
	ok(conn->since_ns == 5 * SECOND, "of which nothing was said before the older one ended");
	first = conn->serial;
	ok(see(&table, 1, true, SYN, 901, 0, 7 * SECOND)->serial != first,
	   "a SYN of another number begins another, whatever became of the first");
	first = see(&table, 1, true, RST, 902, 0, 8 * SECOND)->serial;
	ok(see(&table, 1, true, ACK, 902, 0, 67 * SECOND)->serial == first,
	   "within a minute of RST");
	ok(see(&table, 1, true, ACK, 902, 0, 200 * SECOND)->serial != first, "but not long after");
	conntable_free(table.conns);
	ok(table.allowance.used == 0, "all memory is given back");

	begin(&table, 1 << 20);
	first = see(&table, 3, false, SYN | ACK, 500, 101, 0)->serial;
	ok(see(&table, 3, true, SYN, 100, 0, 0)->serial == first,
	   "a SYN that comes behind its reply is of the same connection");
	conntable_free(table.conns);
}

static void
test_flood(void)
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
	conntable_let_go(table.conns, held);
	conntable_end_all(table.conns);
	ok(table.ended == 100002, "each ended once");
	conntable_free(table.conns);
	ok(table.discarded == 100002 && table.allowance.used == 0, "and is gone");
}

int
main(void)
{
	test_lifetimes();
	test_flood();
	return done_testing();
}
