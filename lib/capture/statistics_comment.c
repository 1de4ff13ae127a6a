#include "capture/statistics_comment.h"

#include "base/strvec.h"

char *
statistics_comment(const struct statistics_facts *facts)
{
	struct strvec lines = STRVEC_INIT;
	char *text = NULL;

	if (facts->core >= 0)
		strvec_pushf(&lines, "core %lld", (long long)facts->core);
	if (facts->end)
		strvec_pushf(&lines, "ended %s", facts->end);
	if (facts->end && facts->clock_step)
		strvec_pushf(&lines, "clock set by %+.3f s meanwhile",
			     (double)facts->clock_step / 1e9);
	if (facts->end && facts->filter)
		strvec_push(&lines, facts->filter);
	if (facts->end && facts->lost)
		strvec_push(&lines, facts->lost);
	if (facts->always)
		strvec_push(&lines, facts->always);
	if (!lines.failed)
		text = strvec_join(&lines, "\n");
	strvec_release(&lines);
	return text;
}
