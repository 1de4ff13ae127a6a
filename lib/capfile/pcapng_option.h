/*
 * Options of pcapng blocks (section 3.5 of draft-ietf-opsawg-pcapng), read in either byte order and
 * translated to this host's.
 */
#ifndef VCAP_PCAPNG_OPTION_H
#define VCAP_PCAPNG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kind of block: it says what an option's code means. */
enum pcapng_option_kind {
	PCAPNG_OPTION_OF_PACKET,
	PCAPNG_OPTION_OF_INTERFACE,
	PCAPNG_OPTION_OF_STATISTICS,
	PCAPNG_OPTION_OF_NAMES,
	PCAPNG_OPTION_OF_OTHER
};

/* The most bytes of options that are kept of one packet or interface: a block has to stay below
 * FORMAT_BLOCK_MAX when it is written again. */
#define PCAPNG_OPTIONS_MAX (1u << 20)

struct block_option {
	uint16_t code, size;
	const unsigned char *value;
};

/* Reads the option at *at and moves *at past it; swapped: it is in the other byte order. 1, or 0
 * after the last, or -1 if it does not fit before end. */
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

/* A copy of its value as text, on the heap; NULL: out of memory. */
char *pcapng_option_text(const struct block_option *option);

/* Whether its code is that of a custom option, whose value starts with the number of an enterprise
 * (section 3.5.1). */
bool pcapng_option_is_custom(uint16_t code);
/* Whether it is a custom option that must not be copied to another file (section 3.5.1). */
bool pcapng_option_forbids_copy(const struct block_option *option);

/*
 * Whether readers accept it: its length is one that its code allows (sections 3.5 and 4.2 to 4.6),
 * and it is none of an enterprise whose options Wireshark takes apart by rules of its own. A reader
 * that meets another one gives up the whole file. A code that is not known allows any length.
 */
bool pcapng_option_is_sound(bool swapped, enum pcapng_option_kind kind,
			    const struct block_option *option);

/* Whether Wireshark takes apart custom blocks and options of this enterprise. */
bool pcapng_option_is_taken_apart(uint32_t enterprise);

/* Writes an option of a block of that kind to `to` in this host's byte order, header and padding
 * included, which takes as many bytes as in the file. Returns the end of what was written. */
unsigned char *pcapng_option_translate(bool swapped, enum pcapng_option_kind kind,
				       const struct block_option *option, unsigned char *to);

/* Writes an option of this host's byte order to `to`, with its padding: a prefix ("": none) and size bytes,
 * together at most UINT16_MAX, which take up to 7 bytes more. Returns the end of what was written. */
unsigned char *pcapng_option_put(unsigned char *to, uint16_t code, const char *prefix,
				 const void *value, size_t size);

/* Reverses the order of size bytes. */
void pcapng_option_reverse(unsigned char *p, size_t size);

#endif
