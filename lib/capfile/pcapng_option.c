#include "capfile/pcapng_option.h"

#include "capfile/pcapng.h"

#include <string.h>

char *
pcapng_option_text(const struct block_option *option)
{
	return strndup((const char *)option->value, option->size);
}

void
pcapng_option_reverse(unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		unsigned char c = p[i];

		p[i] = p[size - 1 - i];
		p[size - 1 - i] = c;
	}
}

/* The width of the numbers that make up an option's value; 0 where it is bytes or text. */
static size_t
option_width(enum pcapng_option_kind kind, uint16_t code)
{
	static const unsigned char packet[] = {[2] = 4, [4] = 8, [5] = 8, [6] = 4, [8] = 4};
	static const unsigned char interface[] = {[8] = 8, [10] = 4, [14] = 8, [16] = 8, [17] = 8};

	if (kind == PCAPNG_OPTION_OF_PACKET)
		return code < sizeof(packet) ? packet[code] : 0;
	if (kind == PCAPNG_OPTION_OF_INTERFACE)
		return code < sizeof(interface) ? interface[code] : 0;
	return 0;
}

bool
pcapng_option_is_custom(uint16_t code)
{
	return code == 2988 || code == 2989 || code == 19372 || code == 19373;
}

bool
pcapng_option_forbids_copy(const struct block_option *option)
{
	return pcapng_option_is_custom(option->code) && option->code & 0x4000;
}

unsigned char *
pcapng_option_translate(bool swapped, enum pcapng_option_kind kind,
			const struct block_option *option, unsigned char *to)
{
	size_t width = option_width(kind, option->code);
	unsigned char *value = to + 4;

	memcpy(to, &option->code, 2);
	memcpy(to + 2, &option->size, 2);
	memcpy(value, option->value, PCAPNG_PAD(option->size));
	if (swapped && pcapng_option_is_custom(option->code) && option->size >= 4)
		pcapng_option_reverse(value, 4);
	if (swapped && width)
		for (size_t i = 0; i + width <= option->size; i += width)
			pcapng_option_reverse(value + i, width);
	return value + PCAPNG_PAD(option->size);
}
