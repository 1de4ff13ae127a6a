/*
 * Section headers (draft-ietf-opsawg-pcapng, section 4.1). Each begins a section with a byte order
 * of its own and interfaces numbered from 0; the source numbers the interfaces of all sections in
 * one sequence, so a section has a base that is added to its interfaces' numbers.
 *
 * A file that is revisited is read in an order of its own. Where each section begins is therefore
 * remembered: any offset up to the newest block that was read tells its section by binary search.
 */
#include "capfile/pcapng_shb-int.h"

#include "base/array.h"
#include "capfile/pcapng.h"
#include "capfile/pcapng_option.h"
#include "capfile/pcapng_resync-int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a header; and of one that is looked for behind a gap. */
#define HEADER_LEAST 28u
#define HEADER_MOST  65536u

/* The end mark of a section of vcap: statistics with an end time for each interface that has any,
 * and nothing after them. */
bool
pcapng_shb_is_cut_short(const struct reader *file)
{
	bool has_statistics = false;

	if (!file->source.from_vcap || file->section.is_edited ||
	    file->source.interface_count == file->section_base)
		return false;
	for (uint32_t i = file->section_base; i < file->source.interface_count; i++) {
		const struct statistics *s = &file->source.interfaces[i].statistics;

		if (s->valid && s->end_ns == INT64_MIN)
			return true;
		has_statistics |= s->valid;
	}
	return !has_statistics || file->is_unmarked;
}

static int
add_comment(struct file_section *section, size_t count, const struct block_option *option)
{
	char **comments;

	/* Doubling at powers of two, the entry for NULL included. */
	if ((count & (count + 1)) == 0) {
		comments = realloc(section->comments, (2 * count + 2) * sizeof(*comments));
		if (!comments)
			return -1;
		section->comments = comments;
		comments[count] = NULL;
	}
	section->comments[count] = pcapng_option_text(option);
	if (!section->comments[count])
		return -1;
	section->comments[count + 1] = NULL;
	return 0;
}

/* Keeps a custom option that may be copied; room is for all of them. */
static int
keep_section_option(struct reader *file, const struct block_option *option, size_t room,
		    uint64_t *left_out)
{
	struct file_section *section = &file->section;
	unsigned char *end;

	if (!pcapng_option_is_sound(file->swapped, PCAPNG_OPTION_OF_OTHER, option)) {
		(*left_out)++;
		return 0;
	}
	if (!pcapng_option_is_custom(option->code) || pcapng_option_forbids_copy(option))
		return 0;
	if (!section->options && !(section->options = malloc(room)))
		return -1;
	end = pcapng_option_translate(file->swapped, PCAPNG_OPTION_OF_OTHER, option,
				      section->options + section->options_len);
	section->options_len = (uint32_t)(end - section->options);
	return 0;
}

static int
section_options(struct reader *file, const unsigned char *at, const unsigned char *end)
{
	struct file_section *section = &file->section;
	const size_t room = (size_t)(end - at);
	struct left_out left_out = {0};
	struct block_option option;
	bool has_promise = false;
	size_t count = 0;
	int more;

	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0) {
		char **text = option.code == OPT_SHB_HARDWARE   ? &section->hardware
			      : option.code == OPT_SHB_OS       ? &section->os
			      : option.code == OPT_SHB_USERAPPL ? &section->application
								: NULL;

		has_promise |= option.code == OPT_SHB_PROMISE &&
			       option.size == sizeof(PCAPNG_PROMISE) - 1 &&
			       memcmp(option.value, PCAPNG_PROMISE, option.size) == 0;
		if (option.code == OPT_COMMENT && add_comment(section, count++, &option) < 0)
			return -1;
		if (text && !*text && !(*text = pcapng_option_text(&option)))
			return -1;
		if (keep_section_option(file, &option, room, &left_out.options) < 0)
			return -1;
	}
	section->is_edited = file_section_promises(section) && !has_promise;
	if (left_out.options)
		reader_leave_out(file, left_out);
	errno = more < 0 ? EBADMSG : 0;
	return more;
}

/* Remembers where the section at hand begins, for pcapng_shb_enter: one that is read like the one
 * before it needs no mark. */
static int
mark_section(struct reader *file)
{
	const struct section_mark *last =
	    file->mark_count ? &file->marks[file->mark_count - 1] : NULL;

	if (last && last->interface_base == file->section_base && last->swapped == file->swapped)
		return 0;
	if (array_grow(&file->marks, file->mark_count, sizeof(*file->marks)) < 0)
		return -1;
	file->marks[file->mark_count++] =
	    (struct section_mark){.offset = inbuf_offset(&file->in),
				  .interface_base = file->section_base,
				  .swapped = file->swapped};
	return 0;
}

void
pcapng_shb_enter(struct reader *file, uint64_t offset)
{
	const struct section_mark *mark = reader_section_at(file, offset);

	file->section_base = mark->interface_base;
	file->swapped = mark->swapped;
}

/* Makes a note of the header at hand, and steps over it. */
static enum source_event
announce(struct reader *file, uint32_t size)
{
	file->source.note = (struct note){.type = PCAPNG_SHB,
					  .body = file->in.bytes + file->in.at + PCAPNG_HEAD,
					  .size = size - PCAPNG_BLOCK_MIN};
	file->in.at += size;
	return SOURCE_NOTE;
}

/* Reads a section header again, which was sound the first time. */
static enum source_event
read_again(struct reader *file, struct failure *why)
{
	struct inbuf *in = &file->in;
	uint32_t size;

	pcapng_shb_enter(file, inbuf_offset(in));
	size = get32(file, in->bytes + in->at + 4);
	if (inbuf_want(in, size) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < size)
		return reader_truncated(file, why, "section header");
	return announce(file, size);
}

/* Reads a section header for the first time. If it is damaged the byte order may be that of the header. */
static enum source_event
begin_section(struct reader *file, struct failure *why)
{
	struct inbuf *in = &file->in;
	bool was_cut_short = file->section.cut_short | pcapng_shb_is_cut_short(file);
	const unsigned char *p = in->bytes + in->at;
	uint32_t size;

	file->swapped = false;
	if (get32(file, p + 8) != PCAPNG_MAGIC) {
		file->swapped = true;
		if (get32(file, p + 8) != PCAPNG_MAGIC)
			return reader_damaged(file, why, "bad byte-order magic");
	}
	size = get32(file, p + 4);
	if (size < HEADER_LEAST || size % 4 || size > FORMAT_BLOCK_MAX)
		return reader_damaged(file, why, "a section header of %u bytes", size);
	if (inbuf_want(in, size) < 0 || inbuf_left(in) < size) {
		if (pcapng_resync_is_shorter(file, size))
			return reader_damaged(file, why, "a section header of %u bytes", size);
		return in->at_eof ? reader_truncated(file, why, "section header")
				  : reader_unreadable(file, why);
	}
	p = in->bytes + in->at;
	if (get32(file, p + size - 4) != size)
		return reader_damaged(file, why, "a block of length %u that ends with %u", size,
				      get32(file, p + size - 4));
	/* Minor version 2 was once written by mistake and means 0 (section 4.1). */
	if (get16(file, p + 12) != 1 || (get16(file, p + 14) != 0 && get16(file, p + 14) != 2))
		return reader_damaged(file, why, "pcapng version %u.%u is not known",
				      get16(file, p + 12), get16(file, p + 14));
	if (reader_begin_section(file) < 0)
		return reader_unreadable(file, why);
	file->section_bytes += size;
	file->section.cut_short = was_cut_short;
	if (section_options(file, p + 24, p + size - 4) < 0)
		return reader_failed(file, why, "an option of the section beyond its block");
	file->section_base = file->source.interface_count;
	if (mark_section(file) < 0)
		return reader_unreadable(file, why);
	file->source.from_vcap = file_section_is_from_vcap(&file->section);
	file->is_unmarked = true;
	announce(file, size);
	file->known_to = inbuf_offset(in);
	return SOURCE_NOTE;
}

/* What follows a damaged header is read in the byte order that it tells, if it does. */
static enum source_event
read_new(struct reader *file, struct failure *why)
{
	const bool swapped = file->swapped;
	const enum source_event event = begin_section(file, why);

	if (event == SOURCE_CUT && file->mark_count > 0)
		file->swapped = swapped;
	return event;
}

/* The byte order by which four bytes are this number: 0 or 1, swapped; -1: they are not. */
static int
order_of(const unsigned char *p, uint32_t number)
{
	const struct reader orders[] = {{.swapped = false}, {.swapped = true}};

	for (int i = 0; i < 2; i++)
		if (get32(&orders[i], p) == number)
			return i;
	return -1;
}

bool
pcapng_shb_has_another_type(const struct reader *file, uint32_t size)
{
	const unsigned char *p = file->in.bytes + file->in.at;
	const uint32_t type = get32(file, p);

	return type > PCAPNG_DSB && type != PCAPNG_CUSTOM && size >= HEADER_LEAST &&
	       order_of(p + 8, PCAPNG_MAGIC) == file->swapped && get16(file, p + 12) == 1 &&
	       get16(file, p + 14) == 0;
}

/* Whether a header that is whole begins there, and is shorter: one in the payload of a packet. */
static bool
is_shorter_header(const unsigned char *p, uint32_t size, int order)
{
	const struct reader by = {.swapped = order};
	const uint32_t length = get32(&by, p + 4);

	return length >= HEADER_LEAST && length < size && length % 4 == 0 &&
	       get32(&by, p + length - 4) == length;
}

/* The byte order of the header that the size bytes before p have been: of type and magic number, and of the
 * two lengths, one has to be right. -1: they were none. whole: no more bytes were passed over. */
static int
order_before(const unsigned char *p, uint32_t size, bool is_whole)
{
	const bool has_type = order_of(p - size, PCAPNG_SHB) >= 0;
	const int magic = order_of(p - size + 8, PCAPNG_MAGIC);
	const int first = order_of(p - size + 4, size), last = order_of(p - 4, size);

	if (magic >= 0 && is_shorter_header(p - size, size, magic))
		return -1;
	if (magic >= 0 && (first == magic || last == magic || (is_whole && has_type)))
		return magic;
	return magic < 0 && has_type ? (first >= 0 ? first : last) : -1;
}

/* Begins a section whose header is lost. */
static int
begin_unknown(struct reader *file, bool swapped)
{
	const bool was_cut_short =
	    file->section.cut_short | (file->mark_count > 0 && pcapng_shb_is_cut_short(file));

	if (reader_begin_section(file) < 0)
		return -1;
	file->section.cut_short = was_cut_short;
	file->swapped = swapped;
	file->section_base = file->source.interface_count;
	file->source.from_vcap = false;
	file->is_unmarked = true;
	file->known_to = inbuf_offset(&file->in);
	return mark_section(file);
}

int
pcapng_shb_look_back(struct reader *file, uint64_t gap)
{
	const struct inbuf *in = &file->in;
	size_t most = gap < in->at ? (size_t)gap : in->at;

	if (most > HEADER_MOST)
		most = HEADER_MOST;
	for (uint32_t size = HEADER_LEAST; size <= most; size += 4) {
		const int order = order_before(in->bytes + in->at, size, size == gap);

		if (order >= 0)
			return begin_unknown(file, order);
	}
	return file->mark_count > 0 ? 0 : begin_unknown(file, file->swapped);
}

enum source_event
pcapng_shb_read(struct reader *file, struct failure *why)
{
	return inbuf_offset(&file->in) < file->known_to ? read_again(file, why)
							: read_new(file, why);
}
