#include "capfile/gaps.h"

#include "base/array.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

void
gaps_release(struct gaps *gaps)
{
	free(gaps->list);
	*gaps = (struct gaps){0};
}

int
gaps_add(struct gaps *gaps, struct gap gap, const struct failure *cause)
{
	errno = EOVERFLOW;
	if (gaps->count == GAPS_MAX || array_grow(&gaps->list, gaps->count, sizeof(gap)) < 0)
		return -1;
	if (gaps->count == 0)
		gaps->first = *cause;
	gaps->list[gaps->count++] = gap;
	gaps->bytes += gap.to - gap.from;
	return 0;
}

/* Gaps do not overlap, so that both their ends ascend. */
enum gap_end { GAP_FROM, GAP_TO };

static const struct gap *
find(const struct gaps *gaps, enum gap_end which, uint64_t offset)
{
	size_t low = 0, high = gaps->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct gap *gap = &gaps->list[middle];
		const uint64_t end = which == GAP_FROM ? gap->from : gap->to;

		if (end == offset)
			return gap;
		if (end < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct gap *
gaps_from(const struct gaps *gaps, uint64_t offset)
{
	return find(gaps, GAP_FROM, offset);
}

const struct gap *
gaps_to(const struct gaps *gaps, uint64_t offset)
{
	return find(gaps, GAP_TO, offset);
}

void
gaps_tell(const struct gaps *gaps, struct failure *what)
{
	if (gaps->count == 1)
		failure_set(what, "%s: %" PRIu64 " bytes passed over", gaps->first.text,
			    gaps->bytes);
	else
		failure_set(what, "%s: with %zu more places, %" PRIu64 " bytes passed over",
			    gaps->first.text, gaps->count - 1, gaps->bytes);
}
