#include "capfile/tsresol.h"

#include "base/clock.h"

struct tsresol
tsresol_parse(unsigned char resolution)
{
	struct tsresol ticks = {.rule = TSRESOL_SHIFT, .shift = resolution & 0x7f};
	unsigned power = resolution & 0x7f;

	if (resolution & 0x80)
		return ticks;
	ticks.rule = power == 9 ? TSRESOL_NS : power < 9 ? TSRESOL_MULTIPLY : TSRESOL_DIVIDE;
	ticks.factor = 1;
	for (; power < 9; power++)
		ticks.factor *= 10;
	/* 64 bits of ticks shorter than 10^-28 seconds are less than a nanosecond. */
	for (; power > 9 && ticks.factor; power--)
		if (__builtin_mul_overflow(ticks.factor, 10, &ticks.factor))
			ticks.factor = 0;
	return ticks;
}

bool
tsresol_ns(const struct tsresol *ticks, uint64_t count, int64_t *ns)
{
	__int128 value = count;

	switch (ticks->rule) {
	case TSRESOL_NS: break;
	case TSRESOL_MULTIPLY: value *= ticks->factor; break;
	case TSRESOL_DIVIDE: value = ticks->factor ? count / ticks->factor : 0; break;
	case TSRESOL_SHIFT: value = ticks->shift > 94 ? 0 : value * NS_PER_SECOND >> ticks->shift;
	}
	value += (__int128)ticks->offset_sec * NS_PER_SECOND;
	*ns = (int64_t)value;
	return value >= 0 && value <= INT64_MAX;
}
