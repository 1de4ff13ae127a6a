#include "controller/lostlines.h"

#include <stdbool.h>
#include <string.h>

#define LINES_MAX 64

/* Whether line number i is such a loss. */
static bool
read_line(const struct keyval *state, size_t i, struct loss *loss)
{
	return strncmp(state->pairs[i].key, "lost-", 5) == 0 &&
	       loss_parse(loss, state->pairs[i].value);
}

void
lostlines_sum(const struct keyval *state, uint64_t sums[LOSS_KINDS])
{
	for (size_t i = 0; i < state->count; i++) {
		struct loss loss;

		if (read_line(state, i, &loss))
			sums[loss.kind] += loss.count;
	}
}

void
lostlines_add(const struct keyval *state, enum lostlines which, const char *prefix,
	      struct strvec *lines)
{
	size_t left = LINES_MAX;

	for (size_t i = 0; i < state->count && left > 0; i++) {
		char text[LOSS_TEXT_MAX];
		struct loss loss;

		if (!read_line(state, i, &loss) ||
		    (which == LOSTLINES_OF_SERVICES && loss.kind >= LOSS_RX_DROPPED))
			continue;
		loss_tell(&loss, text);
		strvec_pushf(lines, "%s%s", prefix, text);
		left--;
	}
}
