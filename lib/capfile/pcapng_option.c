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

/* Netflix: Wireshark reads events of its TCP stack from them. */
#define ENTERPRISE_NETFLIX 10949

bool
pcapng_option_is_taken_apart(uint32_t enterprise)
{
	return enterprise == ENTERPRISE_NETFLIX;
}

static bool
is_sound_custom(bool swapped, const struct block_option *option)
{
	uint32_t enterprise;

	if (option->size < sizeof(enterprise))
		return false;
	memcpy(&enterprise, option->value, sizeof(enterprise));
	return !pcapng_option_is_taken_apart(swapped ? __builtin_bswap32(enterprise) : enterprise);
}

/* The first byte tells the kind of verdict: that of an eBPF program (1, 2) is 64 bits. */
static bool
is_sound_verdict(const struct block_option *option)
{
	if (option->size < 1)
		return false;
	return (option->value[0] != 1 && option->value[0] != 2) || option->size == 9;
}

/* The only length that a code allows; 0 if it allows others. */
static size_t
only_length(enum pcapng_option_kind kind, uint16_t code)
{
	static const unsigned char packet[] = {[2] = 4, [4] = 8, [5] = 8, [6] = 4, [8] = 8};
	static const unsigned char interface[] = {
	    [4] = 8,  [5] = 17, [6] = 6,  [7] = 8,  [8] = 8, [9] = 1,
	    [10] = 4, [13] = 1, [14] = 8, [16] = 8, [17] = 8};
	static const unsigned char statistics[] = {
	    [2] = 8, [3] = 8, [4] = 8, [5] = 8, [6] = 8, [7] = 8, [8] = 8};
	static const unsigned char names[] = {[3] = 4, [4] = 16};
	static const struct {
		const unsigned char *lengths;
		size_t count;
	} known[] = {
	    [PCAPNG_OPTION_OF_PACKET] = {packet, sizeof(packet)},
	    [PCAPNG_OPTION_OF_INTERFACE] = {interface, sizeof(interface)},
	    [PCAPNG_OPTION_OF_STATISTICS] = {statistics, sizeof(statistics)},
	    [PCAPNG_OPTION_OF_NAMES] = {names, sizeof(names)},
	    [PCAPNG_OPTION_OF_OTHER] = {NULL, 0},
	};

	return code < known[kind].count ? known[kind].lengths[code] : 0;
}

bool
pcapng_option_is_sound(bool swapped, enum pcapng_option_kind kind,
		       const struct block_option *option)
{
	const size_t length = only_length(kind, option->code);

	if (length)
		return option->size == length;
	if (pcapng_option_is_custom(option->code))
		return is_sound_custom(swapped, option);
	if (kind == PCAPNG_OPTION_OF_PACKET && option->code == OPT_EPB_HASH)
		return option->size >= 1;
	if (kind == PCAPNG_OPTION_OF_PACKET && option->code == OPT_EPB_VERDICT)
		return is_sound_verdict(option);
	if (kind == PCAPNG_OPTION_OF_INTERFACE && option->code == OPT_IF_FILTER)
		return option->size >= 1;
	return true;
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

unsigned char *
pcapng_option_put(unsigned char *to, uint16_t code, const char *prefix, const void *value,
		  size_t size)
{
	const uint16_t length = (uint16_t)(strlen(prefix) + size);
	size_t padding = (4 - length % 4u) % 4u;

	memcpy(to, &code, 2);
	memcpy(to + 2, &length, 2);
	memcpy(to + 4, prefix, strlen(prefix));
	memcpy(to + 4 + strlen(prefix), value, size);
	memset(to + 4 + length, 0, padding);
	return to + 4 + length + padding;
}
