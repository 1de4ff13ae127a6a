/*
 * A bisection over the bytes of a file, whose records are in the order of time. Somewhere in the middle there is no
 * telling where a record begins but by trying each byte: one is taken for a record when its fields agree, and two more
 * follow it where it says that it ends, each within an hour. The next place to try is where the time would be if packets
 * came evenly, a little before that, and the last few records are walked one by one.
 *
 * Reads go past the buffers of the reader, by a window of their own: they are few and far apart.
 */
#include "capfile/timeseek.h"

#include "base/clock.h"
#include "capfile/pcap_record-int.h"
#include "capfile/pcapng.h"

#include <string.h>
#include <unistd.h>

#define WINDOW (8u << 10) /* bytes to read at a time */
#define FAR   \
	(256u \
	 << 10) /* where no record is found within so many bytes, there is no use in looking on */
#define SHORT     (16u << 10) /* ... and so many are walked record by record */
#define TRIES     24
#define FARTHEST  (UINT64_C(1) << 40)
#define FOLLOWING 2

/* The bytes of the file around the last place that was looked at. */
struct window {
	const struct reader *file;
	uint64_t base;
	size_t end;
	unsigned char bytes[WINDOW];
};

/* Whether the window moves to what is looked at. */
enum look { LOOK_ON, LOOK_ASIDE };

/* The size bytes at the offset, copied to `aside` if the window stays and has them not; NULL: the file ends before, or
 * cannot be read. */
static const unsigned char *
window_at(struct window *window, uint64_t offset, size_t size, enum look how, unsigned char *aside)
{
	const int fd = window->file->in.fd;
	ssize_t n;

	if (offset >= window->base && offset + size <= window->base + window->end)
		return window->bytes + (offset - window->base);
	if (how == LOOK_ASIDE)
		return pread(fd, aside, size, (off_t)offset) == (ssize_t)size ? aside : NULL;
	n = pread(fd, window->bytes, WINDOW, (off_t)offset);
	window->base = offset;
	window->end = n < 0 ? 0 : (size_t)n;
	return window->end < size ? NULL : window->bytes;
}

/* A record of pcap there: its time, and its size in bytes. */
static size_t
pcap_at(struct window *window, uint64_t offset, enum look how, int64_t *ts_ns)
{
	const struct reader *file = window->file;
	unsigned char aside[PCAP_RECORD];
	const unsigned char *p = window_at(window, offset, PCAP_RECORD, how, aside);
	struct pcap_record record;

	if (!p)
		return 0;
	record = pcap_record_at(file, p);
	if (!pcap_record_is_sound(file, &record))
		return 0;
	*ts_ns = (int64_t)record.sec * NS_PER_SECOND + (int64_t)record.fraction * file->fraction_ns;
	return PCAP_RECORD + (size_t)record.caplen;
}

/* An enhanced packet block there, which ends as it begins. */
static size_t
epb_at(struct window *window, uint64_t offset, enum look how, int64_t *ts_ns)
{
	const struct reader *file = window->file;
	unsigned char aside[PCAPNG_HEAD + 20];
	const unsigned char *p = window_at(window, offset, sizeof(aside), how, aside);
	uint32_t size, interface, caplen;

	if (!p || get32(file, p) != PCAPNG_EPB)
		return 0;
	size = get32(file, p + 4);
	interface = get32(file, p + 8);
	caplen = get32(file, p + 20);
	if (size % 4 || size < PCAPNG_BLOCK_MIN + 20 || size > FORMAT_BLOCK_MAX ||
	    caplen > size - PCAPNG_BLOCK_MIN - 20 ||
	    interface >= file->source.interface_count - file->section_base ||
	    !tsresol_ns(&file->resolutions[file->section_base + interface],
			get_timestamp(file, p + 12), ts_ns))
		return 0;
	p = window_at(window, offset + size - 4, 4, LOOK_ASIDE, aside);
	return p && get32(file, p) == size ? size : 0;
}

/* The size of the record that stands there; 0: none of a packet. */
static size_t
record_at(struct window *window, uint64_t offset, enum look how, int64_t *ts_ns)
{
	return reader_format(window->file) == FORMAT_PCAP ? pcap_at(window, offset, how, ts_ns)
							  : epb_at(window, offset, how, ts_ns);
}

static bool
is_soon(int64_t before_ns, int64_t ts_ns)
{
	return ts_ns >= before_ns && ts_ns - before_ns <= PCAP_NEAR * NS_PER_SECOND;
}

/* Whether records follow each other from there, each within an hour, and the first one not before a time. */
static bool
is_chain(struct window *window, uint64_t offset, int64_t before_ns, struct timeseek *found)
{
	int64_t ts_ns;
	size_t size = record_at(window, offset, LOOK_ON, &ts_ns);

	*found = (struct timeseek){offset, ts_ns};
	for (unsigned i = 0; size && i < FOLLOWING; i++) {
		if (!is_soon(before_ns, ts_ns))
			return false;
		before_ns = ts_ns;
		offset += size;
		size = record_at(window, offset, LOOK_ASIDE, &ts_ns);
	}
	return size > 0 && is_soon(before_ns, ts_ns);
}

/* The first record at the offset or behind it, of a time not long behind that of `from`. */
static bool
find_near(struct window *window, const struct timeseek *from, uint64_t offset,
	  struct timeseek *found)
{
	/* A block of pcapng begins at a multiple of four. */
	const size_t step = reader_format(window->file) == FORMAT_PCAP ? 1 : 4;

	offset = (offset + step - 1) / step * step;
	for (const uint64_t end = offset + FAR; offset < end; offset += step) {
		if (!window_at(window, offset, 1, LOOK_ON, NULL))
			return false;
		if (is_chain(window, offset, from->ts_ns, found))
			return true;
	}
	return false;
}

bool
timeseek_near(const struct reader *file, const struct timeseek *from, uint64_t offset,
	      struct timeseek *found)
{
	struct window window = {.file = file};

	return find_near(&window, from, offset, found);
}

/* Walks record by record from one that is older than the time to the first that is not, or FAR. 1; 0: *at is still older;
 * -1: something else than records. */
static int
walk(struct window *window, struct timeseek *at, int64_t ts_ns)
{
	struct timeseek next = *at;

	for (const uint64_t end = next.place + FAR; next.place < end;) {
		const size_t size = record_at(window, next.place, LOOK_ON, &next.ts_ns);

		if (size == 0)
			return -1;
		*at = next;
		if (at->ts_ns >= ts_ns)
			return 1;
		next.place += size;
	}
	return 0;
}

/* Where a time is expected, by two records of different times. */
static uint64_t
expect(const struct timeseek *a, const struct timeseek *b, int64_t ts_ns)
{
	const double bytes = (double)(b->place - a->place) * ((double)ts_ns - (double)a->ts_ns) /
			     ((double)b->ts_ns - (double)a->ts_ns);

	return a->place + (uint64_t)(bytes < (double)FARTHEST ? bytes : (double)FARTHEST);
}

bool
timeseek_find(const struct reader *file, const struct timeseek *from, uint64_t guess, int64_t ts_ns,
	      struct timeseek *found)
{
	struct window window = {.file = file};
	struct timeseek low = *from, high = {.place = UINT64_MAX}, record;

	for (unsigned tries = 0; tries < TRIES; tries++) {
		uint64_t at;

		/* Packets do not come evenly: where the guesses of the last tries did not help, the middle does. */
		if (tries % 2 && high.place != UINT64_MAX)
			guess = low.place + (high.place - low.place) / 2;
		at = guess < low.place + SHORT ? low.place : guess - SHORT / 2;

		if (at == low.place) {
			const int reached = walk(&window, &low, ts_ns);

			*found = low;
			if (reached)
				return reached > 0;
			guess =
			    low.ts_ns > from->ts_ns ? expect(from, &low, ts_ns) : low.place + FAR;
			continue;
		}
		if (!find_near(&window, from, at, &record) || record.place >= high.place) {
			high.place = at;
			guess = low.place + (at - low.place) / 2;
			continue;
		}
		if (record.ts_ns >= ts_ns) {
			high = record;
			guess = expect(&low, &high, ts_ns);
			continue;
		}
		guess = record.ts_ns > low.ts_ns ? expect(&low, &record, ts_ns) : record.place;
		if (guess > high.place)
			guess = high.place;
		low = record;
	}
	return false;
}
