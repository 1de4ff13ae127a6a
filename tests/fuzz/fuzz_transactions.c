/*
 * Packets of one service through the follower of transactions: a byte of options, then packets, each a
 * byte of the time since the one before, two bytes of length and the packet. Nothing is leaked, rows have
 * no phase that is negative or longer than the capture, memory stays within its bounds, and every packet is
 * in one conversation.
 */
#include "filter/service.h"
#include "fuzz.h"
#include "transactions/columns.h"
#include "transactions/connlist_table.h"
#include "transactions/transactions.h"

static struct service service;
static int64_t now_ns;
static uint64_t rows;

static void
prepare(void)
{
	struct failure why;

	if (service.vip_count)
		return;
	must(service_parse(&service, "shop",
			   "vip 10.0.0.2 tcp/443\nvip 10.0.0.2 udp/53\nvip 2001:db8::2 tcp/443\n"
			   "server 10.0.1.0/24 tcp/8080\nserver 10.0.1.0/24 udp/53\n"
			   "server 2001:db8:1::/64 tcp/8080\nmonitor http /health\n",
			   "shop", &why) == 0);
}

/* A transactions_report. */
static void
check_row(void *context, const struct transaction *row)
{
	char cell[COLUMNS_CELL];
	size_t count;

	(void)context;
	must(row->id == ++rows);
	for (int i = 0; i < PHASES; i++)
		must(row->phases[i] == PHASE_UNKNOWN ||
		     (row->phases[i] >= 0 && row->phases[i] <= now_ns));
	must(row->began_ns >= 0 && row->began_ns <= row->ended_ns && row->ended_ns <= now_ns);
	columns_all(&count);
	for (size_t i = 0; i < count; i++) {
		const char *text = columns_cell(row, (int)i, "lb1", COLUMNS_FOR_SCRIPTS, cell);

		must(!text || strlen(text) < COLUMNS_CELL);
	}
}

/* Returns how many packets there were. */
static uint64_t
see_all(struct transactions *transactions, const uint8_t *data, size_t size)
{
	const struct transactions_place place = {.linktype = LINKTYPE_EN10MB, .side = SIDE_OTHER};

	uint64_t number = 1;

	now_ns = 1;
	for (; size > 3; number++) {
		uint32_t length = ((uint32_t)data[1] << 8 | data[2]) & 0x7ff;
		struct packet packet;

		length = length < size - 3 ? length : (uint32_t)size - 3;
		/* Most come at once, some after seconds. */
		now_ns += data[0] < 250 ? data[0] * INT64_C(1000) : data[0] * INT64_C(100000000);
		packet = (struct packet){
		    .ts_ns = now_ns, .caplen = length, .len = length, .data = data + 3};
		transactions_see(transactions, &packet, number, &place);
		data += 3 + length;
		size -= 3 + length;
	}
	transactions_finish(transactions);
	return number - 1;
}

/* Each packet is in one of them, and each row of transactions is told of one. */
static void
check_conversations(const struct connlist *list, uint64_t packets)
{
	const struct places places = PLACES_INIT;
	const struct connlist_table wanted = {.places = &places, .form = COLUMNS_FOR_SCRIPTS};
	uint64_t counted = connlist_rest(list), told = 0;
	const struct connlist_entry *entries;
	struct failure why;
	struct table *table;
	size_t count;

	entries = connlist_entries(list, &count);
	for (size_t i = 0; i < count; i++) {
		counted += entries[i].packets;
		told += entries[i].transactions;
		must(entries[i].packets > 0 && entries[i].first_ns <= entries[i].last_ns);
		must(entries[i].client <= count);
	}
	must(counted == packets && told == rows);
	table = connlist_table_new(list, &wanted, &why);
	must(table);
	table_free(table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transactions_config config = {.secret = {{1, 1}}, .report = check_row};
	struct transactions *transactions;
	struct failure why;

	if (size < 1)
		return 0;
	prepare();
	rows = 0;
	config.service = data[0] & 1 ? NULL : &service;
	config.memory = data[0] & 2 ? 64 << 10 : 1 << 20;
	config.hold_ns = data[0] & 4 ? 3000000000 : 0;
	config.connlist = connlist_new(config.secret, &why);
	must(config.connlist);
	transactions = transactions_new(&config, &why);
	must(transactions);
	check_conversations(config.connlist, see_all(transactions, data + 1, size - 1));
	transactions_free(transactions);
	connlist_free(config.connlist);
	return 0;
}
