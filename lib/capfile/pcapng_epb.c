/*
 * Enhanced, simple and obsolete packet blocks (draft-ietf-opsawg-pcapng, sections 4.3, 4.4 and A).
 *
 * epb_flags and epb_queue become members of struct packet. Its other options are a view into the
 * block wherever they stand in one piece and in this host's byte order, which is nearly always;
 * only otherwise are they copied, translated, to file->scratch. pcapng_epb_more is the fast path:
 * it takes blocks from the buffer as long as each is whole, sound and needs no copy, and leaves any
 * other to next(), which says what is wrong.
 */
#include "capfile/pcapng_epb-int.h"

#include "capfile/pcapng.h"
#include "capfile/pcapng_option.h"

#include <stdio.h>
#include <string.h>

#define FIXED 20u /* bytes of the body before the packet's data */

/* Whether the option is a member of struct packet. */
static bool
is_member(const struct block_option *option)
{
	return (option->code == OPT_EPB_FLAGS || option->code == OPT_EPB_QUEUE) &&
	       option->size == 4;
}

static bool
is_kept(const struct reader *file, const struct block_option *option)
{
	return !is_member(option) && !pcapng_option_forbids_copy(option) &&
	       pcapng_option_is_sound(file->swapped, PCAPNG_OPTION_OF_PACKET, option);
}

/*
 * Reads epb_flags and epb_queue among the options in [at, end), and makes a view of the others. 0,
 * or -1 if an option does not fit, or 1 if the others need a copy, or one is left out.
 */
static int
view_options(const struct reader *file, struct packet *packet, const unsigned char *at,
	     const unsigned char *end)
{
	const unsigned char *first = NULL, *last = NULL;
	bool is_view = !file->swapped, is_sound = true;
	struct block_option option;
	int more;

	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0) {
		if (is_member(&option)) {
			const uint32_t value = get32(file, option.value);

			*(option.code == OPT_EPB_FLAGS ? &packet->flags : &packet->core) = value;
		} else if (!pcapng_option_is_sound(file->swapped, PCAPNG_OPTION_OF_PACKET,
						   &option)) {
			is_sound = false;
		} else if (!pcapng_option_forbids_copy(&option)) {
			/* Another option stands between two of these. */
			if (last && last != option.value - 4)
				is_view = false;
			first = first ? first : option.value - 4;
			last = at;
		}
	}
	if (more < 0)
		return more;
	if (first) {
		packet->options = first;
		packet->options_len = (uint32_t)(last - first);
	}
	if (packet->options_len > PCAPNG_OPTIONS_MAX)
		is_sound = false;
	return is_sound && (is_view || !first) ? 0 : 1;
}

/* Copies the other options, translated, but for those that readers do not accept. */
static int
copy_options(struct reader *file, struct packet *packet, const unsigned char *at,
	     const unsigned char *end, uint64_t *left_out)
{
	struct block_option option;
	uint64_t kept = 0;
	unsigned char *to;

	if (reader_reserve_scratch(file, (size_t)(end - at)) < 0)
		return -1;
	to = file->scratch;
	while (pcapng_option_next(file->swapped, &at, end, &option) > 0) {
		*left_out +=
		    !pcapng_option_is_sound(file->swapped, PCAPNG_OPTION_OF_PACKET, &option);
		if (!is_kept(file, &option))
			continue;
		to = pcapng_option_translate(file->swapped, PCAPNG_OPTION_OF_PACKET, &option, to);
		kept++;
	}
	packet->options = file->scratch;
	packet->options_len = (uint32_t)(to - file->scratch);
	if (packet->options_len > PCAPNG_OPTIONS_MAX) {
		packet->options_len = 0;
		*left_out += kept;
	}
	return 0;
}

/* What is wrong with a packet block, its options aside. */
enum flaw { SOUND, TOO_SHORT, NO_INTERFACE, TOO_LONG, MORE_KEPT, NO_TIME };

/* Reads the fixed fields of an enhanced or obsolete packet block: they differ in the first word. */
static inline enum flaw
read_fixed(const struct reader *file, uint32_t type, const unsigned char *body, size_t size,
	   struct packet *packet)
{
	uint32_t id;

	if (size < FIXED)
		return TOO_SHORT;
	id = type == PCAPNG_EPB ? get32(file, body) : get16(file, body);
	packet->iface = id + file->section_base;
	packet->caplen = get32(file, body + 12);
	packet->len = get32(file, body + 16);
	packet->core = PACKET_NO_CORE;
	packet->flags = 0;
	packet->data = body + FIXED;
	packet->options = NULL;
	packet->options_len = 0;
	if (id >= file->source.interface_count - file->section_base)
		return NO_INTERFACE;
	if (PCAPNG_PAD(packet->caplen) > size - FIXED)
		return TOO_LONG;
	if (packet->caplen > packet->len)
		return MORE_KEPT;
	return tsresol_ns(&file->resolutions[packet->iface], get_timestamp(file, body + 4),
			  &packet->ts_ns)
		   ? SOUND
		   : NO_TIME;
}

static enum source_event
packet_damaged(struct reader *file, enum flaw flaw, const struct packet *packet, size_t size,
	       struct failure *why)
{
	switch (flaw) {
	case NO_INTERFACE:
		return reader_damaged(file, why, "interface %u of %u",
				      packet->iface - file->section_base,
				      file->source.interface_count - file->section_base);
	case TOO_LONG:
		return reader_damaged(file, why, "a packet of %u bytes in a block of %zu",
				      packet->caplen, size + PCAPNG_BLOCK_MIN);
	default:
		return reader_damaged(file, why, "a packet block of %zu bytes",
				      size + PCAPNG_BLOCK_MIN);
	}
}

/* Whether the options begin where a packet of so many bytes ends. */
static bool
has_options_behind(const struct reader *file, const unsigned char *body, size_t size,
		   uint32_t caplen)
{
	const unsigned char *at = body + FIXED + PCAPNG_PAD(caplen);
	struct block_option option;
	int more;

	if (PCAPNG_PAD(caplen) > size - FIXED)
		return false;
	while ((more = pcapng_option_next(file->swapped, &at, body + size, &option)) > 0)
		;
	return more == 0;
}

/* Mends what is wrong with the lengths or the time of a packet whose interface is known, and says in
 * said what that was; it is empty if nothing is. Returns the flaw that stays. */
static enum flaw
mend(const struct reader *file, enum flaw flaw, const unsigned char *body, size_t size,
     struct packet *packet, char said[80])
{
	const uint32_t caplen = packet->caplen, len = packet->len;

	*said = '\0';
	if (flaw == TOO_SHORT || flaw == NO_INTERFACE)
		return flaw;
	if ((flaw == MORE_KEPT || flaw == TOO_LONG ||
	     !has_options_behind(file, body, size, caplen)) &&
	    len != caplen && has_options_behind(file, body, size, len))
		packet->caplen = len;
	else if (flaw == TOO_LONG)
		return flaw;
	else if (flaw == MORE_KEPT)
		packet->len = caplen;
	if (flaw != SOUND && flaw != NO_TIME)
		flaw = tsresol_ns(&file->resolutions[packet->iface], get_timestamp(file, body + 4),
				  &packet->ts_ns)
			   ? SOUND
			   : NO_TIME;
	if (flaw == NO_TIME) {
		packet->ts_ns = file->last_ns;
		snprintf(said, 80, "a time outside of 1970 to 2262");
	}
	if (packet->caplen != caplen || packet->len != len)
		snprintf(said, 80, "%u bytes kept of a packet of %u", caplen, len);
	return SOUND;
}

enum source_event
pcapng_epb_read(struct reader *file, uint32_t type, const unsigned char *body, size_t size,
		struct packet *packet, struct failure *why)
{
	const unsigned char *options, *end = body + size;
	struct left_out left_out = {0};
	uint64_t drops;
	char said[80];
	enum flaw flaw =
	    mend(file, read_fixed(file, type, body, size, packet), body, size, packet, said);
	int rc;

	if (flaw != SOUND)
		return packet_damaged(file, flaw, packet, size, why);
	options = packet->data + PCAPNG_PAD(packet->caplen);
	rc = view_options(file, packet, options, end);
	if (rc < 0) {
		snprintf(said, sizeof(said), "an option of a packet beyond its block");
		packet->options_len = 0;
	}
	if (rc > 0 && copy_options(file, packet, options, end, &left_out.options) < 0)
		return reader_unreadable(file, why);
	drops = type == PCAPNG_PACKET ? get16(file, body + 2) : UINT16_MAX;
	/* The drop count of an obsolete block. */
	if (drops != UINT16_MAX &&
	    reader_add_option(file, packet, OPT_EPB_DROPCOUNT, &drops, 8) < 0)
		return reader_unreadable(file, why);
	if (packet->caplen > PACKET_SNAPLEN) {
		packet->caplen = PACKET_SNAPLEN;
		left_out.cut = 1;
	}
	if ((*said || file->gaps.count > 0) && reader_mend(file, packet, *said ? said : NULL) < 0)
		return reader_unreadable(file, why);
	if (left_out.options || left_out.cut)
		reader_leave_out(file, left_out);
	file->last_ns = packet->ts_ns;
	file->is_unmarked = true;
	return SOURCE_PACKET;
}

enum source_event
pcapng_epb_read_simple(struct reader *file, const unsigned char *body, size_t size,
		       struct packet *packet, struct failure *why)
{
	uint32_t len, caplen, snaplen;

	if (size < 4)
		return reader_damaged(file, why, "a packet block of %zu bytes",
				      size + PCAPNG_BLOCK_MIN);
	if (file->source.interface_count == file->section_base)
		return reader_damaged(file, why, "a packet before any interface");
	snaplen = file->source.interfaces[file->section_base].snaplen;
	len = get32(file, body);
	caplen = snaplen && snaplen < len ? snaplen : len;
	if (PCAPNG_PAD(caplen) > size - 4)
		return reader_damaged(file, why, "a packet of %u bytes in a block of %zu", caplen,
				      size + PCAPNG_BLOCK_MIN);
	*packet = (struct packet){.ts_ns = file->last_ns,
				  .caplen = caplen,
				  .len = len,
				  .iface = file->section_base,
				  .core = PACKET_NO_CORE,
				  .data = body + 4};
	if (caplen > PACKET_SNAPLEN) {
		packet->caplen = PACKET_SNAPLEN;
		reader_leave_out(file, (struct left_out){.cut = 1});
	}
	file->is_unmarked = true;
	return SOURCE_PACKET;
}

/* Reads an enhanced packet block if it is whole, sound and needs no copy. Its size, or 0. */
static inline size_t
read_plain(const struct reader *file, const unsigned char *block, size_t left,
	   struct packet *packet)
{
	const unsigned char *body = block + PCAPNG_HEAD, *end, *options;
	uint32_t size;

	if (left < PCAPNG_BLOCK_MIN || get32(file, block) != PCAPNG_EPB)
		return 0;
	size = get32(file, block + 4);
	if (size > left || size < PCAPNG_BLOCK_MIN || size % 4 || size > FORMAT_BLOCK_MAX ||
	    get32(file, block + size - 4) != size ||
	    read_fixed(file, PCAPNG_EPB, body, size - PCAPNG_BLOCK_MIN, packet) != SOUND ||
	    packet->caplen > PACKET_SNAPLEN)
		return 0;
	end = block + size - 4;
	options = packet->data + PCAPNG_PAD(packet->caplen);
	return options == end || view_options(file, packet, options, end) == 0 ? size : 0;
}

size_t
pcapng_epb_more(struct source *source, struct packet *list, size_t room)
{
	struct reader *file = (struct reader *)source;
	struct inbuf *in = &file->in;
	size_t count = 0, size;

	/* The first packet behind a gap gets a comment. */
	if (file->gaps.count > 0 && gaps_to(&file->gaps, inbuf_offset(in)))
		return 0;
	while (count < room &&
	       (size = read_plain(file, in->bytes + in->at, inbuf_left(in), &list[count])) > 0) {
		in->at += size;
		count++;
	}
	if (count) {
		file->last_ns = list[count - 1].ts_ns;
		file->is_unmarked = true;
	}
	return count;
}
