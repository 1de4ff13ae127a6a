/* The encoder, block by block, against bytes written out by hand from the draft. */
#include "capfile/pcapng.h"
#include "capfile/pcapng_write.h"
#include "tap.h"

#include <endian.h>

static struct blocks blocks;

/* Compares what was appended with hexadecimal digits, blanks aside. */
static void
is_hex(const char *wanted, const char *name)
{
	char got[1024] = "", compact[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < blocks.used && i < 500; i++)
		sprintf(got + 2 * i, "%02x", blocks.bytes[i]);
	for (; *wanted; wanted++)
		if (*wanted != ' ')
			compact[n++] = *wanted;
	is_str(got, compact, name);
	blocks.used = 0;
}

static void
sections(void)
{
	const char *const comments[] = {"abc", NULL};

	pcapng_write_section(&blocks, PCAPNG_END_OPEN, NULL, NULL, NULL, NULL, NULL, 0);
	is_hex("0a0d0d0a 20000000 4d3c2b1a 0100 0000 ffffffffffffffff 00000000 20000000",
	       "a section without options");
	pcapng_write_section(&blocks, PCAPNG_END_OPEN, NULL, "L", "vcap", comments, NULL, 0);
	is_hex("0a0d0d0a 38000000 4d3c2b1a 0100 0000 ffffffffffffffff"
	       " 0300 0100 4c000000 0400 0400 76636170 0100 0300 61626300 00000000 38000000",
	       "a section with options, padded to 32 bits");
}

static void
interfaces(void)
{
	unsigned char options[] = {12, 0, 1, 0, 'X', 0, 0, 0};
	struct interface interface = {.linktype = LINKTYPE_RAW, .snaplen = 96};

	pcapng_write_interface(&blocks, &interface);
	is_hex("01000000 20000000 0c00 0000 00000400 0900 0100 09000000 00000000 20000000",
	       "an interface: nanoseconds and the one snaplen");
	interface.name = (char *)"eth0";
	interface.speed = 1;
	interface.filter = (char *)"ip";
	interface.options = options;
	interface.options_len = sizeof(options);
	pcapng_write_interface(&blocks, &interface);
	is_hex("01000000 44000000 0c00 0000 00000400 0200 0400 65746830 0800 0800 0100000000000000"
	       " 0900 0100 09000000 0b00 0300 00697000 0c00 0100 58000000 00000000 44000000",
	       "an interface with a name, a speed, a filter and options of its own");
}

/* Appends a packet, if its length is what was announced. */
static void
write_packet(uint32_t id, const struct packet *packet)
{
	const size_t length = pcapng_write_packet_length(packet);

	blocks_reserve(&blocks, PCAPNG_EPB_ROOM(packet->caplen, packet->options_len));
	if (pcapng_write_packet_at(blocks.bytes + blocks.used, id, packet) == length)
		blocks.used += length;
}

static void
packets(void)
{
	unsigned char options[] = {1, 0, 1, 0, 'c', 0, 0, 0};
	struct packet packet = {.ts_ns = 0x0102030405060708,
				.caplen = 5,
				.len = 7,
				.core = PACKET_NO_CORE,
				.data = (const unsigned char *)"hello"};

	write_packet(3, &packet);
	is_hex("06000000 28000000 03000000 04030201 08070605 05000000 07000000 68656c6c6f000000"
	       " 28000000",
	       "a packet without options");
	packet.core = 2;
	packet.flags = DIRECTION_OUT;
	packet.options = options;
	packet.options_len = sizeof(options);
	write_packet(3, &packet);
	is_hex("06000000 44000000 03000000 04030201 08070605 05000000 07000000 68656c6c6f000000"
	       " 0200 0400 02000000 0600 0400 02000000 0100 0100 63000000 00000000 44000000",
	       "a packet with direction, core and another option");
	packet.caplen = 0;
	packet.data = (const unsigned char *)"";
	packet.core = PACKET_NO_CORE;
	packet.flags = 0;
	packet.options_len = 0;
	write_packet(0, &packet);
	ok(blocks.used == 32, "a packet without bytes");
	blocks.used = 0;
}

static void
statistics(void)
{
	struct statistics s = STATISTICS_INIT;

	s.ts_ns = 0x100000002;
	pcapng_write_statistics(&blocks, 1, &s, NULL);
	is_hex("05000000 1c000000 01000000 01000000 02000000 00000000 1c000000",
	       "statistics of which nothing is known");
	s.end_ns = 3;
	s.dropped = 4;
	pcapng_write_statistics(&blocks, 1, &s, "x");
	is_hex("05000000 3c000000 01000000 01000000 02000000 0300 0800 00000000 03000000"
	       " 0500 0800 0400000000000000 0100 0100 78000000 00000000 3c000000",
	       "an end time, drops and a comment");
}

int
main(void)
{
	char text[70001];

	sections();
	interfaces();
	packets();
	statistics();
	pcapng_write_raw(&blocks, PCAPNG_NRB, "abcd", 4);
	is_hex("04000000 10000000 61626364 10000000", "a block as it stands");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pcapng_write_section(&blocks, PCAPNG_END_OPEN, NULL, NULL, text, NULL, NULL, 0);
	ok(blocks.used == 24 + 4 + 65536 + 4 + 4, "a text longer than an option can hold is cut");
	blocks_release(&blocks);
	return done_testing();
}
