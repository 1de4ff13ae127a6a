/*
 * mkcap [OPTION...] > FILE
 *
 * Makes a capture file whose content follows from its options alone. Each packet is UDP over IPv4
 * over Ethernet and carries the seed and its number, so that no two are the same.
 *
 *	-f FORMAT   pcap (the default) or pcapng
 *	-b          big endian
 *	-u          microseconds (the default is nanoseconds)
 *	-n COUNT    packets (10)
 *	-s SEED     (1)
 *	-t SECONDS  time of the first packet (1000)
 *	-g NS       the largest gap between packets (1000000); 0 gives all the same time
 *	-T LIST     the packets' seconds, comma-separated, instead of -n, -t and -g
 *	-D NS       moves every packet by up to NS in time, without sorting them
 *	-z SIZE     the largest payload (200)
 *	-L LIST     lengths of frames, comma-separated, A-B for a range: each is as likely as another
 *	-i COUNT    pcapng: interfaces, packets at random on them (1)
 *	-c CORE     pcapng: the core of each packet
 *	-l TYPE     link type (1)
 *	-a TEXT     pcapng: application
 *	-C TEXT     pcapng: a comment of the section
 *	-e NAME     pcapng: description of the interfaces
 *	-I NAME     pcapng: name of the interfaces, instead of eth0, eth1 ...
 *	-d DROPS    pcapng: statistics at the end with this many packets dropped, and an end time
 *	-o          pcapng: simple and obsolete packet blocks among the others
 *	-x          pcapng: options, names, secrets, custom blocks, counters as well
 *	-S TEXT     pcapng: a second section half-way, with this comment
 *	-R VALUE    pcapng: if_tsresol
 *	-O SECONDS  pcapng: if_tsoffset
 *	-m          the same bytes in every packet
 *	-p PORT     destination port (9)
 *	-N COUNT    that many files, SEED.FORMAT in the current directory, of as many seeds
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	bool pcapng, big, micro, old_blocks, same, extras;
	unsigned count, files, interfaces, linktype, size, port, resolution;
	int core;
	int64_t offset_s;
	uint64_t seed, start_s, gap_ns, disorder_ns;
	const char *name, *application, *comment, *description, *drops, *times, *second, *lengths;
} opt = {.count = 10,
	 .interfaces = 1,
	 .linktype = 1,
	 .size = 200,
	 .core = -1,
	 .seed = 1,
	 .start_s = 1000,
	 .gap_ns = 1000000,
	 .port = 9};

static uint64_t state;

static uint64_t
random_below(uint64_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? (state >> 11) % limit : 0;
}

static unsigned char block[1 << 17];
static size_t used;

static void
put(uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		block[used++] = (unsigned char)(value >> 8 * (opt.big ? width - 1 - i : i));
}

static void
put_bytes(const void *from, size_t size)
{
	memcpy(block + used, from, size);
	used += size;
}

static void
pad(void)
{
	while (used % 4)
		block[used++] = 0;
}

static void
begin(uint32_t type)
{
	used = 0;
	put(type, 4);
	put(0, 4);
}

static void
end(void)
{
	size_t size = used + 4;

	used = 4;
	put(size, 4);
	used = size - 4;
	put(size, 4);
	fwrite(block, 1, used, stdout);
}

static void
text(unsigned code, const char *value)
{
	if (value) {
		put(code, 2);
		put(strlen(value), 2);
		put_bytes(value, strlen(value));
		pad();
	}
}

/* In units of if_tsresol, which are no larger than a microsecond; rounded up, so that reading gives
 * the nanoseconds back. */
static uint64_t
ticks(uint64_t ns)
{
	unsigned __int128 value = ns - (uint64_t)opt.offset_s * 1000000000;

	if (opt.resolution & 0x80)
		return (uint64_t)(((value << (opt.resolution & 0x7f)) + 999999999) / 1000000000);
	for (unsigned power = opt.resolution; power > 9; power--)
		value *= 10;
	return (uint64_t)(opt.resolution < 9 ? value / 1000 : value);
}

/* A custom option of an enterprise number for documentation (RFC 5612). */
static void
custom(unsigned code, const char *value)
{
	put(code, 2);
	put(4 + strlen(value), 2);
	put(32473, 4);
	put_bytes(value, strlen(value));
	pad();
}

static void
custom_block(uint32_t type, const char *value)
{
	begin(type);
	put(32473, 4);
	put_bytes(value, strlen(value));
	pad();
	end();
}

static void
name_resolution(void)
{
	static const char record[] = "\x0a\0\0\1client.example";

	begin(4);
	put(1, 2);
	put(sizeof(record), 2);
	put_bytes(record, sizeof(record));
	pad();
	put(0, 4);
	end();
}

static void
secrets(void)
{
	static const char keys[] = "CLIENT_RANDOM 00 00\n";

	begin(10);
	put(0x544c534b, 4);
	put(sizeof(keys) - 1, 4);
	put_bytes(keys, sizeof(keys) - 1);
	pad();
	end();
}

static void
section(const char *comment)
{
	begin(0x0a0d0d0a);
	put(0x1a2b3c4d, 4);
	put(1, 2);
	put(0, 2);
	put(UINT64_MAX, 8);
	text(4, opt.application);
	text(1, comment);
	if (opt.extras) {
		custom(2988, "section kept");
		custom(19372, "section left");
	}
	end();
	for (unsigned i = 0; i < opt.interfaces; i++) {
		char name[16];

		snprintf(name, sizeof(name), "eth%u", i);
		begin(1);
		put(opt.linktype, 2);
		put(0, 2);
		put(opt.old_blocks ? 96 : 262144, 4);
		text(2, opt.name ? opt.name : name);
		text(3, opt.description);
		put(9, 2);
		put(1, 2);
		block[used++] = (unsigned char)opt.resolution;
		pad();
		if (opt.offset_s)
			put(14, 2), put(8, 2), put((uint64_t)opt.offset_s, 8);
		if (opt.extras) {
			text(1, "interface comment");
			text(12, "Linux");
			custom(2988, "interface kept");
			custom(19372, "interface left");
		}
		end();
	}
	if (opt.extras) {
		name_resolution();
		secrets();
		custom_block(0xbad, "block kept");
		custom_block(0x40000bad, "block left");
	}
}

static void
head(void)
{
	used = 0;
	if (!opt.pcapng) {
		put(opt.micro ? 0xa1b2c3d4 : 0xa1b23c4d, 4);
		put(2, 2);
		put(4, 2);
		put(0, 8);
		put(262144, 4);
		put(opt.linktype, 4);
		fwrite(block, 1, used, stdout);
		return;
	}
	section(opt.comment);
}

/* What -L says, one range an entry. */
static struct {
	unsigned from, to;
} ranges[64];
static unsigned range_count;

static void
parse_lengths(char *at)
{
	while (at && *at && range_count < 64) {
		ranges[range_count].from = (unsigned)strtoul(at, &at, 10);
		ranges[range_count].to = ranges[range_count].from;
		if (*at == '-')
			ranges[range_count].to = (unsigned)strtoul(at + 1, &at, 10);
		if (ranges[range_count].from < 58 || ranges[range_count].to > 60000 ||
		    ranges[range_count].to < ranges[range_count].from || (*at && *at != ','))
			exit(2);
		range_count++;
		at += *at == ',';
	}
}

static unsigned
payload_size(void)
{
	unsigned i;

	if (!range_count)
		return 16 + (unsigned)random_below(opt.size);
	i = (unsigned)random_below(range_count);
	return ranges[i].from - 42 + (unsigned)random_below(ranges[i].to - ranges[i].from + 1);
}

/* Fills the frame; its length. */
static unsigned
make_frame(unsigned char *frame, uint64_t number)
{
	const unsigned payload = payload_size();
	const unsigned ip = 20 + 8 + payload;
	const unsigned char header[42] = {2,
					  0,
					  0,
					  0,
					  0,
					  2,
					  2,
					  0,
					  0,
					  0,
					  0,
					  1,
					  8,
					  0,
					  0x45,
					  0,
					  (unsigned char)(ip >> 8),
					  (unsigned char)ip,
					  0,
					  0,
					  0,
					  0,
					  64,
					  17,
					  0,
					  0,
					  10,
					  0,
					  0,
					  1,
					  10,
					  0,
					  0,
					  2,
					  4,
					  0,
					  (unsigned char)(opt.port >> 8),
					  (unsigned char)opt.port,
					  (unsigned char)((payload + 8) >> 8),
					  (unsigned char)(payload + 8),
					  0,
					  0};

	memcpy(frame, header, sizeof(header));
	memset(frame + 42, 'x', payload);
	snprintf((char *)frame + 42, payload, "%llu.%llu",
		 (unsigned long long)(opt.same ? 0 : opt.seed),
		 (unsigned long long)(opt.same ? 0 : number));
	return 42 + payload;
}

static void
packet(uint64_t ns, uint64_t number)
{
	unsigned char frame[1 << 16];
	const unsigned size = make_frame(frame, number);
	const unsigned id = (unsigned)random_below(opt.interfaces);
	const unsigned kind = opt.old_blocks ? (unsigned)random_below(3) : 0;
	const unsigned kept = kind == 1 && size > 96 ? 96 : size;

	used = 0;
	if (!opt.pcapng) {
		put(ns / 1000000000, 4);
		put(ns % 1000000000 / (opt.micro ? 1000 : 1), 4);
		put(size, 4);
		put(size + 4, 4);
		put_bytes(frame, size);
		fwrite(block, 1, used, stdout);
		return;
	}
	begin(kind == 0 ? 6 : kind == 1 ? 3 : 2);
	if (kind == 0)
		put(id, 4);
	if (kind == 2)
		put(id, 2), put(opt.extras ? 3 : UINT16_MAX, 2);
	if (kind != 1) {
		put(ticks(ns) >> 32, 4);
		put(ticks(ns), 4);
		put(kept, 4);
	}
	put(kind == 1 ? size : size + 4, 4);
	put_bytes(frame, kept);
	pad();
	if (kind == 0 && opt.core >= 0)
		put(6, 2), put(4, 2), put((unsigned)opt.core, 4);
	if (kind == 0 && opt.extras) {
		text(1, "packet comment");
		put(2, 2), put(4, 2), put(number % 3, 4);
		custom(19372, "packet left");
		custom(2988, "packet kept");
	}
	end();
}

static void
statistics(uint64_t ns)
{
	for (unsigned i = 0; opt.drops && i < opt.interfaces; i++) {
		begin(5);
		put(i, 4);
		put(ticks(ns) >> 32, 4);
		put(ticks(ns), 4);
		put(3, 2), put(8, 2), put(ticks(ns) >> 32, 4), put(ticks(ns), 4);
		put(5, 2), put(8, 2), put(strtoull(opt.drops, NULL, 10), 8);
		if (opt.extras) {
			char comment[32];

			snprintf(comment, sizeof(comment), "counted by %llu",
				 (unsigned long long)opt.seed);
			text(1, comment);
			put(7, 2), put(8, 2), put(7, 8);
			put(8, 2), put(8, 2), put(11, 8);
		}
		end();
	}
}

static void
parse(int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "f:bun:s:t:g:T:D:z:i:c:l:a:C:e:I:d:oxS:R:O:mp:L:N:")) !=
	       -1)
		switch (letter) {
		case 'f': opt.pcapng = strcmp(optarg, "pcapng") == 0; break;
		case 'b': opt.big = true; break;
		case 'u': opt.micro = true; break;
		case 'n': opt.count = (unsigned)strtoul(optarg, NULL, 10); break;
		case 's': opt.seed = strtoull(optarg, NULL, 10); break;
		case 't': opt.start_s = strtoull(optarg, NULL, 10); break;
		case 'g': opt.gap_ns = strtoull(optarg, NULL, 10); break;
		case 'T': opt.times = optarg; break;
		case 'D': opt.disorder_ns = strtoull(optarg, NULL, 10); break;
		case 'z': opt.size = (unsigned)strtoul(optarg, NULL, 10) % 60000; break;
		case 'i': opt.interfaces = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'c': opt.core = atoi(optarg); break;
		case 'l': opt.linktype = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'a': opt.application = optarg; break;
		case 'C': opt.comment = optarg; break;
		case 'e': opt.description = optarg; break;
		case 'I': opt.name = optarg; break;
		case 'd': opt.drops = optarg; break;
		case 'o': opt.old_blocks = true; break;
		case 'x': opt.extras = true; break;
		case 'S': opt.second = optarg; break;
		case 'R': opt.resolution = (unsigned)strtoul(optarg, NULL, 0); break;
		case 'O': opt.offset_s = strtoll(optarg, NULL, 10); break;
		case 'm': opt.same = true; break;
		case 'L': opt.lengths = optarg; break;
		case 'N': opt.files = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'p': opt.port = (unsigned)strtoul(optarg, NULL, 10); break;
		default: exit(2);
		}
}

static void
capture(void)
{
	uint64_t ns, number = 0;

	state = opt.seed * 0x9e3779b97f4a7c15u + 1;
	ns = opt.start_s * 1000000000;
	head();
	if (opt.times) {
		for (char *at = (char *)opt.times; *at; at += *at == ',') {
			ns = (uint64_t)(strtod(at, &at) * 1e9 + 0.5);
			packet(ns, number++);
		}
	} else {
		while (number < opt.count) {
			if (opt.pcapng && opt.second && number == opt.count / 2)
				section(opt.second);
			packet(ns + random_below(opt.disorder_ns), number);
			ns += random_below(opt.gap_ns);
			number++;
		}
	}
	if (opt.pcapng)
		statistics(ns + opt.disorder_ns);
}

int
main(int argc, char **argv)
{
	parse(argc, argv);
	parse_lengths((char *)opt.lengths);
	if (!opt.resolution)
		opt.resolution = opt.micro ? 6 : 9;
	if (opt.files == 0)
		capture();
	for (; opt.files > 0; opt.files--, opt.seed++) {
		char name[64];

		snprintf(name, sizeof(name), "%llu.%s", (unsigned long long)opt.seed,
			 opt.pcapng ? "pcapng" : "pcap");
		if (!freopen(name, "w", stdout))
			return 1;
		capture();
	}
	return fclose(stdout) == 0 ? 0 : 1;
}
