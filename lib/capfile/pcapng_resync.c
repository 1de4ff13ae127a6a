/*
 * A block says its length at both ends. So where only the first length is damaged the second one tells
 * where the block begins, and nothing within it is looked at. Otherwise the next place is looked for
 * from which three blocks follow each other, or all up to the end of the file. They may be the payload of
 * a packet that is a capture; then the length at the end of its block says that it began before them.
 */
#include "capfile/pcapng_resync-int.h"

#include "capfile/pcapng.h"

#include <errno.h>

#define FOLLOWING 3u  /* blocks that have to */
#define SHIFT     512 /* bytes by which a block may be shorter or longer than it says */

/* The length of the block that stands there, in the byte order of its section, which a section's header
 * tells. 0: there is none. */
static uint32_t
block_in(struct reader *file, size_t offset, bool *swapped)
{
	const unsigned char *p = inbuf_peek(&file->in, offset, PCAPNG_BLOCK_MIN);
	struct reader order = {.swapped = *swapped};
	uint32_t size;

	if (!p)
		return 0;
	if (get32(&order, p) == PCAPNG_SHB) {
		order.swapped = false;
		order.swapped = get32(&order, p + 8) != PCAPNG_MAGIC;
		if (get32(&order, p + 8) != PCAPNG_MAGIC)
			return 0;
	}
	*swapped = order.swapped;
	size = get32(&order, p + 4);
	if (size < PCAPNG_BLOCK_MIN || size % 4 || size > FORMAT_BLOCK_MAX ||
	    !(p = inbuf_peek(&file->in, offset + size - 4, 4)))
		return 0;
	return get32(&order, p) == size ? size : 0;
}

/* ... in the byte order of the section at hand. */
static uint32_t
block_at(struct reader *file, size_t offset)
{
	bool swapped = file->swapped;

	return block_in(file, offset, &swapped);
}

static bool
is_end(struct reader *file, size_t offset)
{
	return !inbuf_peek(&file->in, offset, 1) && file->in.at_eof &&
	       inbuf_left(&file->in) == offset;
}

/* Whether a block that says its length twice stands there, or the input ends. */
static bool
closes(struct reader *file, size_t offset)
{
	return is_end(file, offset) || block_at(file, offset) > 0;
}

/* Where the blocks end that follow each other from there, or more bytes on than a packet has. 0: they are
 * too few. */
static size_t
chain_end(struct reader *file, size_t offset)
{
	const size_t most = offset + PACKET_SNAPLEN;
	bool swapped = file->swapped;
	unsigned found = 0;
	uint32_t size;

	for (; offset < most && (size = block_in(file, offset, &swapped)) > 0; found++)
		offset += size;
	return found >= FOLLOWING || (found > 0 && is_end(file, offset)) ? offset : 0;
}

/* Where the block ends that the blocks from..to are the payload of: by its length at its end, it has begun
 * before them, or nearly. 0: there is none. */
static size_t
enclosing_end(struct reader *file, size_t from, size_t to)
{
	if (to - from >= PACKET_SNAPLEN || is_end(file, to))
		return 0;
	for (size_t end = to + 4; end < to + PACKET_SNAPLEN; end++) {
		const unsigned char *p = inbuf_peek(&file->in, end - 4, 4);
		const uint32_t size = p ? get32(file, p) : 0;

		if (!p)
			return 0;
		if (size % 4 == 0 && size + SHIFT > end - from && size < end + SHIFT &&
		    closes(file, end))
			return end;
	}
	return 0;
}

bool
pcapng_resync_has_wrong_end(struct reader *file, uint32_t size, uint32_t last)
{
	size_t end;

	if (last < size && block_at(file, size - last) == last)
		return false;
	if (is_end(file, size))
		return true;
	end = chain_end(file, size);
	return end && !enclosing_end(file, size, end);
}

/* Whether a block of a kind that files have many of stands there, as far as its type says. */
static bool
has_type(const struct reader *file, const unsigned char *p)
{
	const uint32_t type = get32(file, p);

	return (type >= PCAPNG_IDB && type <= PCAPNG_EPB) || type == PCAPNG_SHB;
}

/* Where the damaged block, of at most a packet and its options, ends by the length at its end; 0: that is
 * not found. */
static size_t
find_own_end(struct reader *file, size_t size)
{
	const size_t most = size < PCAPNG_PACKET_MOST ? size : PCAPNG_PACKET_MOST;

	for (size_t offset = PCAPNG_HEAD; offset + 4 <= most; offset += 4) {
		const unsigned char *p = inbuf_peek(&file->in, offset, 4);

		if (p && get32(file, p) == offset + 4 && closes(file, offset + 4))
			return offset + 4;
	}
	return 0;
}

/* Where to look for the next block, in front of size: of a packet whose fields agree with the first
 * length not before it ends, or nearly. */
static size_t
first_place(struct reader *file, size_t size)
{
	const unsigned char *p = inbuf_peek(&file->in, 0, PCAPNG_HEAD + 20);
	const uint32_t length = p ? get32(file, p + 4) : 0, caplen = p ? get32(file, p + 20) : 0;

	if (length < SHIFT || length - SHIFT >= size || get32(file, p) != PCAPNG_EPB ||
	    get32(file, p + 8) >= file->source.interface_count - file->section_base ||
	    caplen > get32(file, p + 24) || PCAPNG_PAD(caplen) + 32 > length ||
	    PCAPNG_PAD(caplen) + SHIFT < length)
		return 1;
	return length - SHIFT;
}

static size_t
find_place(struct reader *file, size_t from, size_t size)
{
	size_t end = from ? find_own_end(file, size) : 0;

	if (end)
		return end;
	for (size_t offset = from ? first_place(file, size) : 0; offset < size; offset++) {
		if (!has_type(file, file->in.bytes + file->in.at + offset) ||
		    !(end = chain_end(file, offset)))
			continue;
		end = enclosing_end(file, offset, end);
		return end ? end : offset;
	}
	return size;
}

/* Whether the block at hand, which says that it ends behind the end of the input, is none of a packet as far as
 * its fields say, and others begin within it and go on to the end. */
static bool
has_blocks(struct reader *file)
{
	const size_t left = inbuf_left(&file->in);
	size_t end;

	if (first_place(file, SIZE_MAX) > 1)
		return false;
	for (size_t offset = 1; offset + PCAPNG_BLOCK_MIN <= left; offset++)
		if (has_type(file, file->in.bytes + file->in.at + offset) &&
		    (end = chain_end(file, offset)) > 0 &&
		    (is_end(file, end) || end - offset >= PACKET_SNAPLEN))
			return true;
	return false;
}

bool
pcapng_resync_is_shorter(struct reader *file, uint32_t size)
{
	const int error = errno;
	const bool may_be = file->in.at_eof || (file->in.queue && size > PCAPNG_PACKET_MOST);
	const size_t left = inbuf_left(&file->in);
	const bool is_shorter =
	    may_be && (find_own_end(file, left) > 0 || (file->in.at_eof && has_blocks(file)));

	errno = error;
	return is_shorter;
}

int
pcapng_resync_pass(struct reader *file)
{
	return reader_search(file, PCAPNG_BLOCK_MIN, find_place);
}
