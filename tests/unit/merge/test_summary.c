/* Counting by row and bin, against counting by hand. */
#include "merge/summary.h"

#include "merge/list_source.h"
#include "tap.h"

#include <stdlib.h>

enum { IFACES = 4, BIN = 10 };

static struct failure why;
static struct interface interfaces[IFACES] = {
    {.name = (char *)"lb2/eth0"},
    {.name = (char *)"lb1/eth0/server"},
    {.name = (char *)"lb1/eth0"},
    {.name = (char *)"lb1/eth0/client"},
};

/* Packets of the interfaces but for lb1/eth0, which others with a side stand for; spread is how far
 * times go back. */
static void
make_list(struct list_source *list, int64_t spread)
{
	list_source_init(list, interfaces, IFACES);
	for (size_t i = 0; i < LIST_MAX; i++)
		list_source_add(list, (int64_t)(5 * i) + rand() % spread,
				(const uint32_t[]){0, 1, 3}[rand() % 3], 0);
}

static uint64_t
count_by_hand(const struct list_source *list, const char *name, int64_t from_ns, int64_t to_ns)
{
	uint64_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += strcmp(interfaces[list->packets[i].iface].name, name) == 0 &&
			 list->packets[i].ts_ns >= from_ns && list->packets[i].ts_ns < to_ns;
	return count;
}

static void
name_of(const struct summary_row *row, char *name)
{
	sprintf(name, "%.8s/%.8s%s%.8s", row->label.engine, row->label.iface,
		row->label.side ? "/" : "", row->label.side ? row->label.side : "");
}

static void
rows_and_bins(int64_t spread, const char *what)
{
	static struct list_source list;
	struct summary summary = SUMMARY_INIT;
	unsigned wrong = 0, wrong_bins = 0, unsorted = 0;
	uint64_t in_rows = 0, in_bins = 0;
	char name[64], last[64] = "";

	make_list(&list, spread);
	ok(summary_count(&summary, &list.source, BIN, &why) == 0, "%s", what);
	for (size_t i = 0; i < summary.row_count; i++) {
		name_of(&summary.rows[i], name);
		wrong += summary.rows[i].packets != count_by_hand(&list, name, 0, INT64_MAX);
		in_rows += summary.rows[i].packets;
		unsorted += strcmp(last, name) >= 0;
		strcpy(last, name);
	}
	for (size_t i = 0; i < summary.bin_count; i++) {
		const struct summary_bin *bin = &summary.bins[i];

		name_of(&summary.rows[bin->row], name);
		wrong_bins +=
		    bin->packets != count_by_hand(&list, name, bin->start_ns, bin->start_ns + BIN);
		in_bins += bin->packets;
		unsorted += i && bin->start_ns < bin[-1].start_ns;
	}
	ok(wrong == 0 && in_rows == LIST_MAX, "rows have all packets");
	ok(wrong_bins == 0 && in_bins == LIST_MAX, "bins have all packets");
	ok(unsorted == 0, "both are sorted");
	ok(summary.row_count == 3,
	   "an interface with sides and nothing else has no row of its own");
	summary_release(&summary);
}

static void
drops(void)
{
	static struct list_source list;
	struct summary summary = SUMMARY_INIT;

	make_list(&list, 1);
	interfaces[2].statistics = STATISTICS_INIT;
	interfaces[2].statistics.valid = true;
	interfaces[2].statistics.dropped = 3;
	interfaces[2].statistics.os_dropped = 4;
	summary_count(&summary, &list.source, 0, &why);
	ok(summary.row_count == 4 && summary.rows[0].packets == 0 &&
	       summary.rows[0].counters.dropped == 7,
	   "... unless it has drops, of every kind");
	ok(summary.rows[1].counters.dropped == STATISTICS_UNKNOWN, "drops without counters");
	ok(summary.bin_count == 0, "no bins are asked for");
	summary_release(&summary);
}

int
main(void)
{
	srand(1);
	rows_and_bins(1, "a capture in order");
	rows_and_bins(2000, "a capture out of order");
	drops();
	return done_testing();
}
