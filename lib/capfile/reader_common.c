#include "capfile/reader_common-int.h"

#include "base/array.h"
#include "capfile/pcapng.h"
#include "capfile/pcapng_option.h"
#include "capfile/signature.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW (1u << 20) /* bytes searched at a time */

/* Bytes of a live file that are passed over in search of three records: one that has none in these is
 * no capture any more, and would be searched for ever. */
#define PASSED_MOST (16u << 20)

/* next() of a source that has ended: it keeps saying so. */
static enum source_event
next_after_end(struct source *source, struct packet *packet, struct failure *why)
{
	const struct reader *file = (const struct reader *)source;

	(void)packet;
	if (why)
		*why = file->why;
	return file->ended;
}

/* Says of a compressed input that it is not whole, before what that has led to. */
static enum source_event
check_packed(struct reader *file, enum source_event event)
{
	struct failure packed;

	if (unpack_end(file->unpack, file->name, &packed) == UNPACK_WHOLE)
		return event;
	if (file->gaps.count > 0)
		failure_set(&file->why, "%s; %s", packed.text, file->why.text);
	else
		file->why = packed;
	return SOURCE_CUT;
}

static enum source_event
set_ended(struct reader *file, struct failure *why, enum source_event event)
{
	if (file->gaps.count > 0) {
		struct failure gaps;

		event = SOURCE_CUT;
		gaps_tell(&file->gaps, &gaps);
		failure_set(&file->why, "%s", gaps.text);
		if (file->left_out.mended)
			failure_set(&file->why, "%s, records mended: %llu", gaps.text,
				    (unsigned long long)file->left_out.mended);
	}
	event = check_packed(file, event);
	file->ended = event;
	file->source.next = next_after_end;
	file->source.more = NULL;
	if (why)
		*why = file->why;
	return event;
}

enum source_event
reader_end(struct reader *file, struct failure *why)
{
	return set_ended(file, why, SOURCE_END);
}

enum source_event
reader_cut(struct reader *file, struct failure *why)
{
	return set_ended(file, why, SOURCE_CUT);
}

enum source_event
reader_damaged(struct reader *file, struct failure *why, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	failure_set(&file->why, "'%s' is damaged at byte %llu: %s", file->name,
		    (unsigned long long)inbuf_offset(&file->in), what);
	file->is_damaged = true;
	return reader_cut(file, why);
}

bool
reader_tell_other(const struct reader *file, char text[80])
{
	const struct inbuf *in = &file->in;
	const char *kind = signature_kind(in->bytes + in->at, inbuf_left(in));

	if (kind)
		snprintf(text, 80, "a %s file begins there, to be read by itself", kind);
	return kind;
}

enum source_event
reader_truncated(struct reader *file, struct failure *why, const char *what)
{
	failure_set(&file->why, "'%s' ends in the middle of the %s at byte %llu", file->name, what,
		    (unsigned long long)inbuf_offset(&file->in));
	return reader_cut(file, why);
}

enum source_event
reader_unreadable(struct reader *file, struct failure *why)
{
	if (file->in.queue && errno == EAGAIN)
		return SOURCE_LATER;
	failure_errno(&file->why, "cannot read '%s' after byte %llu", file->name,
		      (unsigned long long)inbuf_offset(&file->in));
	return reader_cut(file, why);
}

enum source_event
reader_failed(struct reader *file, struct failure *why, const char *what)
{
	return errno == EBADMSG ? reader_damaged(file, why, "%s", what)
				: reader_unreadable(file, why);
}

int
reader_search(struct reader *file, size_t least, reader_find *find)
{
	struct inbuf *in = &file->in;

	for (;;) {
		const size_t from = file->search_from;
		size_t size, place;

		/* What there is of a live file. */
		if (inbuf_want(in, WINDOW) < 0 && (!in->queue || errno != EAGAIN))
			return -1;
		if (inbuf_left(in) <= least + from) {
			errno = EAGAIN;
			if (in->queue && !in->at_eof)
				return -1;
			in->at = in->end;
			return 0;
		}
		size = inbuf_left(in) - least;
		in->awaits = false;
		place = find(file, from, size);
		errno = EAGAIN;
		if (reader_awaits(file))
			return -1;
		in->at += place;
		if (place < size)
			return 0;
		file->search_from = 0;
	}
}

/* The damage has no end. */
static enum source_event
give_up(struct reader *file, struct failure *why)
{
	const struct gap gap = {file->passed_from, inbuf_offset(&file->in)};

	file->is_passing = false;
	(void)gaps_add(&file->gaps, gap, &file->why);
	return reader_cut(file, why);
}

enum source_event
reader_pass(struct reader *file, int (*pass)(struct reader *file), struct failure *why)
{
	struct gap gap;

	if (!file->is_passing) {
		file->passed_from = inbuf_offset(&file->in);
		file->search_from = 1;
	}
	file->is_passing = true;
	if (pass(file) < 0) {
		if (file->in.queue && inbuf_offset(&file->in) - file->passed_from > PASSED_MOST)
			return give_up(file, why);
		if (!file->in.queue || errno != EAGAIN) {
			file->is_passing = false;
			return reader_unreadable(file, why);
		}
		file->source.next = file->ops->next;
		return SOURCE_LATER;
	}
	file->is_passing = false;
	gap = (struct gap){file->passed_from, inbuf_offset(&file->in)};
	if (gaps_add(&file->gaps, gap, &file->why) < 0)
		return reader_cut(file, why);
	file->is_damaged = false;
	file->source.next = file->ops->next;
	file->source.more = file->ops->more;
	return SOURCE_PACKET;
}

bool
reader_skip_gap(struct reader *file)
{
	const struct gap *gap = gaps_from(&file->gaps, inbuf_offset(&file->in));

	if (gap)
		inbuf_seek(&file->in, gap->to);
	return gap;
}

int
reader_add_option(struct reader *file, struct packet *packet, uint16_t code, const void *value,
		  size_t size)
{
	const uint16_t head[2] = {code, (uint16_t)size};
	const size_t had = packet->options_len;
	const bool is_there = had && packet->options == file->scratch;
	unsigned char *to;

	if (reader_reserve_scratch(file, had + sizeof(head) + PCAPNG_PAD(size)) < 0)
		return -1;
	if (had && !is_there)
		memcpy(file->scratch, packet->options, had);
	to = file->scratch + had;
	memcpy(to, head, sizeof(head));
	memset(to + sizeof(head), 0, PCAPNG_PAD(size));
	memcpy(to + sizeof(head), value, size);
	packet->options = file->scratch;
	packet->options_len = (uint32_t)(had + sizeof(head) + PCAPNG_PAD(size));
	return 0;
}

static int
add_comment(struct reader *file, struct packet *packet, const char *text)
{
	return reader_add_option(file, packet, OPT_COMMENT, text, strlen(text));
}

void
reader_mended(struct reader *file, const char *what)
{
	if (file->left_out.mended == 0)
		failure_set(&file->mended, "'%s' is damaged at byte %llu: %s", file->name,
			    (unsigned long long)inbuf_offset(&file->in), what);
	reader_leave_out(file, (struct left_out){.mended = 1});
}

int
reader_mend(struct reader *file, struct packet *packet, const char *mended)
{
	const struct gap *gap = gaps_to(&file->gaps, file->source.place);
	char text[120];

	if (mended) {
		snprintf(text, sizeof(text), "vcap: mended: its record said %s", mended);
		if (add_comment(file, packet, text) < 0)
			return -1;
		reader_mended(file, mended);
	}
	if (!gap)
		return 0;
	snprintf(text, sizeof(text), "vcap: %llu damaged bytes before it were passed over",
		 (unsigned long long)(gap->to - gap->from));
	return add_comment(file, packet, text);
}

int
reader_reserve_scratch(struct reader *file, size_t size)
{
	unsigned char *scratch;

	if (size <= file->scratch_room)
		return 0;
	scratch = realloc(file->scratch, size);
	if (!scratch)
		return -1;
	file->scratch = scratch;
	file->scratch_room = size;
	return 0;
}

void
reader_leave_out(struct reader *file, struct left_out what)
{
	const uint64_t offset = inbuf_offset(&file->in);

	if (offset < file->left_out_to)
		return;
	file->left_out.options += what.options;
	file->left_out.blocks += what.blocks;
	file->left_out.cut += what.cut;
	file->left_out.mended += what.mended;
	file->left_out_to = offset + 1;
}

const struct section_mark *
reader_section_at(const struct reader *file, uint64_t offset)
{
	size_t low = 0, high = file->mark_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (file->marks[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return &file->marks[low];
}

struct interface *
reader_add_interface(struct reader *file)
{
	uint32_t count = file->source.interface_count;

	if (count == READER_INTERFACES) {
		errno = EOVERFLOW;
		return NULL;
	}
	if (count == file->interface_room) {
		uint32_t room = count ? 2 * count : 4;
		struct interface *interfaces =
		    realloc(file->source.interfaces, room * sizeof(*interfaces));
		struct tsresol *resolutions;

		if (!interfaces)
			return NULL;
		file->source.interfaces = interfaces;
		resolutions = realloc(file->resolutions, room * sizeof(*resolutions));
		if (!resolutions)
			return NULL;
		file->resolutions = resolutions;
		file->interface_room = room;
	}
	file->source.interfaces[count] = (struct interface){0};
	file->resolutions[count] = (struct tsresol){0};
	file->source.interface_count++;
	return &file->source.interfaces[count];
}

void
reader_drop_interface(struct reader *file)
{
	int saved = errno;

	interface_release(&file->source.interfaces[--file->source.interface_count]);
	errno = saved;
}

int
reader_begin_section(struct reader *file)
{
	const size_t count = file->earlier_count;
	struct file_section *old = &file->section;
	bool is_left_out =
	    file->mark_count == 0 || count == FILE_SECTIONS_MAX ||
	    file->section_bytes > FILE_SECTIONS_BYTES ||
	    (count && (file_section_has_same_header(old, &file->earlier[0]) ||
		       file_section_has_same_header(old, &file->earlier[count - 1])));

	old->end_interface = file->source.interface_count;
	if (is_left_out) {
		file_section_release(old);
	} else {
		if (array_grow(&file->earlier, count, sizeof(*file->earlier)) < 0)
			return -1;
		file->earlier[file->earlier_count++] = *old;
	}
	*old = (struct file_section){.first_interface = file->source.interface_count};
	return 0;
}
