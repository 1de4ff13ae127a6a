/*
 * Name resolution blocks (draft-ietf-opsawg-pcapng, section 4.5) are records, then options;
 * decryption secrets (4.7) are a length and bytes, then options; a custom block (4.8) is the number
 * of an enterprise, then bytes that mean something to that enterprise alone. What is copied is
 * checked as Wireshark checks it, which refuses a file for one bad record.
 */
#include "capfile/pcapng_note-int.h"

#include "capfile/pcapng.h"
#include "capfile/pcapng_option.h"

#include <string.h>

/* Types of records of a name resolution block */
enum { RECORD_END = 0, RECORD_IPV4 = 1, RECORD_IPV6 = 2, RECORD_EUI48 = 3, RECORD_EUI64 = 4 };

/* A record is an address, and names that end with a NUL each. */
static bool
is_sound_record(uint16_t type, const unsigned char *value, size_t size)
{
	static const unsigned char addresses[] = {
	    [RECORD_IPV4] = 4, [RECORD_IPV6] = 16, [RECORD_EUI48] = 6, [RECORD_EUI64] = 8};

	if (type == RECORD_END)
		return size == 0;
	if (type >= sizeof(addresses))
		return true;
	return size >= addresses[type] && (size == addresses[type] || value[size - 1] == '\0');
}

/* Reads the records in [at, end). Returns where the options start, or NULL if one is malformed. */
static const unsigned char *
after_records(const struct reader *file, const unsigned char *at, const unsigned char *end)
{
	uint16_t type = RECORD_IPV4;

	if (at == end)
		return NULL;
	while (type != RECORD_END && at != end) {
		size_t size;

		if (end - at < 4)
			return NULL;
		type = get16(file, at);
		size = get16(file, at + 2);
		at += 4;
		if ((size_t)(end - at) < PCAPNG_PAD(size) || !is_sound_record(type, at, size))
			return NULL;
		at += PCAPNG_PAD(size);
	}
	return at;
}

/* Where the options of the block start, or NULL if what precedes them is malformed. */
static const unsigned char *
find_options(const struct reader *file, uint32_t type, const unsigned char *body,
	     const unsigned char *end)
{
	const size_t size = (size_t)(end - body);

	if (type == PCAPNG_NRB)
		return after_records(file, body, end);
	if (type == PCAPNG_DSB)
		return size >= 8 && get32(file, body + 4) <= size - 8
			   ? body + 8 + PCAPNG_PAD(get32(file, body + 4))
			   : NULL;
	return size >= 4 && !pcapng_option_is_taken_apart(get32(file, body)) ? end : NULL;
}

static unsigned char *
store16(unsigned char *to, uint16_t value)
{
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

static unsigned char *
store32(unsigned char *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

/* Copies what precedes the options, in this host's byte order. */
static unsigned char *
copy_fixed(const struct reader *file, uint32_t type, const unsigned char *body,
	   const unsigned char *options, unsigned char *to)
{
	unsigned char *const start = to;

	memcpy(to, body, (size_t)(options - body));
	if (type != PCAPNG_NRB) {
		store32(to, get32(file, body));
		if (type == PCAPNG_DSB)
			store32(to + 4, get32(file, body + 4));
		return start + (options - body);
	}
	while (body != options) {
		const size_t size = PCAPNG_PAD(get16(file, body + 2));

		store16(store16(to, get16(file, body)), get16(file, body + 2));
		body += 4 + size;
		to += 4 + size;
	}
	return to;
}

/* Copies those options that may be copied and are sound. Returns the end of what was written. */
static unsigned char *
copy_options(const struct reader *file, uint32_t type, const unsigned char *at,
	     const unsigned char *end, unsigned char *to, uint64_t *left_out)
{
	const enum pcapng_option_kind kind =
	    type == PCAPNG_NRB ? PCAPNG_OPTION_OF_NAMES : PCAPNG_OPTION_OF_OTHER;
	struct block_option option;
	bool has_options = false;
	int more;

	while ((more = pcapng_option_next(file->swapped, &at, end, &option)) > 0) {
		if (!pcapng_option_is_sound(file->swapped, kind, &option)) {
			(*left_out)++;
		} else if (!pcapng_option_forbids_copy(&option)) {
			to = pcapng_option_translate(file->swapped, kind, &option, to);
			has_options = true;
		}
	}
	*left_out += more < 0;
	/* There is room: each option took as much, and an end of them or of the block follows. */
	return has_options && at != end ? store32(to, OPT_END) : to;
}

enum source_event
pcapng_note_read(struct reader *file, uint32_t type, const unsigned char *body, size_t size,
		 struct failure *why)
{
	struct left_out left_out = {0};
	const unsigned char *options;
	unsigned char *to;

	file->source.note = (struct note){.type = type, .body = body, .size = (uint32_t)size};
	if (type != PCAPNG_NRB && type != PCAPNG_DSB && type != PCAPNG_CUSTOM)
		return SOURCE_NOTE;
	options = find_options(file, type, body, body + size);
	if (!options) {
		reader_leave_out(file, (struct left_out){.blocks = 1});
		return SOURCE_NOTE;
	}
	if (reader_reserve_scratch(file, size) < 0)
		return reader_unreadable(file, why);
	to = copy_fixed(file, type, body, options, file->scratch);
	to = copy_options(file, type, options, body + size, to, &left_out.options);
	if (left_out.options)
		reader_leave_out(file, left_out);
	file->source.note.body = file->scratch;
	file->source.note.size = (uint32_t)(to - file->scratch);
	file->source.note.is_copyable = true;
	return SOURCE_NOTE;
}
