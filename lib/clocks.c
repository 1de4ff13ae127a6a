#include "clocks.h"

#include "child.h"
#include "clock.h"
#include "keyval.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 4096 /* bytes */

/* An engine that is being asked. */
struct asked {
	struct child child;
	int answer; /* -1: it could not be asked */
};

static struct asked
ask(const char *engine)
{
	char *const argv[] = {"vcap-clock", (char *)engine, NULL};
	struct asked asked = {CHILD_INIT, child_output_open(ANSWER_MAX, NULL)};

	if (asked.answer >= 0 && child_start(&asked.child, argv, -1, asked.answer, -1, NULL) < 0) {
		close(asked.answer);
		asked.answer = -1;
	}
	return asked;
}

static bool
read_answer(int fd, struct skew *skew)
{
	char *text = child_output_text(fd);
	struct keyval answer = KEYVAL_INIT;
	bool is_known =
	    text && keyval_parse(&answer, text, NULL) == 0 && skew_read(skew, &answer, "clock");

	keyval_release(&answer);
	free(text);
	return is_known;
}

/* Waits for the answer until then. */
static bool
hear(struct asked *asked, int64_t until_ns, struct skew *skew)
{
	const int64_t left = until_ns - clock_monotonic_ns();
	bool is_known;

	if (asked->answer < 0)
		return false;
	is_known =
	    child_wait(&asked->child, left > 0 ? left : 0) == 0 && read_answer(asked->answer, skew);
	close(asked->answer);
	return is_known;
}

void
clocks_correct(const char *engine, const struct skew *skew, struct words *corrections)
{
	const struct skew back = {.offset_ns = -skew->offset_ns};
	char text[SKEW_TEXT];

	if (!skew_is_certain(skew))
		return;
	skew_print(&back, text);
	words_addf(corrections, "%s=%.*s", engine, (int)strcspn(text, " "), text);
}

void
clocks_compare(char *const *engines, int64_t timeout_ns, struct words *corrections,
	       clocks_told *told)
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
		struct skew skew;
		bool is_known = hear(&asked[i], until_ns, &skew);

		told(engines[i], is_known ? &skew : NULL);
		if (is_known)
			clocks_correct(engines[i], &skew, corrections);
	}
	free(asked);
}
