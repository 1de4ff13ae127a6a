/*
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks, each section in a byte order of
 * its own and with interfaces numbered from 0. The source numbers the interfaces of all sections in
 * one sequence.
 */
#include "capread.h"

#include "parse.h"
#include "pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAD4(n)    (((size_t)(n) + 3u) & ~(size_t)3u)
#define BLOCK_HEAD 8u
#define BLOCK_MIN  12u

/* What a block is, as far as its options' numbers go. */
enum kind { OF_PACKET, OF_INTERFACE, OF_OTHER };

struct option {
	uint16_t code, size;
	const unsigned char *value;
};

/* The next option in [*at, end): 1, or 0 after the last, or -1 if it does not fit. */
static int
next_option(const struct capfile *file, const unsigned char **at, const unsigned char *end,
	    struct option *option)
{
	const unsigned char *p = *at;

	if (end - p < 4)
		return end == p ? 0 : -1;
	option->code = get16(file, p);
	option->size = get16(file, p + 2);
	option->value = p + 4;
	if (option->code == OPT_END)
		return 0;
	if ((size_t)(end - option->value) < PAD4(option->size))
		return -1;
	*at = option->value + PAD4(option->size);
	return 1;
}

static char *
option_text(const struct option *option)
{
	return strndup((const char *)option->value, option->size);
}

static int
scratch_reserve(struct capfile *file, size_t size)
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

static void
reverse(unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		unsigned char c = p[i];

		p[i] = p[size - 1 - i];
		p[size - 1 - i] = c;
	}
}

/* The width of the numbers that make up an option's value; 0 where it is bytes or text. */
static size_t
option_width(enum kind kind, uint16_t code)
{
	static const unsigned char packet[] = {[2] = 4, [4] = 8, [5] = 8, [6] = 4, [8] = 4};
	static const unsigned char interface[] = {[8] = 8, [10] = 4, [14] = 8, [16] = 8, [17] = 8};

	if (kind == OF_PACKET)
		return code < sizeof(packet) ? packet[code] : 0;
	if (kind == OF_INTERFACE)
		return code < sizeof(interface) ? interface[code] : 0;
	return 0;
}

/* Custom options start with the number of an enterprise (section 3.5.1). */
static bool
is_custom(uint16_t code)
{
	return code == 2988 || code == 2989 || code == 19372 || code == 19373;
}

/* Those whose number has this bit are not for a file that somebody else writes (section 3.5.1). */
static bool
is_left_out(const struct option *option)
{
	return is_custom(option->code) && option->code & 0x4000;
}

/* Writes the option in this host's byte order. Returns the end of what was written. */
static unsigned char *
translate_option(const struct capfile *file, enum kind kind, const struct option *option,
		 unsigned char *to)
{
	size_t width = option_width(kind, option->code);
	unsigned char *value = to + 4;

	memcpy(to, &option->code, 2);
	memcpy(to + 2, &option->size, 2);
	memcpy(value, option->value, PAD4(option->size));
	if (file->swapped && is_custom(option->code) && option->size >= 4)
		reverse(value, 4);
	if (file->swapped && width)
		for (size_t i = 0; i + width <= option->size; i += width)
			reverse(value + i, width);
	return value + PAD4(option->size);
}

/* What a section of vcap's owes at its end: statistics with an end time for each interface that has
 * any, and nothing behind them. */
static bool
section_is_cut_short(const struct capfile *file)
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
add_comment(struct capfile_section *section, size_t count, const struct option *option)
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
	section->comments[count] = option_text(option);
	if (!section->comments[count])
		return -1;
	section->comments[count + 1] = NULL;
	return 0;
}

/* Keeps a custom option that may be copied; room is for all of them. */
static int
keep_section_option(struct capfile *file, const struct option *option, size_t room)
{
	struct capfile_section *section = &file->section;
	unsigned char *end;

	if (!is_custom(option->code) || is_left_out(option))
		return 0;
	if (!section->options && !(section->options = malloc(room)))
		return -1;
	end = translate_option(file, OF_OTHER, option, section->options + section->options_len);
	section->options_len = (uint32_t)(end - section->options);
	return 0;
}

static int
section_options(struct capfile *file, const unsigned char *at, const unsigned char *end)
{
	struct capfile_section *section = &file->section;
	const size_t room = (size_t)(end - at);
	struct option option;
	size_t count = 0;
	int more;

	while ((more = next_option(file, &at, end, &option)) > 0) {
		char **text = option.code == OPT_SHB_HARDWARE   ? &section->hardware
			      : option.code == OPT_SHB_OS       ? &section->os
			      : option.code == OPT_SHB_USERAPPL ? &section->application
								: NULL;

		if (option.code == OPT_COMMENT && add_comment(section, count++, &option) < 0)
			return -1;
		if (text && !*text && !(*text = option_text(&option)))
			return -1;
		if (keep_section_option(file, &option, room) < 0)
			return -1;
	}
	errno = more < 0 ? EBADMSG : 0;
	return more;
}

/* A failure of a helper: errno EBADMSG is damage (what), anything else is this host's. */
static enum source_event
block_failed(struct capfile *file, struct failure *why, const char *what)
{
	return errno == EBADMSG ? capfile_damaged(file, why, "%s", what)
				: capfile_unreadable(file, why);
}

/* Remembers where the section at hand begins. */
static int
mark_section(struct capfile *file)
{
	struct section_mark *sections =
	    realloc(file->sections, (file->section_count + 1) * sizeof(*sections));

	if (!sections)
		return -1;
	file->sections = sections;
	sections[file->section_count++] =
	    (struct section_mark){intake_offset(&file->in), file->section_base, file->swapped};
	return 0;
}

void
pcapng_enter_section(struct capfile *file, uint64_t offset)
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
reenter_section(struct capfile *file, struct failure *why)
{
	struct intake *in = &file->in;
	uint32_t size;

	pcapng_enter_section(file, intake_offset(in));
	size = get32(file, in->bytes + in->at + 4);
	if (intake_want(in, size) < 0)
		return capfile_unreadable(file, why);
	if (intake_left(in) < size)
		return capfile_truncated(file, why, "section header");
	file->source.note = (struct note){.type = PCAPNG_SHB,
					  .body = in->bytes + in->at + BLOCK_HEAD,
					  .size = size - BLOCK_MIN,
					  .foreign = true};
	in->at += size;
	return SOURCE_NOTE;
}

/* Reads the section header at hand, of which twelve bytes are there. */
static enum source_event
read_section(struct capfile *file, struct failure *why)
{
	struct intake *in = &file->in;
	bool was_cut_short = file->section.cut_short | section_is_cut_short(file);
	const unsigned char *p = in->bytes + in->at;
	uint32_t size;

	file->swapped = false;
	if (get32(file, p + 8) != PCAPNG_MAGIC) {
		file->swapped = true;
		if (get32(file, p + 8) != PCAPNG_MAGIC)
			return capfile_damaged(file, why, "a section without byte order");
	}
	size = get32(file, p + 4);
	if (size < 28 || size % 4 || size > CAPFILE_BLOCK_MAX)
		return capfile_damaged(file, why, "a section header of %u bytes", size);
	if (intake_want(in, size) < 0)
		return capfile_unreadable(file, why);
	if (intake_left(in) < size)
		return capfile_truncated(file, why, "section header");
	p = in->bytes + in->at;
	if (get32(file, p + size - 4) != size)
		return capfile_damaged(file, why, "a block of length %u that ends with %u", size,
				       get32(file, p + size - 4));
	/* Minor version 2 was once written by mistake and means 0 (section 4.1). */
	if (get16(file, p + 12) != 1 || (get16(file, p + 14) != 0 && get16(file, p + 14) != 2))
		return capfile_damaged(file, why, "pcapng version %u.%u is not known",
				       get16(file, p + 12), get16(file, p + 14));
	if (capfile_begin_section(file) < 0)
		return capfile_unreadable(file, why);
	file->section.cut_short = was_cut_short;
	if (section_options(file, p + 24, p + size - 4) < 0)
		return block_failed(file, why, "an option of the section beyond its block");
	file->section_base = file->source.interface_count;
	if (mark_section(file) < 0)
		return capfile_unreadable(file, why);
	file->is_vcaps =
	    file->section.application && strncmp(file->section.application, "vcap-", 5) == 0;
	file->source.describes_engine = file->is_vcaps;
	file->is_unmarked = true;
	file->source.note = (struct note){
	    .type = PCAPNG_SHB, .body = p + BLOCK_HEAD, .size = size - BLOCK_MIN, .foreign = true};
	in->at += size;
	file->known_to = intake_offset(in);
	return SOURCE_NOTE;
}

int
pcapng_begin(struct capfile *file, struct failure *why)
{
	file->format = CAPFILE_PCAPNG;
	file->source.next = pcapng_next;
	if (intake_want(&file->in, BLOCK_MIN) < 0)
		return failure_errno(why, "cannot read '%s'", file->name);
	if (intake_left(&file->in) < BLOCK_MIN)
		capfile_truncated(file, NULL, "section header");
	else
		read_section(file, NULL);
	return 0;
}

/* if_tsresol: a negative power of ten, or of two if the highest bit is set. */
static struct ticks
ticks_of(unsigned char resolution)
{
	struct ticks ticks = {.rule = TICKS_SHIFT, .shift = resolution & 0x7f};
	unsigned power = resolution & 0x7f;

	if (resolution & 0x80)
		return ticks;
	ticks.rule = power == 9 ? TICKS_NS : power < 9 ? TICKS_MULTIPLY : TICKS_DIVIDE;
	ticks.factor = 1;
	for (; power < 9; power++)
		ticks.factor *= 10;
	/* 64 bits of ticks shorter than 10^-28 seconds are less than a nanosecond. */
	for (; power > 9 && ticks.factor; power--)
		if (__builtin_mul_overflow(ticks.factor, 10, &ticks.factor))
			ticks.factor = 0;
	return ticks;
}

/* The time of [p, p+8) in ns; false if an int64_t cannot hold it, or before 1970. */
static bool
to_ns(const struct capfile *file, const struct ticks *ticks, const unsigned char *p, int64_t *ns)
{
	uint64_t count = (uint64_t)get32(file, p) << 32 | get32(file, p + 4);
	__int128 value = count;

	switch (ticks->rule) {
	case TICKS_NS: break;
	case TICKS_MULTIPLY: value *= ticks->factor; break;
	case TICKS_DIVIDE: value = ticks->factor ? count / ticks->factor : 0; break;
	case TICKS_SHIFT: value = ticks->shift > 94 ? 0 : value * NS_PER_SECOND >> ticks->shift;
	}
	value += (__int128)ticks->offset_sec * NS_PER_SECOND;
	*ns = (int64_t)value;
	return value >= 0 && value <= INT64_MAX;
}

static int
interface_option(struct capfile *file, struct interface *interface, struct ticks *ticks,
		 const struct option *option)
{
	char **text = option->code == OPT_IF_NAME          ? &interface->name
		      : option->code == OPT_IF_DESCRIPTION ? &interface->description
							   : NULL;

	if (text)
		return *text || (*text = option_text(option)) ? 0 : -1;
	if (option->code == OPT_IF_SPEED && option->size == 8) {
		interface->speed = get64(file, option->value);
	} else if (option->code == OPT_IF_TSRESOL && option->size == 1) {
		int64_t offset_sec = ticks->offset_sec;

		*ticks = ticks_of(option->value[0]);
		ticks->offset_sec = offset_sec;
	} else if (option->code == OPT_IF_TSOFFSET && option->size == 8) {
		ticks->offset_sec = (int64_t)get64(file, option->value);
	} else if (option->code == OPT_IF_FILTER && option->size > 1 && !option->value[0] &&
		   !interface->filter) {
		interface->filter = strndup((const char *)option->value + 1, option->size - 1u);
		return interface->filter ? 0 : -1;
	} else if (!is_left_out(option)) {
		unsigned char *end = translate_option(file, OF_INTERFACE, option,
						      interface->options + interface->options_len);

		interface->options_len = (uint32_t)(end - interface->options);
	}
	return 0;
}

static int
fill_interface(struct capfile *file, struct interface *interface, const unsigned char *body,
	       size_t size)
{
	const unsigned char *at = body + 8, *end = body + size;
	struct ticks ticks = ticks_of(6);
	struct option option;
	int more;

	interface->linktype = get16(file, body);
	interface->snaplen = get32(file, body + 4);
	/* More than enough: what is kept of the options is part of them. */
	interface->options = size > 8 ? malloc(size - 8) : NULL;
	if (size > 8 && !interface->options)
		return -1;
	while ((more = next_option(file, &at, end, &option)) > 0)
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
read_interface(struct capfile *file, const unsigned char *body, size_t size)
{
	struct interface *interface;

	errno = EBADMSG;
	if (size < 8)
		return -1;
	interface = capfile_add_interface(file);
	if (!interface)
		return -1;
	if (fill_interface(file, interface, body, size) == 0)
		return 0;
	capfile_drop_interface(file);
	return -1;
}

/* Takes epb_flags and epb_queue out of the options in [at, end), and leaves the others: as a view
 * where they stand in one piece and in this host's order, else as a translated copy. */
static int
packet_options(struct capfile *file, struct packet *packet, const unsigned char *at,
	       const unsigned char *end)
{
	const unsigned char *start = at, *first = NULL, *last = NULL;
	bool is_view = !file->swapped;
	struct option option;
	unsigned char *to;
	int more;

	errno = EBADMSG;
	while ((more = next_option(file, &at, end, &option)) > 0) {
		if (option.code == OPT_EPB_FLAGS && option.size == 4) {
			packet->flags = get32(file, option.value);
		} else if (option.code == OPT_EPB_QUEUE && option.size == 4) {
			packet->core = get32(file, option.value);
		} else if (!is_left_out(&option)) {
			/* One of ours, or one left out, stood between two of the others. */
			if (last && last != option.value - 4)
				is_view = false;
			first = first ? first : option.value - 4;
			last = at;
		}
	}
	if (more < 0 || !first)
		return more;
	packet->options = first;
	packet->options_len = (uint32_t)(last - first);
	if (is_view)
		return 0;
	if (scratch_reserve(file, (size_t)(end - start)) < 0)
		return -1;
	to = file->scratch;
	for (at = start; next_option(file, &at, end, &option) > 0;)
		if (!((option.code == OPT_EPB_FLAGS || option.code == OPT_EPB_QUEUE) &&
		      option.size == 4) &&
		    !is_left_out(&option))
			to = translate_option(file, OF_PACKET, &option, to);
	packet->options = file->scratch;
	packet->options_len = (uint32_t)(to - file->scratch);
	return 0;
}

/* The drops that an obsolete packet block counts, as the option that an enhanced one has for them.
 */
static int
add_drops(struct capfile *file, struct packet *packet, uint16_t drops)
{
	const uint16_t head[2] = {OPT_EPB_DROPCOUNT, 8};
	const uint64_t count = drops;
	const bool is_scratch = packet->options_len && packet->options == file->scratch;

	if (scratch_reserve(file, packet->options_len + sizeof(head) + sizeof(count)) < 0)
		return -1;
	if (packet->options_len && !is_scratch)
		memcpy(file->scratch, packet->options, packet->options_len);
	memcpy(file->scratch + packet->options_len, head, sizeof(head));
	memcpy(file->scratch + packet->options_len + sizeof(head), &count, sizeof(count));
	packet->options = file->scratch;
	packet->options_len += sizeof(head) + sizeof(count);
	return 0;
}

/* An enhanced packet block, or an obsolete packet block: they differ in the first word. */
static enum source_event
read_packet(struct capfile *file, uint32_t type, const unsigned char *body, size_t size,
	    struct packet *packet, struct failure *why)
{
	uint32_t id, caplen, len;
	int64_t ts_ns;

	if (size < 20)
		return capfile_damaged(file, why, "a packet block of %zu bytes", size + BLOCK_MIN);
	id = type == PCAPNG_EPB ? get32(file, body) : get16(file, body);
	caplen = get32(file, body + 12);
	len = get32(file, body + 16);
	if (id >= file->source.interface_count - file->section_base)
		return capfile_damaged(file, why, "interface %u of %u", id,
				       file->source.interface_count - file->section_base);
	id += file->section_base;
	if (PAD4(caplen) > size - 20)
		return capfile_damaged(file, why, "a packet of %u bytes in a block of %zu", caplen,
				       size + BLOCK_MIN);
	if (caplen > len)
		return capfile_damaged(file, why, "%u bytes kept of a packet of %u", caplen, len);
	if (!to_ns(file, &file->ticks[id], body + 4, &ts_ns))
		return capfile_damaged(file, why, "a time outside of 1970 to 2262");
	*packet = (struct packet){.ts_ns = ts_ns,
				  .caplen = caplen,
				  .len = len,
				  .iface = id,
				  .core = PACKET_NO_CORE,
				  .data = body + 20};
	if (size > 20 + PAD4(caplen) &&
	    packet_options(file, packet, body + 20 + PAD4(caplen), body + size) < 0)
		return block_failed(file, why, "an option of a packet beyond its block");
	if (type == PCAPNG_PACKET && get16(file, body + 2) != UINT16_MAX &&
	    add_drops(file, packet, get16(file, body + 2)) < 0)
		return capfile_unreadable(file, why);
	file->last_ns = ts_ns;
	file->is_unmarked = true;
	return SOURCE_PACKET;
}

/* A simple packet block: of interface 0, and at the time of the packet before. */
static enum source_event
read_simple_packet(struct capfile *file, const unsigned char *body, size_t size,
		   struct packet *packet, struct failure *why)
{
	uint32_t len, caplen, snaplen;

	if (size < 4)
		return capfile_damaged(file, why, "a packet block of %zu bytes", size + BLOCK_MIN);
	if (file->source.interface_count == file->section_base)
		return capfile_damaged(file, why, "a packet before any interface");
	snaplen = file->source.interfaces[file->section_base].snaplen;
	len = get32(file, body);
	caplen = snaplen && snaplen < len ? snaplen : len;
	if (PAD4(caplen) > size - 4)
		return capfile_damaged(file, why, "a packet of %u bytes in a block of %zu", caplen,
				       size + BLOCK_MIN);
	*packet = (struct packet){.ts_ns = file->last_ns,
				  .caplen = caplen,
				  .len = len,
				  .iface = file->section_base,
				  .core = PACKET_NO_CORE,
				  .data = body + 4};
	file->is_unmarked = true;
	return SOURCE_PACKET;
}

/* "core N" tells whose counters they are, as vcap-run writes it. */
static uint32_t
core_of_comment(const struct option *option)
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
statistics_comments(struct capfile *file, uint32_t id, const unsigned char *at,
		    const unsigned char *end, struct statistics *statistics)
{
	struct interface *interface = &file->source.interfaces[id];
	const size_t room =
	    (size_t)(end - at); /* an option takes more than its text and a newline */
	struct option option;
	char *text = NULL;
	size_t used = 0;

	while (next_option(file, &at, end, &option) > 0) {
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
statistics_option(struct capfile *file, uint32_t id, const struct option *option,
		  struct statistics *statistics)
{
	const struct ticks *ticks = &file->ticks[id];

	if (option->size != 8)
		return 0;
	errno = EBADMSG;
	switch (option->code) {
	case OPT_ISB_STARTTIME:
		return to_ns(file, ticks, option->value, &statistics->start_ns) ? 0 : -1;
	case OPT_ISB_ENDTIME:
		return to_ns(file, ticks, option->value, &statistics->end_ns) ? 0 : -1;
	case OPT_ISB_IFRECV: statistics->received = get64(file, option->value); break;
	case OPT_ISB_IFDROP: statistics->dropped = get64(file, option->value); break;
	case OPT_ISB_FILTERACCEPT: statistics->accepted = get64(file, option->value); break;
	case OPT_ISB_OSDROP: statistics->os_dropped = get64(file, option->value); break;
	case OPT_ISB_USRDELIV: statistics->delivered = get64(file, option->value); break;
	}
	return 0;
}

static enum source_event
read_statistics(struct capfile *file, const unsigned char *body, size_t size, struct packet *packet,
		struct failure *why)
{
	struct statistics statistics = STATISTICS_INIT;
	const unsigned char *at = body + 12, *end = body + size;
	struct option option;
	uint32_t id;
	int more;

	if (size < 12)
		return capfile_damaged(file, why, "statistics of %zu bytes", size + BLOCK_MIN);
	id = get32(file, body);
	if (id >= file->source.interface_count - file->section_base)
		return capfile_damaged(file, why, "statistics of interface %u of %u", id,
				       file->source.interface_count - file->section_base);
	id += file->section_base;
	if (!to_ns(file, &file->ticks[id], body + 4, &statistics.ts_ns))
		return capfile_damaged(file, why, "a time outside of 1970 to 2262");
	while ((more = next_option(file, &at, end, &option)) > 0)
		if (statistics_option(file, id, &option, &statistics) < 0)
			return block_failed(file, why, "a time outside of 1970 to 2262");
	if (more < 0)
		return capfile_damaged(file, why, "an option of statistics beyond its block");
	if (statistics_comments(file, id, body + 12, end, &statistics) < 0)
		return capfile_unreadable(file, why);
	statistics.valid = true;
	file->source.interfaces[id].statistics = statistics;
	file->is_unmarked = false;
	*packet = (struct packet){.ts_ns = statistics.ts_ns, .iface = id, .core = statistics.core};
	return SOURCE_STATISTICS;
}

/* Reverses the numbers in the copy of a known block. Returns where its options start, or NULL if
 * its records do not fit. */
static unsigned char *
swap_records(const struct capfile *file, uint32_t type, unsigned char *p, unsigned char *end)
{
	if (type != PCAPNG_NRB) {
		uint32_t length = 0;

		if (end - p < (type == PCAPNG_DSB ? 8 : 4))
			return NULL;
		reverse(p, 4);
		if (type != PCAPNG_DSB)
			return end;
		length = get32(file, p + 4);
		reverse(p + 4, 4);
		return PAD4(length) <= (size_t)(end - p) - 8 ? p + 8 + PAD4(length) : NULL;
	}
	for (uint16_t record = 1; record && end - p >= 4;) {
		size_t size = PAD4(get16(file, p + 2));

		record = get16(file, p);
		reverse(p, 2);
		reverse(p + 2, 2);
		p += 4;
		if ((size_t)(end - p) < size)
			return NULL;
		p += size;
	}
	return p;
}

static enum source_event
read_note(struct capfile *file, uint32_t type, const unsigned char *body, size_t size,
	  struct failure *why)
{
	bool known = type == PCAPNG_NRB || type == PCAPNG_DSB || type == PCAPNG_CUSTOM ||
		     type == PCAPNG_CUSTOM_NOCOPY;
	unsigned char *p, *end;

	file->source.note = (struct note){
	    .type = type, .body = body, .size = (uint32_t)size, .foreign = file->swapped && !known};
	if (!file->swapped || !known)
		return SOURCE_NOTE;
	if (scratch_reserve(file, size) < 0)
		return capfile_unreadable(file, why);
	memcpy(file->scratch, body, size);
	file->source.note.body = file->scratch;
	end = file->scratch + size;
	p = swap_records(file, type, file->scratch, end);
	if (!p)
		return capfile_damaged(file, why, "a record beyond its block");
	while (end - p >= 4) {
		const unsigned char *at = p;
		struct option option;
		int more = next_option(file, &at, end, &option);

		if (more < 0)
			return capfile_damaged(file, why, "an option beyond its block");
		if (more == 0)
			break;
		p = translate_option(file, OF_OTHER, &option, p);
	}
	return SOURCE_NOTE;
}

/* Makes the whole block at hand readable, with its length in *size; SOURCE_PACKET stands for
 * success. */
static enum source_event
want_block(struct capfile *file, uint32_t *size, struct failure *why)
{
	struct intake *in = &file->in;
	const unsigned char *p = in->bytes + in->at;
	uint32_t tail;

	*size = get32(file, p + 4);
	if (*size < BLOCK_MIN || *size % 4 || *size > CAPFILE_BLOCK_MAX)
		return capfile_damaged(file, why, "a block of %u bytes", *size);
	if (intake_want(in, *size) < 0)
		return capfile_unreadable(file, why);
	if (intake_left(in) < *size)
		return capfile_truncated(file, why, "block");
	tail = get32(file, in->bytes + in->at + *size - 4);
	if (tail != *size)
		return capfile_damaged(file, why, "a block of length %u that ends with %u", *size,
				       tail);
	return SOURCE_PACKET;
}

static enum source_event
read_block(struct capfile *file, uint32_t type, const unsigned char *body, size_t size,
	   struct packet *packet, struct failure *why)
{
	switch (type) {
	case PCAPNG_EPB:
	case PCAPNG_PACKET: return read_packet(file, type, body, size, packet, why);
	case PCAPNG_SPB: return read_simple_packet(file, body, size, packet, why);
	case PCAPNG_ISB: return read_statistics(file, body, size, packet, why);
	default: return read_note(file, type, body, size, why);
	}
}

enum source_event
pcapng_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct capfile *file = (struct capfile *)source;
	struct intake *in = &file->in;

	for (;;) {
		const unsigned char *block;
		enum source_event event;
		uint32_t type, size;

		if (intake_want(in, BLOCK_MIN) < 0)
			return capfile_unreadable(file, why);
		if (intake_left(in) == 0) {
			file->section.cut_short |= section_is_cut_short(file);
			return capfile_end(file, why);
		}
		if (intake_left(in) < BLOCK_MIN)
			return capfile_truncated(file, why, "block");
		source->place = intake_offset(in);
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
			    read_interface(file, block + BLOCK_HEAD, size - BLOCK_MIN) < 0)
				return block_failed(file, why, "a bad interface description");
			in->at += size;
			if (intake_offset(in) > file->known_to)
				file->known_to = intake_offset(in);
			continue;
		}
		event = read_block(file, type, block + BLOCK_HEAD, size - BLOCK_MIN, packet, why);
		if (event != SOURCE_CUT)
			in->at += size;
		return event;
	}
}
