/*
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks. Headers of sections are
 * pcapng_shb's, packets pcapng_epb's, names, secrets and custom blocks pcapng_note's; interfaces and
 * statistics are read here.
 *
 * Interface blocks yield no event: next() steps over them, and packets that follow belong to an
 * interface that the source has by then. When a file is revisited, those before known_to have been
 * added already and are skipped.
 */
#include "capfile/pcapng_read-int.h"

#include "base/parse.h"
#include "capfile/pcapng.h"
#include "capfile/pcapng_epb-int.h"
#include "capfile/pcapng_note-int.h"
#include "capfile/pcapng_option.h"
#include "capfile/pcapng_resync-int.h"
#include "capfile/pcapng_shb-int.h"
#include "packet/linktype.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a file may have of comments of interfaces, and of descriptions of interfaces: they are kept in
 * memory. */
#define COMMENTS_MAX   ((size_t)16 << 20) /* bytes */
#define INTERFACES_MAX ((size_t)64 << 20)

static bool
time_at(const struct reader *file, const struct tsresol *resolution, const unsigned char *p,
	int64_t *ns)
{
	return tsresol_ns(resolution, get_timestamp(file, p), ns);
}

/* The option is sound. */
static int
read_interface_option(struct reader *file, struct interface *interface, struct tsresol *resolution,
		      const struct block_option *option)
{
	char **text = option->code == OPT_IF_NAME          ? &interface->name
		      : option->code == OPT_IF_DESCRIPTION ? &interface->description
							   : NULL;

	if (text)
		return *text || (*text = pcapng_option_text(option)) ? 0 : -1;
	if (option->code == OPT_IF_SPEED) {
		interface->speed = get64(file, option->value);
	} else if (option->code == OPT_IF_TSRESOL) {
		int64_t offset_sec = resolution->offset_sec;

		*resolution = tsresol_parse(option->value[0]);
		resolution->offset_sec = offset_sec;
	} else if (option->code == OPT_IF_TSOFFSET) {
		resolution->offset_sec = (int64_t)get64(file, option->value);
	} else if (option->code == OPT_IF_FILTER && option->size > 1 && !option->value[0] &&
		   !interface->filter) {
		interface->filter = strndup((const char *)option->value + 1, option->size - 1u);
		return interface->filter ? 0 : -1;
	} else if (!pcapng_option_forbids_copy(option)) {
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
	struct tsresol resolution = tsresol_parse(6);
	struct left_out left_out = {0};
	struct block_option option;
	int more;

	interface->linktype = linktype_canonical(get16(file, body));
	interface->snaplen = get32(file, body + 4);
	/* Enough: those that are kept are part of them. */
	interface->options = size > 8 ? malloc(size - 8) : NULL;
	if (size > 8 && !interface->options)
		return -1;
	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0)
		if (!pcapng_option_is_sound(file->swapped, PCAPNG_OPTION_OF_INTERFACE, &option))
			left_out.options++;
		else if (read_interface_option(file, interface, &resolution, &option) < 0)
			return -1;
	if (interface->options_len > PCAPNG_OPTIONS_MAX) {
		interface->options_len = 0;
		left_out.options++;
	}
	if (more < 0)
		reader_mended(file, "an option of an interface beyond its block");
	else if (left_out.options)
		reader_leave_out(file, left_out);
	file->resolutions[file->source.interface_count - 1] = resolution;
	file->is_unmarked = true;
	if (interface->options_len == 0) {
		free(interface->options);
		interface->options = NULL;
	}
	return 0;
}

/* Reads an interface description. 0, or -1 with errno, and nothing is added. */
static int
read_interface(struct reader *file, const unsigned char *body, size_t size)
{
	struct interface *interface;

	errno = EBADMSG;
	if (size < 8 || file->interface_bytes + size > INTERFACES_MAX)
		return -1;
	file->interface_bytes += size;
	interface = reader_add_interface(file);
	if (!interface)
		return -1;
	if (fill_interface(file, interface, body, size) == 0)
		return 0;
	reader_drop_interface(file);
	return -1;
}

/* The comment "core N" of vcap-run names the core of the counters. */
static uint32_t
parse_core(const struct block_option *option)
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

/* Makes text the interface's comment. */
static void
set_comment(struct reader *file, struct interface *interface, char *text)
{
	if (interface->comment)
		file->comment_bytes -= strlen(interface->comment);
	free(interface->comment);
	interface->comment = text;
	file->comment_bytes += strlen(text);
}

/* Keeps the other comments as the interface's, a line each. */
static int
read_comments(struct reader *file, uint32_t id, const unsigned char *at, const unsigned char *end,
	      struct statistics *statistics)
{
	struct interface *interface = &file->source.interfaces[id];
	const size_t room =
	    (size_t)(end - at); /* an option is longer than its text and a newline */
	struct block_option option;
	char *text = NULL;
	size_t used = 0;

	while (pcapng_option_next(file->swapped, &at, end, &option) > 0) {
		const uint32_t core = parse_core(&option);
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
	if (file->comment_bytes + used > COMMENTS_MAX) {
		free(text);
		reader_leave_out(file, (struct left_out){.options = 1});
		return 0;
	}
	set_comment(file, interface, text);
	statistics->commented = true;
	return 0;
}

/* Reads a time; false, and it is unchanged, if it is out of range. */
static bool
read_time(const struct reader *file, uint32_t id, const struct block_option *option, int64_t *ns)
{
	int64_t value;

	if (!time_at(file, &file->resolutions[id], option->value, &value))
		return false;
	*ns = value;
	return true;
}

/* Whether the option is sound. */
static bool
read_counter(const struct reader *file, uint32_t id, const struct block_option *option,
	     struct statistics *statistics)
{
	if (!pcapng_option_is_sound(file->swapped, PCAPNG_OPTION_OF_STATISTICS, option))
		return false;
	switch (option->code) {
	case OPT_ISB_STARTTIME: return read_time(file, id, option, &statistics->start_ns);
	case OPT_ISB_ENDTIME: return read_time(file, id, option, &statistics->end_ns);
	case OPT_ISB_IFRECV: statistics->received = get64(file, option->value); break;
	case OPT_ISB_IFDROP: statistics->dropped = get64(file, option->value); break;
	case OPT_ISB_FILTERACCEPT: statistics->accepted = get64(file, option->value); break;
	case OPT_ISB_OSDROP: statistics->os_dropped = get64(file, option->value); break;
	case OPT_ISB_USRDELIV: statistics->delivered = get64(file, option->value); break;
	}
	return true;
}

static enum source_event
read_statistics(struct reader *file, const unsigned char *body, size_t size, struct packet *packet,
		struct failure *why)
{
	struct statistics statistics = STATISTICS_INIT;
	const unsigned char *at = body + 12, *end = body + size;
	struct left_out left_out = {0};
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
	if (!time_at(file, &file->resolutions[id], body + 4, &statistics.ts_ns))
		return reader_damaged(file, why, "a time outside of 1970 to 2262");
	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0)
		left_out.options += !read_counter(file, id, &option, &statistics);
	if (more < 0)
		return reader_damaged(file, why, "an option of statistics beyond its block");
	if (read_comments(file, id, body + 12, end, &statistics) < 0)
		return reader_unreadable(file, why);
	if (left_out.options)
		reader_leave_out(file, left_out);
	statistics.valid = true;
	file->source.interfaces[id].statistics = statistics;
	file->is_unmarked = false;
	*packet = (struct packet){.ts_ns = statistics.ts_ns, .iface = id, .core = statistics.core};
	return SOURCE_STATISTICS;
}

/* The block at hand has no length. */
static enum source_event
length_damaged(struct reader *file, uint32_t size, struct failure *why)
{
	char text[80];

	if (!reader_tell_other(file, text))
		snprintf(text, sizeof(text), "a block of %u bytes", size);
	return reader_damaged(file, why, "%s", text);
}

/* Reads until the block at hand is in the buffer. SOURCE_PACKET with its length in *size, or how
 * the source ended. */
static enum source_event
want_block(struct reader *file, uint32_t *size, struct failure *why)
{
	struct inbuf *in = &file->in;
	const unsigned char *p = in->bytes + in->at;
	char text[80];
	uint32_t tail;

	*size = get32(file, p + 4);
	if (*size < PCAPNG_BLOCK_MIN || *size % 4 || *size > FORMAT_BLOCK_MAX)
		return length_damaged(file, *size, why);
	if (inbuf_want(in, *size) < 0)
		return pcapng_resync_is_shorter(file, *size) ? length_damaged(file, *size, why)
							     : reader_unreadable(file, why);
	if (inbuf_left(in) < *size)
		return pcapng_resync_is_shorter(file, *size) ? length_damaged(file, *size, why)
							     : reader_truncated(file, why, "block");
	tail = get32(file, in->bytes + in->at + *size - 4);
	if (tail == *size)
		return SOURCE_PACKET;
	snprintf(text, sizeof(text), "a block of length %u that ends with %u", *size, tail);
	in->awaits = false;
	if (!pcapng_resync_has_wrong_end(file, *size, tail))
		return reader_awaits(file) ? SOURCE_LATER : reader_damaged(file, why, "%s", text);
	reader_mended(file, text);
	return SOURCE_PACKET;
}

static enum source_event
read_block(struct reader *file, uint32_t type, const unsigned char *body, size_t size,
	   struct packet *packet, struct failure *why)
{
	switch (type) {
	case PCAPNG_EPB:
	case PCAPNG_PACKET: return pcapng_epb_read(file, type, body, size, packet, why);
	case PCAPNG_SPB: return pcapng_epb_read_simple(file, body, size, packet, why);
	case PCAPNG_ISB: return read_statistics(file, body, size, packet, why);
	default: return pcapng_note_read(file, type, body, size, why);
	}
}

/* Reads the block at the next byte. SOURCE_NOTE, SOURCE_PACKET or SOURCE_STATISTICS: what it is, with
 * is_silent for an interface; or how the source has ended. */
static enum source_event
read_next(struct reader *file, struct packet *packet, bool *is_silent, struct failure *why)
{
	struct inbuf *in = &file->in;
	const unsigned char *block;
	enum source_event event;
	uint32_t type = get32(file, in->bytes + in->at), size;

	*is_silent = type == PCAPNG_IDB;
	if (type == PCAPNG_SHB)
		return pcapng_shb_read(file, why);
	event = want_block(file, &size, why);
	if (event != SOURCE_PACKET)
		return event;
	block = in->bytes + in->at;
	if (pcapng_shb_has_another_type(file, size)) {
		reader_mended(file, "a section's header that is called another block");
		return pcapng_shb_read(file, why);
	}
	if (type != PCAPNG_IDB) {
		event = read_block(file, type, block + PCAPNG_HEAD, size - PCAPNG_BLOCK_MIN, packet,
				   why);
		if (event != SOURCE_CUT)
			in->at += size;
		return event;
	}
	if (file->source.place >= file->known_to &&
	    read_interface(file, block + PCAPNG_HEAD, size - PCAPNG_BLOCK_MIN) < 0)
		return reader_failed(file, why, "a bad interface description");
	in->at += size;
	if (inbuf_offset(in) > file->known_to)
		file->known_to = inbuf_offset(in);
	return SOURCE_PACKET;
}

/* Goes on behind a damaged block. */
static enum source_event
pass(struct reader *file, struct failure *why)
{
	const enum source_event event = reader_pass(file, pcapng_resync_pass, why);
	const uint64_t size = inbuf_offset(&file->in) - file->passed_from;

	if (event == SOURCE_PACKET && pcapng_shb_look_back(file, size) < 0)
		return reader_unreadable(file, why);
	return event;
}

static enum source_event
pcapng_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;

	for (;;) {
		enum source_event event = SOURCE_PACKET;
		bool is_silent;

		if (file->is_passing && (event = pass(file, why)) != SOURCE_PACKET)
			return event;
		if (inbuf_want(in, PCAPNG_BLOCK_MIN) < 0)
			return reader_unreadable(file, why);
		if (inbuf_left(in) == 0) {
			file->section.cut_short |= pcapng_shb_is_cut_short(file);
			return reader_end(file, why);
		}
		if (inbuf_left(in) < PCAPNG_BLOCK_MIN)
			return reader_truncated(file, why, "block");
		if (file->gaps.count > 0 && reader_skip_gap(file)) {
			pcapng_shb_enter(file, inbuf_offset(in));
			continue;
		}
		source->place = inbuf_offset(in);
		event = read_next(file, packet, &is_silent, why);
		if (event == SOURCE_CUT && file->is_damaged) {
			is_silent = true;
			event = pass(file, why);
		}
		if (event != SOURCE_PACKET || !is_silent)
			return event;
	}
}

static int
pcapng_begin(struct reader *file, struct failure *why)
{
	file->source.next = pcapng_next;
	file->source.more = pcapng_epb_more;
	if (inbuf_want(&file->in, PCAPNG_BLOCK_MIN) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	if (inbuf_left(&file->in) < PCAPNG_BLOCK_MIN)
		reader_truncated(file, NULL, "section header");
	else if (pcapng_shb_read(file, NULL) == SOURCE_CUT && file->is_damaged)
		pass(file, NULL);
	return 0;
}

const struct reader_ops pcapng_read_ops = {
    .format = FORMAT_PCAPNG,
    .header = 0,
    .before_packet = PCAPNG_HEAD + 20,
    .begin = pcapng_begin,
    .next = pcapng_next,
    .more = pcapng_epb_more,
    .enter = pcapng_shb_enter,
};
