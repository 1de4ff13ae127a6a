/*
 * The options of pcapng blocks (section 3.5 of the draft) as they stand in a file of either byte
 * order, and in this host's.
 */
#ifndef VCAP_PCAPNG_OPTION_H
#define VCAP_PCAPNG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a block is, as far as its options' numbers go. */
enum pcapng_option_kind {
	PCAPNG_OPTION_OF_PACKET,
	PCAPNG_OPTION_OF_INTERFACE,
	PCAPNG_OPTION_OF_OTHER
};

struct block_option {
	uint16_t code, size;
	const unsigned char *value;
};

/* The next option in [*at, end), of this host's byte order or the other: 1, or 0 after the last, or
 * -1 if it does not fit. */
static inline int
pcapng_option_next(bool swapped, const unsigned char **at, const unsigned char *end,
		   struct block_option *option)
{
	const unsigned char *p = *at;
	uint16_t head[2];
	size_t padded;

	if (end - p < (ptrdiff_t)sizeof(head))
		return end == p ? 0 : -1;
	__builtin_memcpy(head, p, sizeof(head));
	option->code = swapped ? __builtin_bswap16(head[0]) : head[0];
	option->size = swapped ? __builtin_bswap16(head[1]) : head[1];
	option->value = p + sizeof(head);
	if (option->code == 0) /* opt_endofopt */
		return 0;
	padded = (option->size + 3u) & ~(size_t)3u;
	if ((size_t)(end - option->value) < padded)
		return -1;
	*at = option->value + padded;
	return 1;
}

/* Its value as text, on the heap; NULL without memory. */
char *pcapng_option_text(const struct block_option *option);

/* Custom options start with the number of an enterprise (section 3.5.1). */
bool pcapng_option_is_custom(uint16_t code);
/* Those whose number has this bit are not for a file that somebody else writes (section 3.5.1). */
bool pcapng_option_is_left_out(const struct block_option *option);

/* Writes an option of such a block in this host's byte order, in as many bytes as it has in its
 * file. Returns the end of what was written. */
unsigned char *pcapng_option_translate(bool swapped, enum pcapng_option_kind kind,
				       const struct block_option *option, unsigned char *to);

/* Turns size bytes round. */
void pcapng_option_reverse(unsigned char *p, size_t size);

#endif
