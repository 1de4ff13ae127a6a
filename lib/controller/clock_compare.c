#include "controller/clock_compare.h"

#include "base/clock.h"
#include "base/keyval.h"
#include "base/process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 4096 /* bytes */

/* An engine that is being asked. */
struct asked {
	struct process child;
	int answer; /* -1: it could not be asked */
};

static struct asked
ask(const char *engine)
{
	char *const argv[] = {"vcap-clock", (char *)engine, NULL};
	struct asked asked = {PROCESS_INIT, process_output_open(ANSWER_MAX, NULL)};

	if (asked.answer >= 0 &&
	    process_start(&asked.child, argv, -1, asked.answer, -1, NULL) < 0) {
		close(asked.answer);
		asked.answer = -1;
	}
	return asked;
}

static bool
read_answer(int fd, struct clock_offset *offset)
{
	char *text = process_output_text(fd);
	struct keyval answer = KEYVAL_INIT;
	bool is_known = text && keyval_parse(&answer, text, NULL) == 0 &&
			clock_offset_read(offset, &answer, "clock");

	keyval_release(&answer);
	free(text);
	return is_known;
}

/* Waits for the answer until then. */
static bool
hear(struct asked *asked, int64_t until_ns, struct clock_offset *offset)
{
	const int64_t left = until_ns - clock_monotonic_ns();
	bool is_known;

	if (asked->answer < 0)
		return false;
	is_known = process_wait(&asked->child, left > 0 ? left : 0) == 0 &&
		   read_answer(asked->answer, offset);
	close(asked->answer);
	return is_known;
}

void
clock_compare_correct(const char *engine, const struct clock_offset *offset,
		      struct strvec *corrections)
{
	const struct clock_offset back = {.offset_ns = -offset->offset_ns};
	char text[CLOCK_OFFSET_TEXT];

	if (!clock_offset_is_certain(offset))
		return;
	clock_offset_print(&back, text);
	strvec_pushf(corrections, "%s=%.*s", engine, (int)strcspn(text, " "), text);
}

void
clock_compare_engines(char *const *engines, int64_t timeout_ns, struct strvec *corrections,
		      clock_compare_report *told)
{
	const int64_t until_ns = clock_monotonic_ns() + timeout_ns;
	struct asked *asked;
	size_t count = 0;

	while (engines[count])
		count++;
	asked = calloc(count + 1, sizeof(*asked));
	if (!asked) {
		corrections->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		asked[i] = ask(engines[i]);
	for (size_t i = 0; i < count; i++) {
		struct clock_offset offset;
		bool is_known = hear(&asked[i], until_ns, &offset);

		told(engines[i], is_known ? &offset : NULL);
		if (is_known)
			clock_compare_correct(engines[i], &offset, corrections);
	}
	free(asked);
}
