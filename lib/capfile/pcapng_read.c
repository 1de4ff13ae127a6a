/*
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks, each section in a byte order of
 * its own and with interfaces numbered from 0. The source numbers the interfaces of all sections in
 * one sequence.
 */
#include "capfile/reader-int.h"

#include "base/parse.h"
#include "capfile/pcapng_option.h"
#include "capfile/pcapng_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAD4(n) (((size_t)(n) + 3u) & ~(size_t)3u)

/* What a section of vcap's owes at its end: statistics with an end time for each interface that has
 * any, and nothing behind them. */
static bool
section_is_cut_short(const struct reader *file)
{
	bool has_statistics = false;

	if (!file->is_vcaps || file->source.interface_count == file->section_base)
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
add_comment(struct reader_section *section, size_t count, const struct block_option *option)
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
keep_section_option(struct reader *file, const struct block_option *option, size_t room)
{
	struct reader_section *section = &file->section;
	unsigned char *end;

	if (!pcapng_option_is_custom(option->code) || pcapng_option_is_left_out(option))
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
	struct reader_section *section = &file->section;
	const size_t room = (size_t)(end - at);
	struct block_option option;
	size_t count = 0;
	int more;

	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0) {
		char **text = option.code == OPT_SHB_HARDWARE   ? &section->hardware
			      : option.code == OPT_SHB_OS       ? &section->os
			      : option.code == OPT_SHB_USERAPPL ? &section->application
								: NULL;

		if (option.code == OPT_COMMENT && add_comment(section, count++, &option) < 0)
			return -1;
		if (text && !*text && !(*text = pcapng_option_text(&option)))
			return -1;
		if (keep_section_option(file, &option, room) < 0)
			return -1;
	}
	errno = more < 0 ? EBADMSG : 0;
	return more;
}

enum source_event
pcapng_failed(struct reader *file, struct failure *why, const char *what)
{
	return errno == EBADMSG ? reader_damaged(file, why, "%s", what)
				: reader_unreadable(file, why);
}

/* Remembers where the section at hand begins. */
static int
mark_section(struct reader *file)
{
	struct section_mark *sections =
	    realloc(file->sections, (file->section_count + 1) * sizeof(*sections));

	if (!sections)
		return -1;
	file->sections = sections;
	sections[file->section_count++] =
	    (struct section_mark){inbuf_offset(&file->in), file->section_base, file->swapped};
	return 0;
}

void
pcapng_enter_section(struct reader *file, uint64_t offset)
{
	size_t low = 0, high = file->section_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (file->sections[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	file->section_base = file->sections[low].interface_base;
	file->swapped = file->sections[low].swapped;
}

/* A section header that is read again. */
static enum source_event
reenter_section(struct reader *file, struct failure *why)
{
	struct inbuf *in = &file->in;
	uint32_t size;

	pcapng_enter_section(file, inbuf_offset(in));
	size = get32(file, in->bytes + in->at + 4);
	if (inbuf_want(in, size) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < size)
		return reader_truncated(file, why, "section header");
	file->source.note = (struct note){.type = PCAPNG_SHB,
					  .body = in->bytes + in->at + PCAPNG_HEAD,
					  .size = size - PCAPNG_BLOCK_MIN,
					  .foreign = true};
	in->at += size;
	return SOURCE_NOTE;
}

/* Reads the section header at hand, of which twelve bytes are there. */
static enum source_event
read_section(struct reader *file, struct failure *why)
{
	struct inbuf *in = &file->in;
	bool was_cut_short = file->section.cut_short | section_is_cut_short(file);
	const unsigned char *p = in->bytes + in->at;
	uint32_t size;

	file->swapped = false;
	if (get32(file, p + 8) != PCAPNG_MAGIC) {
		file->swapped = true;
		if (get32(file, p + 8) != PCAPNG_MAGIC)
			return reader_damaged(file, why, "a section without byte order");
	}
	size = get32(file, p + 4);
	if (size < 28 || size % 4 || size > READER_BLOCK_MAX)
		return reader_damaged(file, why, "a section header of %u bytes", size);
	if (inbuf_want(in, size) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < size)
		return reader_truncated(file, why, "section header");
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
	file->section.cut_short = was_cut_short;
	if (section_options(file, p + 24, p + size - 4) < 0)
		return pcapng_failed(file, why, "an option of the section beyond its block");
	file->section_base = file->source.interface_count;
	if (mark_section(file) < 0)
		return reader_unreadable(file, why);
	file->is_vcaps =
	    file->section.application && strncmp(file->section.application, "vcap-", 5) == 0;
	file->source.describes_engine = file->is_vcaps;
	file->is_unmarked = true;
	file->source.note = (struct note){.type = PCAPNG_SHB,
					  .body = p + PCAPNG_HEAD,
					  .size = size - PCAPNG_BLOCK_MIN,
					  .foreign = true};
	in->at += size;
	file->known_to = inbuf_offset(in);
	return SOURCE_NOTE;
}

int
pcapng_begin(struct reader *file, struct failure *why)
{
	file->format = READER_PCAPNG;
	file->source.next = pcapng_next;
	file->source.more = pcapng_more;
	if (inbuf_want(&file->in, PCAPNG_BLOCK_MIN) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	if (inbuf_left(&file->in) < PCAPNG_BLOCK_MIN)
		reader_truncated(file, NULL, "section header");
	else
		read_section(file, NULL);
	return 0;
}

static bool
time_at(const struct reader *file, const struct tsresol *ticks, const unsigned char *p, int64_t *ns)
{
	return tsresol_ns(ticks, pcapng_count_at(file, p), ns);
}

static int
interface_option(struct reader *file, struct interface *interface, struct tsresol *ticks,
		 const struct block_option *option)
{
	char **text = option->code == OPT_IF_NAME          ? &interface->name
		      : option->code == OPT_IF_DESCRIPTION ? &interface->description
							   : NULL;

	if (text)
		return *text || (*text = pcapng_option_text(option)) ? 0 : -1;
	if (option->code == OPT_IF_SPEED && option->size == 8) {
		interface->speed = get64(file, option->value);
	} else if (option->code == OPT_IF_TSRESOL && option->size == 1) {
		int64_t offset_sec = ticks->offset_sec;

		*ticks = tsresol_parse(option->value[0]);
		ticks->offset_sec = offset_sec;
	} else if (option->code == OPT_IF_TSOFFSET && option->size == 8) {
		ticks->offset_sec = (int64_t)get64(file, option->value);
	} else if (option->code == OPT_IF_FILTER && option->size > 1 && !option->value[0] &&
		   !interface->filter) {
		interface->filter = strndup((const char *)option->value + 1, option->size - 1u);
		return interface->filter ? 0 : -1;
	} else if (!pcapng_option_is_left_out(option)) {
		unsigned char *end =
		    pcapng_option_translate(file->swapped, PCAPNG_OPTION_OF_INTERFACE, option,
					    interface->options + interface->options_len);

		interface->options_len = (uint32_t)(end - interface->options);
	}
	return 0;
}

static int
fill_interface(struct reader *file, struct interface *interface, const unsigned char *body,
	       size_t size)
{
	const unsigned char *at = body + 8, *end = body + size;
	struct tsresol ticks = tsresol_parse(6);
	struct block_option option;
	int more;

	interface->linktype = get16(file, body);
	interface->snaplen = get32(file, body + 4);
	/* More than enough: what is kept of the options is part of them. */
	interface->options = size > 8 ? malloc(size - 8) : NULL;
	if (size > 8 && !interface->options)
		return -1;
	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0)
		if (interface_option(file, interface, &ticks, &option) < 0)
			return -1;
	file->ticks[file->source.interface_count - 1] = ticks;
	file->is_unmarked = true;
	if (interface->options_len == 0) {
		free(interface->options);
		interface->options = NULL;
	}
	errno = EBADMSG;
	return more;
}

/* An interface description. 0, or -1 with errno and nothing added. */
static int
read_interface(struct reader *file, const unsigned char *body, size_t size)
{
	struct interface *interface;

	errno = EBADMSG;
	if (size < 8)
		return -1;
	interface = reader_add_interface(file);
	if (!interface)
		return -1;
	if (fill_interface(file, interface, body, size) == 0)
		return 0;
	reader_drop_interface(file);
	return -1;
}

/* "core N" tells whose counters they are, as vcap-run writes it. */
static uint32_t
core_of_comment(const struct block_option *option)
{
	char text[16] = "";
	uint64_t core;

	if (option->size <= 5 || option->size >= sizeof(text) + 5 ||
	    memcmp(option->value, "core ", 5) != 0)
		return PACKET_NO_CORE;
	memcpy(text, option->value + 5, option->size - 5u);
	return parse_number(text, PACKET_NO_CORE - 1, &core, NULL) < 0 ? PACKET_NO_CORE
								       : (uint32_t)core;
}

/* Comments that are not the core's number are kept, one a line. */
static int
statistics_comments(struct reader *file, uint32_t id, const unsigned char *at,
		    const unsigned char *end, struct statistics *statistics)
{
	struct interface *interface = &file->source.interfaces[id];
	const size_t room =
	    (size_t)(end - at); /* an option takes more than its text and a newline */
	struct block_option option;
	char *text = NULL;
	size_t used = 0;

	while (pcapng_option_next(file->swapped, &at, end, &option) > 0) {
		const uint32_t core = core_of_comment(&option);
		size_t size = strnlen((const char *)option.value, option.size);

		if (option.code != OPT_COMMENT)
			continue;
		if (core != PACKET_NO_CORE) {
			statistics->core = core;
			continue;
		}
		if (!text && !(text = malloc(room)))
			return -1;
		memcpy(text + used, option.value, size);
		used += size;
		text[used++] = '\n';
	}
	if (!text)
		return 0;
	text[used - 1] = '\0';
	free(interface->comment);
	interface->comment = text;
	statistics->commented = true;
	return 0;
}

/* 0, or -1 with errno: EBADMSG for a time out of range. */
static int
statistics_option(struct reader *file, uint32_t id, const struct block_option *option,
		  struct statistics *statistics)
{
	const struct tsresol *ticks = &file->ticks[id];

	if (option->size != 8)
		return 0;
	errno = EBADMSG;
	switch (option->code) {
	case OPT_ISB_STARTTIME:
		return time_at(file, ticks, option->value, &statistics->start_ns) ? 0 : -1;
	case OPT_ISB_ENDTIME:
		return time_at(file, ticks, option->value, &statistics->end_ns) ? 0 : -1;
	case OPT_ISB_IFRECV: statistics->received = get64(file, option->value); break;
	case OPT_ISB_IFDROP: statistics->dropped = get64(file, option->value); break;
	case OPT_ISB_FILTERACCEPT: statistics->accepted = get64(file, option->value); break;
	case OPT_ISB_OSDROP: statistics->os_dropped = get64(file, option->value); break;
	case OPT_ISB_USRDELIV: statistics->delivered = get64(file, option->value); break;
	}
	return 0;
}

static enum source_event
read_statistics(struct reader *file, const unsigned char *body, size_t size, struct packet *packet,
		struct failure *why)
{
	struct statistics statistics = STATISTICS_INIT;
	const unsigned char *at = body + 12, *end = body + size;
	struct block_option option;
	uint32_t id;
	int more;

	if (size < 12)
		return reader_damaged(file, why, "statistics of %zu bytes",
				      size + PCAPNG_BLOCK_MIN);
	id = get32(file, body);
	if (id >= file->source.interface_count - file->section_base)
		return reader_damaged(file, why, "statistics of interface %u of %u", id,
				      file->source.interface_count - file->section_base);
	id += file->section_base;
	if (!time_at(file, &file->ticks[id], body + 4, &statistics.ts_ns))
		return reader_damaged(file, why, "a time outside of 1970 to 2262");
	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0)
		if (statistics_option(file, id, &option, &statistics) < 0)
			return pcapng_failed(file, why, "a time outside of 1970 to 2262");
	if (more < 0)
		return reader_damaged(file, why, "an option of statistics beyond its block");
	if (statistics_comments(file, id, body + 12, end, &statistics) < 0)
		return reader_unreadable(file, why);
	statistics.valid = true;
	file->source.interfaces[id].statistics = statistics;
	file->is_unmarked = false;
	*packet = (struct packet){.ts_ns = statistics.ts_ns, .iface = id, .core = statistics.core};
	return SOURCE_STATISTICS;
}

/* Reverses the numbers in the copy of a known block. Returns where its options start, or NULL if
 * its records do not fit. */
static unsigned char *
swap_records(const struct reader *file, uint32_t type, unsigned char *p, unsigned char *end)
{
	if (type != PCAPNG_NRB) {
		uint32_t length = 0;

		if (end - p < (type == PCAPNG_DSB ? 8 : 4))
			return NULL;
		pcapng_option_reverse(p, 4);
		if (type != PCAPNG_DSB)
			return end;
		length = get32(file, p + 4);
		pcapng_option_reverse(p + 4, 4);
		return PAD4(length) <= (size_t)(end - p) - 8 ? p + 8 + PAD4(length) : NULL;
	}
	for (uint16_t record = 1; record && end - p >= 4;) {
		size_t size = PAD4(get16(file, p + 2));

		record = get16(file, p);
		pcapng_option_reverse(p, 2);
		pcapng_option_reverse(p + 2, 2);
		p += 4;
		if ((size_t)(end - p) < size)
			return NULL;
		p += size;
	}
	return p;
}

static enum source_event
read_note(struct reader *file, uint32_t type, const unsigned char *body, size_t size,
	  struct failure *why)
{
	bool known = type == PCAPNG_NRB || type == PCAPNG_DSB || type == PCAPNG_CUSTOM ||
		     type == PCAPNG_CUSTOM_NOCOPY;
	unsigned char *p, *end;

	file->source.note = (struct note){
	    .type = type, .body = body, .size = (uint32_t)size, .foreign = file->swapped && !known};
	if (!file->swapped || !known)
		return SOURCE_NOTE;
	if (reader_reserve_scratch(file, size) < 0)
		return reader_unreadable(file, why);
	memcpy(file->scratch, body, size);
	file->source.note.body = file->scratch;
	end = file->scratch + size;
	p = swap_records(file, type, file->scratch, end);
	if (!p)
		return reader_damaged(file, why, "a record beyond its block");
	while (end - p >= 4) {
		const unsigned char *at = p;
		struct block_option option;
		int more = pcapng_option_next(file->swapped, &at, end, &option);

		if (more < 0)
			return reader_damaged(file, why, "an option beyond its block");
		if (more == 0)
			break;
		p = pcapng_option_translate(file->swapped, PCAPNG_OPTION_OF_OTHER, &option, p);
	}
	return SOURCE_NOTE;
}

/* Makes the whole block at hand readable, with its length in *size; SOURCE_PACKET stands for
 * success. */
static enum source_event
want_block(struct reader *file, uint32_t *size, struct failure *why)
{
	struct inbuf *in = &file->in;
	const unsigned char *p = in->bytes + in->at;
	uint32_t tail;

	*size = get32(file, p + 4);
	if (*size < PCAPNG_BLOCK_MIN || *size % 4 || *size > READER_BLOCK_MAX)
		return reader_damaged(file, why, "a block of %u bytes", *size);
	if (inbuf_want(in, *size) < 0)
		return reader_unreadable(file, why);
	if (inbuf_left(in) < *size)
		return reader_truncated(file, why, "block");
	tail = get32(file, in->bytes + in->at + *size - 4);
	if (tail != *size)
		return reader_damaged(file, why, "a block of length %u that ends with %u", *size,
				      tail);
	return SOURCE_PACKET;
}

static enum source_event
read_block(struct reader *file, uint32_t type, const unsigned char *body, size_t size,
	   struct packet *packet, struct failure *why)
{
	switch (type) {
	case PCAPNG_EPB:
	case PCAPNG_PACKET: return pcapng_read_packet(file, type, body, size, packet, why);
	case PCAPNG_SPB: return pcapng_read_simple(file, body, size, packet, why);
	case PCAPNG_ISB: return read_statistics(file, body, size, packet, why);
	default: return read_note(file, type, body, size, why);
	}
}

enum source_event
pcapng_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;

	for (;;) {
		const unsigned char *block;
		enum source_event event;
		uint32_t type, size;

		if (inbuf_want(in, PCAPNG_BLOCK_MIN) < 0)
			return reader_unreadable(file, why);
		if (inbuf_left(in) == 0) {
			file->section.cut_short |= section_is_cut_short(file);
			return reader_end(file, why);
		}
		if (inbuf_left(in) < PCAPNG_BLOCK_MIN)
			return reader_truncated(file, why, "block");
		source->place = inbuf_offset(in);
		type = get32(file, in->bytes + in->at);
		if (type == PCAPNG_SHB && source->place < file->known_to)
			return reenter_section(file, why);
		if (type == PCAPNG_SHB)
			return read_section(file, why);
		event = want_block(file, &size, why);
		if (event != SOURCE_PACKET)
			return event;
		block = in->bytes + in->at;
		if (type == PCAPNG_IDB) {
			if (source->place >= file->known_to &&
			    read_interface(file, block + PCAPNG_HEAD, size - PCAPNG_BLOCK_MIN) < 0)
				return pcapng_failed(file, why, "a bad interface description");
			in->at += size;
			if (inbuf_offset(in) > file->known_to)
				file->known_to = inbuf_offset(in);
			continue;
		}
		event = read_block(file, type, block + PCAPNG_HEAD, size - PCAPNG_BLOCK_MIN, packet,
				   why);
		if (event != SOURCE_CUT)
			in->at += size;
		return event;
	}
}
