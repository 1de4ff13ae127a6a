/* The pcap format, in both byte orders and both units of time. */
#include "base/clock.h"
#include "capfile/made_file.h"
#include "tap.h"

static void
pcap_is_read_in_both_orders_and_units(void)
{
	static const struct {
		bool big;
		uint32_t magic;
		int64_t ns;
	} cases[] = {{false, 0xa1b2c3d4, 7000000},
		     {true, 0xa1b2c3d4, 7000000},
		     {false, 0xa1b23c4d, 7000},
		     {true, 0xa1b23c4d, 7000}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reader *file;
		struct source *source;
		struct packet p;

		used = 0;
		big = cases[i].big;
		pcap(cases[i].magic);
		record(4000000, 7000, 5, 1500);
		file = opened();
		source = reader_source(file);
		ok(source->next(source, &p, &why) == SOURCE_PACKET &&
		       p.ts_ns == 4000000 * NS_PER_SECOND + cases[i].ns && p.caplen == 5 &&
		       p.len == 1500 && p.data[4] == 0xcd && p.core == PACKET_NO_CORE,
		   "pcap, magic %08x, %s endian", cases[i].magic, big ? "big" : "little");
		ok(source->next(source, &p, &why) == SOURCE_END &&
		       source->next(source, &p, &why) == SOURCE_END,
		   "... and its end is its end");
		reader_close(file);
	}
	big = false;
}

static void
seconds_are_unsigned(void)
{
	struct reader *file;
	struct packet p;

	used = 0;
	pcap(0xa1b2c3d4);
	record(0xffffffff, 999999, 1, 1);
	file = opened();
	reader_source(file)->next(reader_source(file), &p, &why);
	ok(p.ts_ns == 4294967295 * NS_PER_SECOND + 999999000, "a pcap time of 2106");
	reader_close(file);
}

int
main(void)
{
	pcap_is_read_in_both_orders_and_units();
	seconds_are_unsigned();
	return done_testing();
}
