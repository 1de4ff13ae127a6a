/*
 * damage [-n COUNT] FILE...
 *
 * Reads COUNT damaged copies of each capture, cut at some byte or with one byte changed, and holds
 * what is read against what the whole file has:
 *
 * - Cut: exactly the packets whose records are whole, and it is told from an end unless the cut is
 *   between two records.
 * - Changed: every packet before the change, as it was; behind it, each packet that stands where
 * one of the original stands is that one, unless the change is in its own record. A change in an
 *   interface or section changes times and interfaces of its packets, but not their bytes. Only the
 *   lengths of pcap have nothing that guards them: a reader may then find packets where there were
 *   none. They are made of the file's bytes, and are counted: no more than one copy in 20 has any.
 *
 * Exit status 1 and a line if not so.
 */
#include "capfile/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct record {
	uint64_t place, end;
	int64_t ts_ns;
	uint32_t caplen, len, iface, core, flags, options_len;
	bool has_time; /* not a simple packet block */
	const unsigned char *data;
	unsigned char *options;
};

struct reading {
	struct record *records;
	size_t count;
	bool opened, is_cut;
};

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t
random_below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? (size_t)((state >> 11) % limit) : 0;
}

static void
fail(const char *path, const char *what, size_t at)
{
	printf("%s: %s (byte %zu)\n", path, what, at);
	exit(1);
}

static uint32_t
word_at(const unsigned char *p, bool swapped)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return swapped ? __builtin_bswap32(word) : word;
}

/* Where the record at this place ends: a block says its length twice. */
static uint64_t
end_of(const unsigned char *bytes, size_t size, uint64_t place, uint32_t caplen, bool is_pcapng)
{
	if (!is_pcapng)
		return place + 16 + caplen;
	for (int swapped = 0; swapped < 2; swapped++) {
		uint32_t length = word_at(bytes + place + 4, swapped);

		if (length >= 12 && length <= size - place &&
		    word_at(bytes + place + length - 4, swapped) == length)
			return place + length;
	}
	return size;
}

static void
keep(struct reading *reading, const struct source *source, const struct packet *packet,
     const unsigned char *bytes, size_t size, bool is_pcapng)
{
	const uint64_t place = source->place;
	const uint32_t type = is_pcapng ? word_at(bytes + place, false) : 0;
	const bool is_simple = is_pcapng && (type == 3 || type == 0x03000000);
	struct record *record;

	reading->records =
	    realloc(reading->records, (reading->count + 1) * sizeof(*reading->records));
	if (!reading->records)
		abort();
	record = &reading->records[reading->count++];
	*record = (struct record){.place = place,
				  .end = end_of(bytes, size, place, packet->caplen, is_pcapng),
				  .ts_ns = packet->ts_ns,
				  .caplen = packet->caplen,
				  .len = packet->len,
				  .iface = packet->iface,
				  .core = packet->core,
				  .flags = packet->flags,
				  .options_len = packet->options_len,
				  .has_time = !is_simple,
				  .data = bytes + place +
					  (!is_pcapng  ? 16
					   : is_simple ? 12
						       : 28)};
	if (record->data + record->caplen > bytes + size ||
	    memcmp(record->data, packet->data, packet->caplen) != 0)
		fail("damage", "a packet that is not of the file's bytes", place);
	record->options = malloc(packet->options_len + 1);
	if (!record->options)
		abort();
	if (packet->options_len)
		memcpy(record->options, packet->options, packet->options_len);
}

static struct reading
read_capture(const unsigned char *bytes, size_t size)
{
	const bool is_pcapng = size >= 4 && memcmp(bytes, "\x0a\x0d\x0d\x0a", 4) == 0;
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct reading reading = {0};
	struct failure why;
	struct packet packet;
	struct reader *file;
	enum source_event event;

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	file = reader_open_fd(fd, "capture", &why);
	if (!file) {
		close(fd);
		return reading;
	}
	reading.opened = true;
	while ((event = reader_source(file)->next(reader_source(file), &packet, &why)) !=
		   SOURCE_END &&
	       event != SOURCE_CUT)
		if (event == SOURCE_PACKET)
			keep(&reading, reader_source(file), &packet, bytes, size, is_pcapng);
	reading.is_cut = event == SOURCE_CUT;
	reader_close(file);
	return reading;
}

static void
release(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		free(reading->records[i].options);
	free(reading->records);
}

static bool
has_same_bytes(const struct record *a, const struct record *b)
{
	return a->caplen == b->caplen && a->len == b->len && a->core == b->core &&
	       a->flags == b->flags && a->options_len == b->options_len &&
	       memcmp(a->data, b->data, a->caplen) == 0 &&
	       memcmp(a->options, b->options, a->options_len) == 0;
}

static bool
is_same(const struct record *a, const struct record *b)
{
	return has_same_bytes(a, b) && a->iface == b->iface &&
	       (a->ts_ns == b->ts_ns || !a->has_time);
}

static void
check_cut(const char *path, const struct reading *whole, const unsigned char *bytes, size_t at)
{
	struct reading cut = read_capture(bytes, at);
	size_t wanted = 0;

	while (wanted < whole->count && whole->records[wanted].end <= at)
		wanted++;
	if (cut.opened && cut.count != wanted)
		fail(path, "cut: not the packets that are whole", at);
	if (!cut.opened && wanted)
		fail(path, "cut: does not open", at);
	for (size_t i = 0; i < cut.count; i++)
		if (!is_same(&cut.records[i], &whole->records[i]))
			fail(path, "cut: another packet", at);
	/* Within a record. */
	if (wanted < whole->count && at > whole->records[wanted].place && !cut.is_cut)
		fail(path, "cut: nobody says so", at);
	release(&cut);
}

/* Of the packets behind the changed byte: how many stand where there was none. */
static size_t
check_rest(const char *path, const struct reading *whole, const struct reading *changed,
	   size_t from, size_t at)
{
	size_t strangers = 0, k = from;
	/* Not in a packet's record: an interface, a section, something else. */
	bool is_between = true;

	for (size_t i = 0; i < whole->count; i++)
		is_between &= at < whole->records[i].place || at >= whole->records[i].end;
	for (size_t i = from; i < changed->count; i++) {
		const struct record *record = &changed->records[i];

		while (k < whole->count && whole->records[k].place < record->place)
			k++;
		if (k == whole->count || whole->records[k].place != record->place)
			strangers++;
		else if (!(at >= record->place && at < whole->records[k].end) &&
			 !(is_between ? memcmp(record->data, whole->records[k].data,
					       record->caplen) == 0 &&
					    record->caplen <= record->len
				      : is_same(record, &whole->records[k])))
			fail(path, "changed: another packet", at);
	}
	return strangers;
}

static bool
check_changed(const char *path, const struct reading *whole, const unsigned char *bytes,
	      size_t size, size_t at)
{
	unsigned char *copy = malloc(size);
	struct reading changed;
	size_t before = 0, strangers;

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	copy[at] ^= (unsigned char)(1 + random_below(255));
	changed = read_capture(copy, size);
	while (before < whole->count && whole->records[before].end <= at)
		before++;
	if (before && changed.count < before)
		fail(path, "changed: a packet before it is lost", at);
	for (size_t i = 0; i < before; i++)
		if (!is_same(&changed.records[i], &whole->records[i]))
			fail(path, "changed: another packet before it", at);
	strangers = check_rest(path, whole, &changed, before, at);
	if (strangers && memcmp(bytes, "\x0a\x0d\x0d\x0a", 4) == 0)
		fail(path, "changed: a packet where there was none", at);
	release(&changed);
	free(copy);
	return strangers > 0;
}

static void
check_file(const char *path, unsigned long count)
{
	static unsigned char bytes[1 << 20];
	FILE *in = fopen(path, "re");
	struct reading whole;
	unsigned long strange = 0;
	size_t size;

	if (!in)
		fail(path, "cannot be opened", 0);
	size = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	if (size == 0 || size == sizeof(bytes))
		fail(path, "is too large, or empty", size);
	whole = read_capture(bytes, size);
	if (whole.count == 0 || whole.is_cut)
		fail(path, "is not whole", 0);
	for (unsigned long i = 0; i < count; i++) {
		size_t at = random_below(size);

		if (i % 2)
			strange += check_changed(path, &whole, bytes, size, at);
		else
			check_cut(path, &whole, bytes, at);
	}
	printf("%s: %lu copies, %lu with strangers\n", path, count, strange);
	if (strange * 20 > count)
		fail(path, "too many packets where there were none", 0);
	release(&whole);
}

int
main(int argc, char **argv)
{
	unsigned long count = 1000;
	int letter;

	while ((letter = getopt(argc, argv, "n:")) != -1) {
		if (letter != 'n')
			return 2;
		count = strtoul(optarg, NULL, 10);
	}
	for (char **path = argv + optind; *path; path++)
		check_file(*path, count);
	return 0;
}
