/*
 * All vcap-clocks are started before the first is waited for, and share one deadline: an engine
 * that hangs costs the time limit once, not once for each engine. Their answers go to files in
 * memory, so none has to be read while it runs.
 */
#include "controller/clock_compare.h"

#include "base/clock.h"
#include "base/keyval.h"
#include "base/process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 4096 /* bytes */

/* A vcap-clock for one engine. */
struct query {
	struct process child;
	int answer; /* the descriptor that it writes to; -1: it could not be started */
};

static struct query
start_query(const char *engine)
{
	struct query query = {PROCESS_INIT, process_output_open(ANSWER_MAX, NULL)};
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-clock", engine, NULL);
	if (query.answer >= 0 && (argv.failed || process_start(&query.child, argv.list, -1,
							       query.answer, -1, NULL) < 0)) {
		close(query.answer);
		query.answer = -1;
	}
	strvec_release(&argv);
	return query;
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

/* Waits for the answer until until_ns (monotonic), and terminates the query. */
static bool
finish_query(struct query *query, int64_t until_ns, struct clock_offset *offset)
{
	const int64_t left = until_ns - clock_monotonic_ns();
	bool is_known;

	if (query->answer < 0)
		return false;
	is_known = process_wait(&query->child, left > 0 ? left : 0) == 0 &&
		   read_answer(query->answer, offset);
	close(query->answer);
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
		      clock_compare_report *report)
{
	const int64_t until_ns = clock_monotonic_ns() + timeout_ns;
	struct query *queries;
	size_t count = 0;

	while (engines[count])
		count++;
	queries = calloc(count + 1, sizeof(*queries));
	if (!queries) {
		corrections->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		queries[i] = start_query(engines[i]);
	for (size_t i = 0; i < count; i++) {
		struct clock_offset offset;
		bool is_known = finish_query(&queries[i], until_ns, &offset);

		report(engines[i], is_known ? &offset : NULL);
		if (is_known)
			clock_compare_correct(engines[i], &offset, corrections);
	}
	free(queries);
}
