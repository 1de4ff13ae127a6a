/* The blocks and sections of the pcapng format, in both byte orders. */
#include "capfile/made_file.h"
#include "tap.h"

static void
all_kinds_of_blocks(void)
{
	for (int order = 0; order < 2; order++) {
		struct reader *file;
		struct source *source;
		struct packet p;
		uint16_t code;
		uint32_t number;

		used = 0;
		big = order;
		section(NULL);
		interface(9, 0);
		begin(PCAPNG_EPB);
		put(0, 4);
		put(0, 4);
		put(1000, 4);
		put(3, 4);
		put(3, 4);
		put_bytes("abc\0", 4);
		option(OPT_COMMENT, "hello", 5);
		option_number(OPT_EPB_FLAGS, DIRECTION_OUT, 4);
		option_number(4, 77, 8); /* epb_dropcount */
		option_number(OPT_EPB_QUEUE, 5, 4);
		end();
		begin(PCAPNG_SPB);
		put(500, 4);
		memset(bytes + used, 0x11, 96);
		used += 96;
		end();
		begin(PCAPNG_PACKET);
		put(0, 2);
		put(3, 2);
		put(0, 4);
		put(2000, 4);
		put(1, 4);
		put(9, 4);
		put_bytes("z\0\0\0", 4);
		end();
		begin(PCAPNG_NRB);
		put(1, 2);
		put(8, 2);
		put_bytes("\x0a\0\0\1two\0", 8);
		put(0, 4);
		option(2, "dns", 3);
		end();
		begin(PCAPNG_DSB);
		put(0x544c534b, 4);
		put(3, 4);
		put_bytes("key\0", 4);
		end();
		begin(0x7777);
		put(1, 4);
		end();
		begin(PCAPNG_ISB);
		put(0, 4);
		put(0, 4);
		put(3000, 4);
		option_time(OPT_ISB_STARTTIME, UINT64_C(5) << 32);
		option_number(OPT_ISB_IFRECV, 10, 8);
		option_number(OPT_ISB_IFDROP, 2, 8);
		option_number(OPT_ISB_OSDROP, 1, 8);
		option(OPT_COMMENT, "core 3", 6);
		end();

		file = opened();
		source = reader_source(file);
		ok(source->next(source, &p, &why) == SOURCE_PACKET && p.ts_ns == 1000 &&
		       p.flags == DIRECTION_OUT && p.core == 5 && memcmp(p.data, "abc", 3) == 0,
		   "an enhanced packet block, %s endian", big ? "big" : "little");
		memcpy(&code, p.options + 12, 2);
		memcpy(&number, p.options + 16, 4);
		ok(p.options_len == 24 && memcmp(p.options + 4, "hello", 5) == 0 && code == 4 &&
		       number == 77,
		   "its other options, in this host's order");
		ok(source->next(source, &p, &why) == SOURCE_PACKET && p.ts_ns == 1000 &&
		       p.caplen == 96 && p.len == 500 && p.data[95] == 0x11,
		   "a simple packet block takes the time before it and the snaplen");
		ok(source->next(source, &p, &why) == SOURCE_PACKET && p.ts_ns == 2000 &&
		       p.caplen == 1 && p.len == 9 && p.options_len == 12 &&
		       memcmp(p.options, (const uint16_t[]){OPT_EPB_DROPCOUNT, 8, 3, 0, 0, 0},
			      12) == 0,
		   "an obsolete packet block, its drops an option");
		ok(source->next(source, &p, &why) == SOURCE_NOTE &&
		       source->note.type == PCAPNG_NRB && source->note.is_copyable &&
		       source->note.size == 24 && memcmp(source->note.body, "\1\0\x08\0", 4) == 0 &&
		       memcmp(source->note.body + 16, "\2\0\3\0dns", 7) == 0,
		   "name resolution, in this host's order");
		ok(source->next(source, &p, &why) == SOURCE_NOTE &&
		       memcmp(source->note.body, "KSLT\3\0\0\0key", 11) == 0,
		   "secrets, in this host's order");
		ok(source->next(source, &p, &why) == SOURCE_NOTE && source->note.type == 0x7777 &&
		       !source->note.is_copyable,
		   "an unknown block is not to be copied: what readers make of it is not known");
		ok(source->next(source, &p, &why) == SOURCE_STATISTICS && p.iface == 0,
		   "statistics");
		ok(source->interfaces[0].statistics.ts_ns == 3000 &&
		       source->interfaces[0].statistics.start_ns == INT64_C(5) << 32 &&
		       source->interfaces[0].statistics.end_ns == INT64_MIN &&
		       source->interfaces[0].statistics.received == 10 &&
		       source->interfaces[0].statistics.dropped == 2 &&
		       source->interfaces[0].statistics.os_dropped == 1 &&
		       statistics_lost(&source->interfaces[0].statistics) == 3 &&
		       source->interfaces[0].statistics.accepted == STATISTICS_UNKNOWN &&
		       source->interfaces[0].statistics.core == 3,
		   "... with times, counters and their core");
		ok(source->next(source, &p, &why) == SOURCE_END, "the end");
		reader_close(file);
	}
	big = false;
}

static void
sections_number_their_interfaces_in_one_sequence(void)
{
	struct reader *file;
	struct source *source;
	struct packet p;

	used = 0;
	section(NULL);
	interface(6, 0);
	packet(0, 1, 3);
	big = true;
	section("second");
	interface(9, 0);
	packet(0, 5000, 3);
	big = false;
	file = opened();
	source = reader_source(file);
	source->next(source, &p, &why);
	ok(p.iface == 0 && p.ts_ns == 1000, "the first section");
	ok(source->next(source, &p, &why) == SOURCE_NOTE && source->note.type == PCAPNG_SHB,
	   "a further section is announced");
	is_str(reader_section(file)->application, "second", "... with its application");
	ok(source->next(source, &p, &why) == SOURCE_PACKET && p.iface == 1 && p.ts_ns == 5000,
	   "... and its interface 0 is number 1");
	reader_close(file);
}

static void
a_section_of_vcap_needs_an_end_mark(void)
{
	static const struct {
		const char *application;
		int marks; /* bit 0: an end mark; bit 1: a packet behind it */
		bool cut_short;
	} cases[] = {{"vcap-run 0.1.0", 0, true},
		     {"vcap-run 0.1.0", 1, false},
		     {"vcap-run 0.1.0", 3, true},
		     {"Dumpcap", 0, false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reader *file;
		enum source_event last;

		used = 0;
		section(cases[i].application);
		interface(9, 0);
		packet(0, 1, 3);
		if (cases[i].marks & 1) {
			begin(PCAPNG_ISB);
			put(0, 4);
			put(0, 8);
			option_time(OPT_ISB_ENDTIME, 9);
			end();
		}
		if (cases[i].marks & 2)
			packet(0, 2, 3);
		file = opened();
		drain(file, &last);
		ok(last == SOURCE_END && reader_section(file)->cut_short == cases[i].cut_short,
		   "%s, case %zu: %s", cases[i].application, i,
		   cases[i].cut_short ? "cut short" : "whole");
		reader_close(file);
	}
}

static void
options_stay_in_their_block(void)
{
	enum source_event last;
	struct reader *file;

	used = 0;
	section(NULL), interface(9, 0);
	begin(PCAPNG_EPB);
	put(0, 4), put(0, 8), put(0, 4), put(0, 4);
	put(OPT_COMMENT, 2), put(9, 2), put_bytes("longlong", 8);
	end();
	file = opened();
	ok(drain(file, &last) == 1 && last == SOURCE_END && reader_has_left_out(file, &why) &&
	       strstr(why.text, "beyond its block"),
	   "%s", why.text);
	reader_close(file);
}

int
main(void)
{
	all_kinds_of_blocks();
	sections_number_their_interfaces_in_one_sequence();
	a_section_of_vcap_needs_an_end_mark();
	options_stay_in_their_block();
	return done_testing();
}
