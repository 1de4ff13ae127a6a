#include "controller/lostlines.h"

#include "packet/loss.h"

#include <string.h>

#define LINES_MAX 64

void
lostlines_add(const struct keyval *state, enum lostlines which, const char *prefix,
	      struct strvec *lines)
{
	size_t left = LINES_MAX;

	for (size_t i = 0; i < state->count && left > 0; i++) {
		char text[LOSS_TEXT_MAX];
		struct loss loss;

		if (strncmp(state->pairs[i].key, "lost-", 5) != 0 ||
		    !loss_parse(&loss, state->pairs[i].value) ||
		    (which == LOSTLINES_OF_SERVICES && loss.kind >= LOSS_RX_DROPPED))
			continue;
		loss_tell(&loss, text);
		strvec_pushf(lines, "%s%s", prefix, text);
		left--;
	}
}
