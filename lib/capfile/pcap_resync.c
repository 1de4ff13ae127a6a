/*
 * pcap has nothing but its lengths to say where a record ends. So a record is believed when the next
 * one follows it: one whose fields agree, within an hour. Where that is not so, one of the two is
 * damaged, and which one is seen from the records behind them:
 *
 * - Records follow where another of its fields says that it ends: its length was wrong, and is mended.
 * - Records begin within it, and go on across its end: its length was wrong, and the bytes up to the
 *   first of them are passed over. A record that holds a capture as its payload has such records, too,
 *   but its end is one of theirs, or they end before it.
 * - Otherwise it is the next record that is damaged.
 *
 * Files that cat has put together may have been cut off, or have something else between them: then the
 * header of the next one stands within a record or a gap. It is believed if its records go on to the end
 * or for longer than a packet can be; those of a capture in a packet's payload do not.
 *
 * Behind a damaged record three of them have to follow each other within an hour of the last good
 * one, or up to the end of the file. By chance that happens once in 2^70 places.
 */
#include "capfile/pcap_resync-int.h"

#include "base/clock.h"
#include "packet/linktype.h"

#include <string.h>

#define HEADER        24    /* bytes of a file's */
#define DATAGRAM_MOST 65600 /* bytes of one of IP that is no jumbogram, in a frame */

#define SHIFT         512 /* bytes by which a record may be longer than what has become of it */

/* A record is not looked for farther away than that. */
static const unsigned char *
peek(struct reader *file, size_t offset, size_t size)
{
	return offset > 2 * FORMAT_BLOCK_MAX ? NULL : inbuf_peek(&file->in, offset, size);
}

/* Whether the input ends there, but for a record that has been cut off. */
static bool
is_end(const struct reader *file, size_t offset)
{
	const size_t left = inbuf_left(&file->in);

	return file->in.at_eof && offset <= left && left - offset < PCAP_RECORD;
}

bool
pcap_resync_is_header(struct reader *file, size_t offset)
{
	const unsigned char *p = peek(file, offset, HEADER);

	return p && pcap_record_is_header(p);
}

/* Whether so many records follow each other from there, the first one near sec; or fewer, and then the
 * end or another file's header. */
static bool
is_chain(struct reader *file, size_t offset, uint32_t sec, unsigned count)
{
	for (unsigned found = 0; found < count; found++) {
		const unsigned char *p = peek(file, offset, PCAP_RECORD);
		struct pcap_record record;

		if (!p)
			return is_end(file, offset) &&
			       (found > 0 || offset == inbuf_left(&file->in));
		record = pcap_record_at(file, p);
		if (!pcap_record_is_sound(file, &record) || !pcap_record_is_near(sec, record.sec))
			return pcap_resync_is_header(file, offset);
		sec = record.sec;
		offset += PCAP_RECORD + record.caplen;
	}
	return true;
}

/* The largest packet that the file promises. */
static uint32_t
snaplen(const struct reader *file)
{
	const uint32_t promised = file->source.interfaces[file->section_base].snaplen;

	return promised - 1 < PACKET_SNAPLEN ? promised : PACKET_SNAPLEN;
}

/* Whether a record that can be believed stands there: near sec, unless that is 0. */
static bool
is_place(const struct reader *file, const unsigned char *p, uint32_t sec, uint32_t most,
	 struct pcap_record *record)
{
	*record = pcap_record_at(file, p);
	return pcap_record_is_sound(file, record) && record->caplen <= most &&
	       (sec == 0 || pcap_record_is_near(sec, record->sec));
}

/* Whether records that go on in time begin a little before or behind the place: those there, of another
 * time, are an echo of theirs, read some bytes off. */
static bool
is_echo(struct reader *file, size_t place, uint32_t sec)
{
	const size_t first = place > SHIFT + PCAP_RECORD ? place - SHIFT : PCAP_RECORD;

	for (size_t offset = first; offset < place + SHIFT; offset++) {
		const unsigned char *p = peek(file, offset, PCAP_RECORD);
		struct pcap_record record;

		if (offset != place && p && is_place(file, p, sec, snaplen(file), &record) &&
		    is_chain(file, offset + PCAP_RECORD + record.caplen, record.sec, 2))
			return true;
	}
	return false;
}

/* Whether a record, damaged or not, stands there: sec is the time of the one before. */
static bool
follows(struct reader *file, size_t offset, uint32_t sec)
{
	const unsigned char *p = peek(file, offset, PCAP_RECORD);
	struct pcap_record next;

	if (!p)
		return is_end(file, offset);
	/* Before anything is read ahead: bytes move then. */
	next = pcap_record_at(file, p);
	if (pcap_resync_is_header(file, offset))
		return true;
	if (pcap_record_is_sound(file, &next) &&
	    (pcap_record_is_near(sec, next.sec) ||
	     (is_chain(file, offset, next.sec, 3) && !is_echo(file, offset, sec))))
		return true;
	offset += PCAP_RECORD;
	return pcap_record_is_near(sec, next.sec) &&
	       ((next.caplen <= PACKET_SNAPLEN &&
		 is_chain(file, offset + next.caplen, next.sec, 2)) ||
		(next.len - 1 < PACKET_SNAPLEN && is_chain(file, offset + next.len, next.sec, 2)));
}

/* Whether the records from there cross the end of another, which is not one of theirs. */
static bool
is_across(struct reader *file, size_t offset, size_t end, uint32_t sec)
{
	while (offset < end) {
		const unsigned char *p = peek(file, offset, PCAP_RECORD);
		struct pcap_record record;

		if (!p || !is_place(file, p, sec, PACKET_SNAPLEN, &record))
			return false;
		sec = record.sec;
		offset += PCAP_RECORD + record.caplen;
	}
	return offset > end && is_chain(file, offset, sec, 2);
}

enum times { ANY_TIMES, NEAR_TIMES };

/* Whether the records from there go on, each near the one before or at any time, to the end or farther than a packet
 * can be long. */
static bool
is_lasting(struct reader *file, size_t offset, enum times times)
{
	const size_t most = offset + PACKET_SNAPLEN;
	const unsigned char *p;
	uint32_t sec = 0;

	while (offset < most && (p = peek(file, offset, PCAP_RECORD))) {
		const struct pcap_record record = pcap_record_at(file, p);

		if (!pcap_record_is_sound(file, &record) ||
		    (times == NEAR_TIMES && sec && !pcap_record_is_near(sec, record.sec)))
			return pcap_resync_is_header(file, offset);
		sec = record.sec;
		offset += PCAP_RECORD + record.caplen;
	}
	return offset >= most || is_end(file, offset);
}

/* Whether the header there is that of a file like the one at hand, whose records are read in the same way and
 * are of about the same time. */
static bool
is_alike(struct reader *file, size_t offset)
{
	const unsigned char *p = peek(file, offset, HEADER + PCAP_RECORD);
	const struct interface *interface = &file->source.interfaces[file->section_base];
	uint32_t fraction_ns;
	bool swapped;

	return p && pcap_record_has_magic(p, &swapped, &fraction_ns) && swapped == file->swapped &&
	       fraction_ns == file->fraction_ns &&
	       linktype_canonical((uint16_t)get32(file, p + 20)) == interface->linktype &&
	       (file->last_ns == 0 || pcap_record_is_near((uint32_t)(file->last_ns / NS_PER_SECOND),
							  get32(file, p + HEADER)));
}

/*
 * Whether another file begins there: its header, and records that go on. Those of a capture in the payload of a
 * packet may go on with the records behind that packet, if these are read in the same way; then a file that is
 * like the one at hand needs no header to be read on, and the times of one that is not leap.
 */
static bool
begins_file(struct reader *file, size_t offset)
{
	const bool swapped = file->swapped;
	const uint32_t fractions = file->fractions, own_ns = file->fraction_ns;
	const unsigned char *p = peek(file, offset, HEADER);
	uint32_t fraction_ns;
	bool begins;

	if (!p || !pcap_record_is_header(p) || is_alike(file, offset))
		return false;
	p = peek(file, offset, HEADER);
	pcap_record_has_magic(p, &file->swapped, &fraction_ns);
	file->fractions = NS_PER_SECOND / fraction_ns;
	begins =
	    is_lasting(file, offset + HEADER,
		       file->swapped == swapped && fraction_ns == own_ns ? NEAR_TIMES : ANY_TIMES);
	file->swapped = swapped;
	file->fractions = fractions;
	return begins;
}

/* The first place from..to where another file begins; to: none does. */
static size_t
find_file(struct reader *file, size_t from, size_t to)
{
	for (size_t offset = from; offset < to; offset++) {
		const unsigned char *p = peek(file, offset, 4);
		uint32_t fraction_ns;
		bool swapped;

		if (!p)
			return to;
		if (pcap_record_has_magic(p, &swapped, &fraction_ns) && begins_file(file, offset))
			return offset;
	}
	return to;
}

/* Whether its length is what lengths are, the whole packet's or the snaplen. */
static bool
is_usual(const struct reader *file, const struct pcap_record *record)
{
	return record->caplen == record->len || record->caplen == snaplen(file);
}

/* Whether three records or more follow each other from there up to the very end of the input. */
static bool
is_rest(struct reader *file, size_t offset, uint32_t sec)
{
	struct pcap_record record;
	const unsigned char *p;
	unsigned count = 0;

	while ((p = peek(file, offset, PCAP_RECORD)) &&
	       is_place(file, p, sec, PACKET_SNAPLEN, &record)) {
		sec = record.sec;
		offset += PCAP_RECORD + record.caplen;
		count++;
	}
	return count >= 3 && file->in.at_eof && offset == inbuf_left(&file->in);
}

/* Whether other records go on from a place within the record, that is as long as it says only if they do not. */
static bool
goes_on(struct reader *file, const struct pcap_record *record, size_t offset, uint32_t near)
{
	const size_t end = PCAP_RECORD + (size_t)record->caplen;
	const unsigned char *p = peek(file, offset, PCAP_RECORD);
	struct pcap_record inner;

	if (!p || !is_place(file, p, near, snaplen(file), &inner))
		return false;
	if (peek(file, end - 1, 1))
		return is_across(file, offset, end, near);
	return is_usual(file, record)
		   ? is_rest(file, offset, near)
		   : is_chain(file, offset + PCAP_RECORD + inner.caplen, inner.sec, 2);
}

/* Whether the record's length is not what packets have, or one bit makes it end at the place: records that far
 * within it are not those of a capture in its payload. */
static bool
is_wrong_length(const struct reader *file, const struct pcap_record *record, size_t place)
{
	const uint32_t differing = record->caplen ^ ((uint32_t)place - PCAP_RECORD);

	return !is_usual(file, record) || record->caplen > DATAGRAM_MOST ||
	       record->caplen > snaplen(file) || (differing & (differing - 1)) == 0;
}

/* Where in the record, whose fields agree, others begin that show that its length is wrong, or another file does;
 * 0: nowhere. */
static size_t
find_inner(struct reader *file, const struct pcap_record *record)
{
	const uint32_t near =
	    file->last_ns ? (uint32_t)(file->last_ns / NS_PER_SECOND) : record->sec;
	const size_t end = PCAP_RECORD + (size_t)record->caplen;
	const bool is_there = peek(file, end - 1, 1);
	const size_t most = is_there ? end : inbuf_left(&file->in);
	size_t place = 1;

	/* One that ends behind the end of the input has been cut off, as far as its lengths are usual. */
	if (!is_there &&
	    (!file->in.at_eof || (is_usual(file, record) && record->caplen <= DATAGRAM_MOST)))
		return 0;
	while (place < most && ((place + SHIFT < end && !is_wrong_length(file, record, place)) ||
				!goes_on(file, record, place, near)))
		place++;
	place = find_file(file, 1, place);
	return place < most ? place : 0;
}

static bool
is_zero(const struct pcap_record *record)
{
	return (record->sec | record->fraction | record->caplen | record->len) == 0;
}

/* Whether it was captured within an hour of the one before. */
static bool
is_near_last(const struct reader *file, const struct pcap_record *record)
{
	return file->last_ns == 0 ||
	       pcap_record_is_near((uint32_t)(file->last_ns / NS_PER_SECOND), record->sec);
}

/* Mends a length, if records follow where the other field, or the snaplen, has it end. */
static bool
mend_length(struct reader *file, struct pcap_record *record)
{
	const uint32_t lengths[] = {record->len, snaplen(file)};

	for (size_t i = 0; i < 2; i++) {
		const uint32_t length = lengths[i];

		if (length == record->caplen || length - 1 >= PACKET_SNAPLEN ||
		    record->len < length || !is_chain(file, PCAP_RECORD + length, record->sec, 2))
			continue;
		record->caplen = length;
		return true;
	}
	return false;
}

/* Whether the fields of the record there agree, as far as it has come. */
static bool
agrees_at(struct reader *file, size_t offset)
{
	const unsigned char *p = peek(file, offset, PCAP_RECORD);
	const struct pcap_record record = p ? pcap_record_at(file, p) : (struct pcap_record){0};

	return p && pcap_record_is_sound(file, &record);
}

static enum pcap_verdict
judge(struct reader *file, struct pcap_record *record)
{
	const bool is_long = record->caplen > PACKET_SNAPLEN &&
			     record->caplen <= FORMAT_BLOCK_MAX &&
			     record->caplen <= file->source.interfaces[file->section_base].snaplen;
	const bool has_bytes = record->caplen <= PACKET_SNAPLEN || is_long;
	const bool agrees =
	    has_bytes && record->caplen <= record->len && record->fraction < file->fractions;
	const size_t end = PCAP_RECORD + (size_t)record->caplen;

	/* One that is read again, by itself perhaps, has been judged by what was before it. */
	const bool is_known = inbuf_offset(&file->in) < file->known_to;

	if (is_zero(record) && !is_known &&
	    (!is_near_last(file, record) || !is_chain(file, end, 0, 1)))
		return PCAP_DAMAGED;
	if (has_bytes && follows(file, end, record->sec)) {
		if (agrees)
			return PCAP_WHOLE;
		if (record->len < record->caplen)
			record->len = record->caplen;
		return PCAP_MENDED;
	}
	if (mend_length(file, record))
		return PCAP_MENDED;
	/* Zeros where the lengths were leave a packet without bytes. */
	if (agrees && (is_known || (record->len > 0 && is_near_last(file, record) &&
				    !find_inner(file, record))))
		return PCAP_WHOLE;
	return PCAP_DAMAGED;
}

enum pcap_verdict
pcap_resync_judge(struct reader *file, struct pcap_record *record)
{
	const struct pcap_record was = *record;
	enum pcap_verdict verdict;

	file->in.awaits = false;
	verdict = judge(file, record);
	if (!reader_awaits(file))
		return verdict;
	*record = was;
	return pcap_record_is_sound(file, record) &&
		       agrees_at(file, PCAP_RECORD + (size_t)record->caplen)
		   ? PCAP_WHOLE
		   : PCAP_AWAITED;
}

/* The first place from..size whose records go on for longer than a packet can be, or to the end: those in the
 * payload of one do not. size: there is none. */
static size_t
find_long(struct reader *file, size_t from, size_t size)
{
	for (size_t offset = from; offset < size; offset++) {
		const unsigned char *p = file->in.bytes + file->in.at + offset;
		struct pcap_record record;

		if (is_place(file, p, 0, snaplen(file), &record) &&
		    is_chain(file, offset, record.sec, 3) && is_lasting(file, offset, ANY_TIMES))
			return offset;
	}
	return size;
}

/* The first place within the window that three records follow each other from; the window's size if
 * there is none. */
static size_t
find_records(struct reader *file, size_t from, size_t size)
{
	const uint32_t sec = (uint32_t)(file->last_ns / NS_PER_SECOND), most = snaplen(file);
	const struct pcap_record damaged = pcap_record_at(file, file->in.bytes + file->in.at);

	if (from && pcap_record_is_sound(file, &damaged) && is_near_last(file, &damaged)) {
		const size_t inner = find_inner(file, &damaged);

		if (inner && inner < size)
			return inner;
	}
	/* At the beginning there is no time to tell records from those of a payload by. */
	if (sec == 0) {
		const size_t place = find_long(file, from, size);

		if (place < size)
			return place;
	}
	for (size_t offset = from; offset < size; offset++) {
		const unsigned char *p = file->in.bytes + file->in.at + offset;
		struct pcap_record record;

		if (is_place(file, p, sec, most, &record) &&
		    is_chain(file, offset + PCAP_RECORD + record.caplen, record.sec, 2))
			return offset;
	}
	return size;
}

/* ... or that another file begins at. */
static size_t
find_place(struct reader *file, size_t from, size_t size)
{
	return find_file(file, from, find_records(file, from, size));
}

int
pcap_resync_pass(struct reader *file)
{
	return reader_search(file, PCAP_RECORD, find_place);
}
