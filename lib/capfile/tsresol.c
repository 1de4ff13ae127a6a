#include "capfile/tsresol.h"

#include "base/clock.h"

struct tsresol
tsresol_parse(unsigned char value)
{
	struct tsresol resolution = {.rule = TSRESOL_SHIFT, .shift = value & 0x7f};
	unsigned power = value & 0x7f;

	if (value & 0x80)
		return resolution;
	resolution.rule = power == 9 ? TSRESOL_NS : power < 9 ? TSRESOL_MULTIPLY : TSRESOL_DIVIDE;
	resolution.factor = 1;
	for (; power < 9; power++)
		resolution.factor *= 10;
	/* 2^64 ticks of less than 10^-28 seconds are less than a nanosecond. */
	for (; power > 9 && resolution.factor; power--)
		if (__builtin_mul_overflow(resolution.factor, 10, &resolution.factor))
			resolution.factor = 0;
	return resolution;
}

bool
tsresol_ns(const struct tsresol *resolution, uint64_t count, int64_t *ns)
{
	__int128 value = count;

	switch (resolution->rule) {
	case TSRESOL_NS: break;
	case TSRESOL_MULTIPLY: value *= resolution->factor; break;
	case TSRESOL_DIVIDE: value = resolution->factor ? count / resolution->factor : 0; break;
	case TSRESOL_SHIFT:
		value = resolution->shift > 94 ? 0 : value * NS_PER_SECOND >> resolution->shift;
	}
	value += (__int128)resolution->offset_sec * NS_PER_SECOND;
	*ns = (int64_t)value;
	return value >= 0 && value <= INT64_MAX;
}
