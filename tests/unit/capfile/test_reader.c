/* The readers and the writer, on files made byte by byte in either order. */
#include "base/clock.h"
#include "capfile/pcapng.h"
#include "capfile/pcapng_write.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file under construction; its numbers are written in this order. */
static unsigned char bytes[1 << 20];
static size_t used, block_at;
static bool big;

static void
put(uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		bytes[used++] = (unsigned char)(value >> 8 * (big ? width - 1 - i : i));
}

static void
put_bytes(const void *from, size_t size)
{
	memcpy(bytes + used, from, size);
	used += size;
}

static void
pad(void)
{
	while (used % 4)
		bytes[used++] = 0;
}

static void
begin(uint32_t type)
{
	block_at = used;
	put(type, 4);
	put(0, 4);
}

static void
end(void)
{
	size_t size = used - block_at + 4, at = used;

	used = block_at + 4;
	put(size, 4);
	used = at;
	put(size, 4);
}

static void
option(uint16_t code, const void *value, uint16_t size)
{
	put(code, 2);
	put(size, 2);
	put_bytes(value, size);
	pad();
}

static void
option_number(uint16_t code, uint64_t value, int width)
{
	put(code, 2);
	put((uint64_t)width, 2);
	put(value, width);
	pad();
}

static void
option_time(uint16_t code, uint64_t ticks)
{
	put(code, 2);
	put(8, 2);
	put(ticks >> 32, 4);
	put(ticks, 4);
}

static void
section(const char *application)
{
	begin(PCAPNG_SHB);
	put(PCAPNG_MAGIC, 4);
	put(1, 2);
	put(0, 2);
	put(UINT64_MAX, 8);
	if (application)
		option(OPT_SHB_USERAPPL, application, (uint16_t)strlen(application));
	end();
}

static void
interface(int resolution, int64_t offset)
{
	unsigned char byte = (unsigned char)resolution;

	begin(PCAPNG_IDB);
	put(LINKTYPE_EN10MB, 2);
	put(0, 2);
	put(96, 4);
	option(OPT_IF_NAME, "eth0", 4);
	if (resolution >= 0)
		option(OPT_IF_TSRESOL, &byte, 1);
	if (offset)
		option_number(OPT_IF_TSOFFSET, (uint64_t)offset, 8);
	end();
}

static void
packet(uint32_t id, uint64_t ticks, uint32_t caplen)
{
	begin(PCAPNG_EPB);
	put(id, 4);
	put(ticks >> 32, 4);
	put(ticks, 4);
	put(caplen, 4);
	put(caplen + 10, 4);
	memset(bytes + used, 0xab, caplen);
	used += caplen;
	pad();
	end();
}

static void
pcap(uint32_t magic)
{
	put(magic, 4);
	put(2, 2);
	put(4, 2);
	put(0, 8);
	put(65535, 4);
	put(LINKTYPE_EN10MB, 4);
}

static void
record(uint32_t seconds, uint32_t fraction, uint32_t caplen, uint32_t len)
{
	put(seconds, 4);
	put(fraction, 4);
	put(caplen, 4);
	put(len, 4);
	memset(bytes + used, 0xcd, caplen);
	used += caplen;
}

static int
memory_file(void)
{
	int fd = memfd_create("capture", 0);

	if (write(fd, bytes, used) != (ssize_t)used || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static struct failure why;

static struct reader *
opened(void)
{
	int fd = memory_file();
	struct reader *file = reader_open_fd(fd, "made", &why);

	if (!file)
		close(fd);
	return file;
}

/* Reads to the end; the number of packets, and the final event. */
static unsigned
drain(struct reader *file, enum source_event *last)
{
	struct source *source = reader_source(file);
	struct packet p;
	unsigned count = 0;

	while ((*last = source->next(source, &p, &why)) != SOURCE_END && *last != SOURCE_CUT)
		count += *last == SOURCE_PACKET;
	return count;
}

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

static void
ticks_become_nanoseconds(void)
{
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t ticks;
		int64_t ns;
	} cases[] = {
	    {-1, 0, 1500000, 1500000000},
	    {6, 0, 1500000, 1500000000},
	    {9, 0, 1500000000, 1500000000},
	    {9, 0, INT64_MAX, INT64_MAX},
	    {0, 0, 12, 12 * NS_PER_SECOND},
	    {3, 10, 1, 10 * NS_PER_SECOND + 1000000},
	    {9, -1, 1000000001, 1},
	    {12, 0, 1500000000000, 1500000000},
	    {19, 0, UINT64_MAX, 1844674407},
	    {28, 0, UINT64_MAX, 1},
	    {29, 0, UINT64_MAX, 0},
	    {127, 0, UINT64_MAX, 0},
	    {0x80, 0, 3, 3 * NS_PER_SECOND},
	    {0x80 | 10, 0, 1024 + 512, 1500000000},
	    {0x80 | 32, 0, UINT64_C(3) << 31, 1500000000},
	    {0x80 | 64, 0, UINT64_C(1) << 63, 500000000},
	    {0x80 | 127, 0, UINT64_MAX, 0},
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct reader *file;
		struct source *source;
		struct packet p;

		used = 0;
		big = i % 2;
		section(NULL);
		interface(cases[i / 2].resolution, cases[i / 2].offset);
		packet(0, cases[i / 2].ticks, 3);
		file = opened();
		source = reader_source(file);
		ok(source->next(source, &p, &why) == SOURCE_PACKET && p.ts_ns == cases[i / 2].ns,
		   "if_tsresol %d, if_tsoffset %lld, %s endian", cases[i / 2].resolution,
		   (long long)cases[i / 2].offset, big ? "big" : "little");
		reader_close(file);
	}
	big = false;
}

static void
times_out_of_range_are_damage(void)
{
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t ticks;
	} cases[] = {{9, 0, UINT64_C(1) << 63}, {6, 0, UINT64_MAX}, {9, -1, 5},
		     {9, INT64_MAX, 0},         {9, INT64_MIN, 0},  {0x80, 0, UINT64_MAX}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reader *file;
		enum source_event last;

		used = 0;
		section(NULL);
		interface(cases[i].resolution, cases[i].offset);
		packet(0, cases[i].ticks, 3);
		file = opened();
		ok(drain(file, &last) == 0 && last == SOURCE_CUT, "a time that fits no int64_t: %s",
		   why.text);
		reader_close(file);
	}
}

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
		       source->note.is_copyable == !big,
		   "an unknown block of the other order is not to be copied");
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

/* A file that is cut anywhere yields the packets before the cut and says SOURCE_CUT, except at the
 * end of a record. */
static void
every_truncation_keeps_whole_packets(bool is_pcap)
{
	size_t ends[8], count = 0, wrong = 0, whole;

	used = 0;
	if (is_pcap)
		pcap(0xa1b2c3d4);
	else
		section(NULL), interface(9, 0);
	ends[count++] = used;
	for (int i = 0; i < 5; i++) {
		if (is_pcap)
			record(i, 0, 30 + i, 60);
		else
			packet(0, i, 30 + i);
		ends[count++] = used;
	}
	whole = used;
	for (size_t cut = 0; cut <= whole; cut++) {
		unsigned expected = 0;
		bool at_end = cut == (is_pcap ? 24 : 28);
		enum source_event last;
		struct reader *file;

		for (size_t i = 0; i < count; i++) {
			expected += i > 0 && cut >= ends[i];
			at_end |= cut == ends[i];
		}
		used = cut;
		file = opened();
		if (!file || drain(file, &last) != expected ||
		    last != (at_end ? SOURCE_END : SOURCE_CUT))
			wrong++;
		reader_close(file);
	}
	ok(wrong == 0, "%s cut at each of %zu places", is_pcap ? "pcap" : "pcapng", whole);
}

/* Any byte changed: never a crash, nor a packet longer than the file. The sanitized build looks
 * closer. */
static void
flipped_bytes_are_survived(bool is_pcap)
{
	static unsigned char whole[4096];
	size_t size;
	unsigned wrong = 0;

	used = 0;
	if (is_pcap) {
		pcap(0xa1b2c3d4);
	} else {
		section("vcap-run 0.1.0");
		interface(9, 5);
		begin(PCAPNG_ISB);
		put(0, 4), put(0, 8);
		option_time(OPT_ISB_ENDTIME, 9);
		end();
		begin(PCAPNG_NRB);
		put(1, 2), put(8, 2);
		put_bytes("\x0a\0\0\1two\0", 8);
		put(0, 4);
		end();
	}
	for (int i = 0; i < 5; i++)
		is_pcap ? record(i, 0, 30 + i, 60) : packet(0, i, 30 + i);
	size = used;
	memcpy(whole, bytes, size);
	for (int i = 0; i < 20000; i++) {
		struct reader *file;
		enum source_event last;

		memcpy(bytes, whole, size);
		used = rand() % 4 ? size : (size_t)rand() % size + 1;
		for (int n = rand() % 3; n >= 0; n--)
			bytes[rand() % (int)size] = (unsigned char)rand();
		file = opened();
		wrong += file && drain(file, &last) > 6;
		reader_close(file);
	}
	ok(wrong == 0, "%s with bytes changed at random", is_pcap ? "pcap" : "pcapng");
}

/* Files whose third record is bad: two packets, and the offset of the third in the message. */
static void
damage_is_told_with_its_offset(void)
{
	static const struct {
		const char *what;
		bool is_pcap;
		size_t at; /* in the third record */
		uint32_t value;
	} cases[] = {
	    {"a packet of", true, 8, 0x7fffffff},   {"kept of a packet of", true, 12, 1},
	    {"microseconds", true, 4, 1000000},     {"a block of 13 bytes", false, 4, 13},
	    {"a block of 0 bytes", false, 4, 0},    {"a block of 4294967295", false, 4, UINT32_MAX},
	    {"that ends with", false, 60, 60},      {"interface 1 of 1", false, 8, 1},
	    {"interface 4294967295", false, 8, -1}, {"in a block of", false, 20, 0xffffffff},
	    {"kept of a packet of", false, 24, 29}, {"outside of 1970", false, 12, 0x80000000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum source_event last;
		struct reader *file;
		char offset[64];
		size_t third;

		used = 0;
		if (cases[i].is_pcap) {
			pcap(0xa1b2c3d4);
			record(1, 1, 30, 30), record(2, 1, 30, 30);
			third = used;
			record(3, 1, 30, 30), record(4, 1, 30, 30);
		} else {
			section(NULL), interface(9, 0);
			packet(0, 1, 30), packet(0, 2, 30);
			third = used;
			packet(0, 3, 30), packet(0, 4, 30);
		}
		memcpy(bytes + third + cases[i].at, &cases[i].value, 4);
		snprintf(offset, sizeof(offset), "'made' is damaged at byte %zu: ", third);
		file = opened();
		ok(drain(file, &last) == 2 && last == SOURCE_CUT &&
		       strncmp(why.text, offset, strlen(offset)) == 0 &&
		       strstr(why.text, cases[i].what),
		   "%s", why.text);
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
	ok(drain(file, &last) == 0 && last == SOURCE_CUT && strstr(why.text, "beyond its block"),
	   "%s", why.text);
	reader_close(file);
}

static void
what_is_no_capture_is_refused(void)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *what;
	} cases[] = {{"#!/bin/sh\n# not a capture at all", 32, "not a capture file"},
		     {"\x34\xcd\xb2\xa1\2\0\4\0................", 24, "modified"},
		     {"\xd4\xc3\xb2\xa1\3\0\0\0................", 24, "version 3.0"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		used = 0;
		put_bytes(cases[i].bytes, cases[i].size);
		ok(!opened() && strstr(why.text, cases[i].what), "%s", why.text);
	}
	ok(!reader_open("/nonexistent/x", &why) && strstr(why.text, "'/nonexistent/x'"), "%s",
	   why.text);
	used = 0;
	struct reader *file = opened();
	enum source_event last;
	ok(file && drain(file, &last) == 0 && last == SOURCE_CUT, "%s", why.text);
	reader_close(file);
}

/* What the writer writes, the reader reads: also packets larger than the writer's buffer. */
static void
written_is_read(enum format format)
{
	static unsigned char large[3 << 20];
	struct interface named = {.name = (char *)"lb1/eth0", .linktype = LINKTYPE_EN10MB};
	struct interface other = {.name = (char *)"lb1/tun0", .linktype = LINKTYPE_RAW};
	int fd = memfd_create("out", 0);
	struct writer *writer = writer_new(fd, format, &why);
	struct reader *file;
	struct source *source;
	struct packet p;
	uint32_t id, good = 0, sizes[] = {0, 1, 1500, sizeof(large), 3};

	ok(writer_interface(writer, &named, &id, &why) == 0 && id == 0, "an interface");
	ok(writer_interface(writer, &other, &id, &why) < 0, "%s", why.text);
	for (uint32_t i = 0; i < 5; i++) {
		p = (struct packet){.ts_ns = i * NS_PER_SECOND + i,
				    .caplen = sizes[i],
				    .len = sizes[i] + i,
				    .core = i,
				    .flags = DIRECTION_IN,
				    .data = large};
		large[0] = (unsigned char)i;
		good += writer_packet(writer, 0, &p, &why) == 0;
	}
	ok(good == 5 && writer_finish(writer, &why) == 0, "five packets written");
	p.ts_ns = INT64_C(4294967296) * NS_PER_SECOND;
	ok((writer_packet(writer, 0, &p, &why) < 0) == (format == FORMAT_PCAP),
	   "after 2106 only pcapng goes on");
	writer_free(writer);
	lseek(fd, 0, SEEK_SET);
	file = reader_open_fd(fd, "out", &why);
	source = reader_source(file);
	for (uint32_t i = good = 0; i < 5; i++)
		good += source->next(source, &p, &why) == SOURCE_PACKET &&
			p.ts_ns == i * NS_PER_SECOND + i && p.caplen == sizes[i] &&
			p.len == sizes[i] + i && (i == 0 || p.data[0] == i) &&
			(format == FORMAT_PCAP || (p.core == i && p.flags == DIRECTION_IN));
	ok(good == 5 && source->next(source, &p, &why) == SOURCE_END, "five packets read");
	if (format == FORMAT_PCAPNG)
		is_str(source->interfaces[0].name, "lb1/eth0", "the interface's name");
	reader_close(file);
}

int
main(void)
{
	pcap_is_read_in_both_orders_and_units();
	seconds_are_unsigned();
	ticks_become_nanoseconds();
	times_out_of_range_are_damage();
	all_kinds_of_blocks();
	sections_number_their_interfaces_in_one_sequence();
	a_section_of_vcap_needs_an_end_mark();
	every_truncation_keeps_whole_packets(true);
	every_truncation_keeps_whole_packets(false);
	flipped_bytes_are_survived(true);
	flipped_bytes_are_survived(false);
	big = true;
	flipped_bytes_are_survived(false);
	big = false;
	damage_is_told_with_its_offset();
	options_stay_in_their_block();
	what_is_no_capture_is_refused();
	written_is_read(FORMAT_PCAPNG);
	written_is_read(FORMAT_PCAP);
	return done_testing();
}
