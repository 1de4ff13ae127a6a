/*
 * Packets of one service through the follower of transactions: a byte of options, then packets, each a
 * byte of the time since the one before, two bytes of length and the packet. Nothing is leaked, rows have
 * no phase that is negative or longer than the capture, and memory stays within its bounds.
 */
#include "filter/service.h"
#include "fuzz.h"
#include "transactions/columns.h"
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

static void
see_all(struct transactions *transactions, const uint8_t *data, size_t size)
{
	const struct transactions_place place = {.linktype = LINKTYPE_EN10MB, .side = SIDE_OTHER};

	now_ns = 1;
	for (uint64_t number = 1; size > 3; number++) {
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
	transactions = transactions_new(&config, &why);
	must(transactions);
	see_all(transactions, data + 1, size - 1);
	transactions_free(transactions);
	return 0;
}
