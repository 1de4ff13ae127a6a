/* Files of both formats that are cut, damaged, or no captures. */
#include "capfile/made_file.h"
#include "tap.h"

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

/* Files of pcap whose third record is bad: it is mended, or passed over. */
static void
pcap_is_read_on(void)
{
	static const struct {
		const char *what;
		size_t at; /* in the third record */
		uint32_t values[2];
		int packets;
		bool is_mended;
	} cases[] = {
	    {"2147483647 bytes: records mended: 1", 8, {0x7fffffff, 30}, 6, true},
	    {"30 bytes kept of a packet of 1: records mended: 1", 8, {30, 1}, 6, true},
	    {"10 bytes kept of a packet of 30: records mended: 1", 8, {10, 30}, 6, true},
	    {"a time with 1000000 microseconds: records mended: 1", 4, {1000000, 30}, 6, true},
	    {"a packet of 2147483647 bytes: 46 bytes passed over", 8, {0x7fffffff, -1}, 5, false},
	    {"zeros, which are no packet: 46 bytes passed over", 8, {0, 0}, 5, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum source_event last;
		struct reader *file;
		size_t third;
		int n;

		used = 0;
		pcap(0xa1b2c3d4);
		record(50001, 1, 30, 30), record(50002, 1, 30, 30);
		third = used;
		for (int k = 3; k < 7; k++)
			record(50000 + k, 1, 30, 30);
		memcpy(bytes + third + cases[i].at, cases[i].values, 8);
		if (cases[i].values[0] == 0)
			memset(bytes + third, 0, 16);
		file = opened();
		n = drain(file, &last);
		if (last == SOURCE_END)
			reader_has_left_out(file, &why);
		ok(n == cases[i].packets &&
		       last == (cases[i].is_mended ? SOURCE_END : SOURCE_CUT) &&
		       strstr(why.text, "is damaged at byte 116: ") &&
		       strstr(why.text, cases[i].what),
		   "%d packets: %s", n, why.text);
		reader_close(file);
	}
}

/* A file put together of two, of different byte orders and link types. */
static void
a_header_begins_another_file(void)
{
	enum source_event last;
	struct reader *file;

	used = 0;
	pcap(0xa1b2c3d4);
	record(1, 1, 30, 30), record(2, 1, 30, 30);
	pcap(0xa1b23c4d);
	record(3, 1, 30, 30), record(4, 999999999, 30, 30);
	file = opened();
	ok(drain(file, &last) == 4 && last == SOURCE_END, "two files, one behind the other");
	reader_close(file);
}

/* Files of pcapng whose third block is bad: it is mended, or passed over. */
static void
damage_is_told_with_its_offset(void)
{
	static const struct {
		const char *what;
		size_t at; /* in the third record */
		uint32_t value;
		bool is_mended;
	} cases[] = {
	    {"a block of 13 bytes", 4, 13, false},
	    {"a block of 0 bytes", 4, 0, false},
	    {"a block of 4294967295", 4, UINT32_MAX, false},
	    {"that ends with", 60, 60, true},
	    {"interface 1 of 1", 8, 1, false},
	    {"interface 4294967295", 8, -1, false},
	    {"in a block of", 20, 0xffffffff, false},
	    {"kept of a packet of", 24, 29, true},
	    {"outside of 1970", 12, 0x80000000, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const bool is_mended = cases[i].is_mended;
		enum source_event last;
		struct reader *file;
		char offset[64];
		size_t third;
		int n;

		used = 0;
		section(NULL), interface(9, 0);
		packet(0, 1, 30), packet(0, 2, 30);
		third = used;
		packet(0, 3, 30), packet(0, 4, 30);
		memcpy(bytes + third + cases[i].at, &cases[i].value, 4);
		snprintf(offset, sizeof(offset), "'made' is damaged at byte %zu: ", third);
		file = opened();
		n = drain(file, &last);
		if (is_mended)
			reader_has_left_out(file, &why);
		ok(n == 3 + is_mended && last == (is_mended ? SOURCE_END : SOURCE_CUT) &&
		       strncmp(why.text, offset, strlen(offset)) == 0 &&
		       strstr(why.text, cases[i].what),
		   "%s", why.text);
		reader_close(file);
	}
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

/* What there is in a pipe now, read live. Returns how many packets; *last is how it ended. */
static unsigned
take(struct reader *file, enum source_event *last)
{
	struct source *source = reader_source(file);
	struct packet packet;
	unsigned count = 0;

	for (int i = 0; i < 4; i++)
		reader_fill(file);
	while ((*last = source->next(source, &packet, &why)) != SOURCE_LATER &&
	       *last != SOURCE_END && *last != SOURCE_CUT)
		count += *last == SOURCE_PACKET;
	return count;
}

/* A pipe that holds the first `keep` bytes of the file under construction, and has no writer. */
static int
made_pipe(size_t keep)
{
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], bytes, keep) != (ssize_t)keep)
		return -1;
	close(ends[1]);
	return ends[0];
}

/* One stream that is cut anywhere, also within its header, and then another one. */
static void
streams_follow_each_other(void)
{
	size_t ends[4], count = 0, wrong = 0, whole;

	used = 0;
	section("vcap-run 0.1.0");
	interface(9, 0);
	ends[count++] = used;
	for (int i = 0; i < 3; i++) {
		packet(0, i, 30 + i);
		ends[count++] = used;
	}
	whole = used;
	for (size_t cut = 0; cut <= whole; cut++) {
		enum source_event first, second, last;
		unsigned expected = 0;
		struct reader *file = reader_open_live_fd(made_pipe(cut), "stream", 1 << 20, NULL);
		bool at_end;

		for (size_t i = 1; i < count; i++)
			expected += cut >= ends[i];
		reader_expect(file, READER_MORE);
		wrong += take(file, &first) != expected || first != SOURCE_LATER;
		at_end = reader_is_at_end(file);
		close(reader_fd(file));
		reader_continue(file, made_pipe(whole));
		wrong += take(file, &second) != 3 || second != SOURCE_LATER || !at_end;
		wrong += reader_source(file)->interface_count != 1u + (cut >= ends[0]);
		reader_expect(file, READER_NO_MORE);
		take(file, &last);
		wrong += last != SOURCE_END || !reader_section(file)->cut_short;
		reader_close(file);
	}
	ok(wrong == 0, "a stream that goes on from another one after each of %zu places", whole);
}

int
main(void)
{
	every_truncation_keeps_whole_packets(true);
	every_truncation_keeps_whole_packets(false);
	flipped_bytes_are_survived(true);
	flipped_bytes_are_survived(false);
	big = true;
	flipped_bytes_are_survived(false);
	big = false;
	pcap_is_read_on();
	a_header_begins_another_file();
	damage_is_told_with_its_offset();
	what_is_no_capture_is_refused();
	streams_follow_each_other();
	return done_testing();
}
