/*
 * damage [-n COUNT] [-s SEED] [-w DIR] FILE...
 *
 * Reads COUNT damaged copies of each capture, and holds what is read against what the whole file has:
 *
 * - Cut off at some byte: exactly the packets whose records are whole, and it is told from an end
 *   unless the cut is between two records.
 * - Edited somewhere (a bit flipped, a byte changed, bytes taken out or put in, or made zeros): every
 *   packet whose record was not touched, and none at a place where there was none. Where an interface
 *   or a section was touched, packets may be lost with it.
 *
 * pcap has only its lengths to say where a record is, so that both may fail by chance, as where a cut
 * has a record end where a later one begins: one copy in 1000, and three more, may have a packet lost, or
 * one too many.
 *
 * Exit status 1 and a line if not so.
 *
 * With -w each copy is also written to DIR/FILE.NUMBER, for others to read.
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

struct counts {
	unsigned long lost, strange; /* copies */
};

static uint64_t state = 0x9e3779b97f4a7c15u;
static const char *kept_in; /* a directory; NULL: copies are not written */

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

/* Whether the packet is the same, but for a comment behind its options that it follows a gap. What was
 * edited between records may have changed times and interfaces. */
static bool
is_kept(const struct record *now, const struct record *was, bool is_between)
{
	struct record plain = *now;

	if (plain.options_len < was->options_len)
		return false;
	plain.options_len = was->options_len;
	if (is_between)
		return now->caplen == was->caplen && memcmp(now->data, was->data, was->caplen) == 0;
	return is_same(&plain, was);
}

/* Writes a copy, if copies are. */
static void
keep_copy(const char *path, unsigned long number, const unsigned char *bytes, size_t size)
{
	const char *slash = strrchr(path, '/');
	char name[4096];
	FILE *out;

	if (!kept_in)
		return;
	snprintf(name, sizeof(name), "%s/%s.%lu", kept_in, slash ? slash + 1 : path, number);
	out = fopen(name, "we");
	if (!out || fwrite(bytes, 1, size, out) != size || fclose(out) != 0)
		fail(name, "cannot be written", 0);
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

/* What is done to a copy: the bytes from..to become others, which may be fewer or more. */
struct edit {
	const char *name;
	size_t from, to, now; /* now: how many bytes stand there afterwards */
};

static unsigned char *
edit_randomly(const unsigned char *bytes, size_t size, struct edit *edit, size_t *edited_size)
{
	static const char *const names[] = {"a flipped bit", "a changed byte", "a cut",
					    "an insertion", "a run of zeros"};
	const size_t kind = random_below(5), most = size < 400 ? size : 400;
	unsigned char *copy = malloc(size + most);

	if (!copy)
		abort();
	*edit = (struct edit){.name = names[kind], .from = random_below(size)};
	edit->to = edit->from + (kind < 2 ? 1 : kind == 3 ? 0 : 1 + random_below(most));
	if (edit->to > size)
		edit->to = size;
	edit->now = kind == 2 ? 0 : kind == 3 ? 1 + random_below(most) : edit->to - edit->from;
	memcpy(copy, bytes, edit->from);
	for (size_t i = 0; i < edit->now; i++)
		copy[edit->from + i] = kind == 4 ? 0 : (unsigned char)random_below(256);
	if (kind == 0)
		copy[edit->from] = bytes[edit->from] ^ (unsigned char)(1u << random_below(8));
	if (kind == 1)
		copy[edit->from] = bytes[edit->from] ^ (unsigned char)(1 + random_below(255));
	memcpy(copy + edit->from + edit->now, bytes + edit->to, size - edit->to);
	*edited_size = size - (edit->to - edit->from) + edit->now;
	return copy;
}

/* Whether bytes of the record, or the place between two of them, were edited. */
static bool
is_touched(const struct edit *edit, const struct record *record)
{
	return edit->from < record->end &&
	       (edit->to > edit->from ? edit->to > record->place : edit->from > record->place);
}

/* The place in the original of what is at a place in the copy; SIZE_MAX for what was inserted. */
static uint64_t
place_before(const struct edit *edit, uint64_t place)
{
	if (place < edit->from)
		return place;
	if (place >= edit->from + edit->now)
		return place - edit->now + (edit->to - edit->from);
	return edit->now == edit->to - edit->from ? place : SIZE_MAX;
}

/* Whether the packet's bytes are those of one whose record was edited before them. */
static bool
is_of_touched(const struct edit *edit, const struct reading *whole, const struct record *record,
	      const unsigned char *copy)
{
	const uint64_t data = place_before(edit, (uint64_t)(record->data - copy));

	for (size_t i = 0; i < whole->count; i++)
		if (is_touched(edit, &whole->records[i]) &&
		    whole->records[i].place + (uint64_t)(record->data - copy) - record->place ==
			data)
			return true;
	return false;
}

/* Holds an edited copy against the original: what was not touched is there. */
static void
check_edited(const char *path, unsigned long number, const struct reading *whole,
	     const unsigned char *bytes, size_t size, struct counts *counts)
{
	const bool is_pcapng = memcmp(bytes, "\x0a\x0d\x0d\x0a", 4) == 0;
	struct edit edit;
	size_t edited_size, k = 0;
	unsigned char *copy = edit_randomly(bytes, size, &edit, &edited_size);
	struct reading edited = read_capture(copy, edited_size);
	/* A header, an interface or something else that packets depend on. */
	bool is_between = true;

	keep_copy(path, number, copy, edited_size);
	for (size_t i = 0; i < whole->count; i++)
		if (edit.from >= whole->records[i].place && edit.to <= whole->records[i].end)
			is_between = false;
	for (size_t i = 0; i < whole->count && edited.opened; i++) {
		const struct record *record = &whole->records[i];

		if (is_touched(&edit, record))
			continue;
		while (k < edited.count &&
		       place_before(&edit, edited.records[k].place) != record->place)
			k++;
		if (k < edited.count && is_kept(&edited.records[k], record, is_between))
			continue;
		if (is_between && is_pcapng)
			break;
		counts->lost++;
		printf("# %s.%lu: %s at %zu..%zu (%zu): the packet at %ju is %s\n", path, number,
		       edit.name, edit.from, edit.to, edit.now, (uintmax_t)record->place,
		       k < edited.count ? "another" : "lost");
		break;
	}
	k = 0;
	for (size_t i = 0; i < edited.count; i++) {
		const uint64_t place = place_before(&edit, edited.records[i].place);

		if (is_of_touched(&edit, whole, &edited.records[i], copy))
			continue;
		while (k < whole->count && whole->records[k].place < place)
			k++;
		if (k == whole->count || whole->records[k].place != place) {
			counts->strange++;
			printf("# %s.%lu: %s at %zu..%zu (%zu): a packet where there was none, "
			       "at %ju of the copy\n",
			       path, number, edit.name, edit.from, edit.to, edit.now,
			       (uintmax_t)edited.records[i].place);
			break;
		}
	}
	release(&edited);
	free(copy);
}

static void
check_file(const char *path, unsigned long count)
{
	static unsigned char bytes[1 << 20];
	FILE *in = fopen(path, "re");
	struct reading whole;
	struct counts counts = {0};
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

		if (i % 2) {
			check_edited(path, i, &whole, bytes, size, &counts);
			continue;
		}
		keep_copy(path, i, bytes, at);
		check_cut(path, &whole, bytes, at);
	}
	printf("%s: %lu copies, %lu with a packet lost, %lu with one where there was none\n", path,
	       count, counts.lost, counts.strange);
	if (counts.lost > count / 1000 + 3 || counts.strange > count / 1000 + 3)
		fail(path, "too many packets lost, or where there were none", 0);
	release(&whole);
}

int
main(int argc, char **argv)
{
	unsigned long count = 1000;
	int letter;

	while ((letter = getopt(argc, argv, "n:s:w:")) != -1) {
		switch (letter) {
		case 'n': count = strtoul(optarg, NULL, 10); break;
		case 's': state += strtoul(optarg, NULL, 10); break;
		case 'w': kept_in = optarg; break;
		default: return 2;
		}
	}
	for (char **path = argv + optind; *path; path++)
		check_file(*path, count);
	return 0;
}
