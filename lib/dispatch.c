#include "dispatch.h"

#include "child.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_TEXT_MAX (256u << 10) /* 4096 instructions of at most 30 characters, and more */

/* What vcap-filter, run as argv, prints when it reads input (NULL: it reads none): heap, in
 * *program. Returns as dispatch_compile. */
static int
compile(char *const *argv, const char *input, char **program, struct failure *why)
{
	int out = child_output_open(PROGRAM_TEXT_MAX, why), in = -1, status = -1;

	*program = NULL;
	if (input)
		in = child_input_open(input, strlen(input), why);
	if (!argv)
		failure_set(why, "out of memory");
	else if (out >= 0 && (in >= 0 || !input))
		status = child_run(argv, in, out, STDERR_FILENO, -1, why);
	if (status == 0 && !(*program = child_output_text(out)))
		status = failure_set(why, "out of memory");
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return status;
}

int
dispatch_compile(struct order *order, struct failure *why)
{
	char **argv = order_filter_command(order), *program;
	int status = compile(argv, order->input, &program, why);

	words_free(argv);
	order->filter = program;
	return status == 0 ? dispatch_compile_expression(order, why) : status;
}

int
dispatch_compile_expression(struct order *order, struct failure *why)
{
	char **argv;
	int status;

	if (!order->expression || !order->joins)
		return 0;
	argv = order_expression_command(order);
	status = compile(argv, NULL, &order->bytecode, why);
	words_free(argv);
	if (status != 0)
		return status;
	/* At most 23 bytes an instruction, 94,208: a shell takes 131,072 as a command. */
	for (char *s = order->bytecode; *s; s++)
		if (*s == '\n')
			*s = s[1] ? ',' : '\0';
	return 0;
}

/* Takes down the engines that do not capture, and returns how many do. */
static int
count_started(struct entry *entry, struct failure *why)
{
	struct words names = entry_engines(entry);
	int started = 0;

	for (size_t i = 0; i < names.count && started >= 0; i++) {
		char *reason = entry_engine_failure(entry, names.list[i]);

		if (!reason)
			started++;
		else if (entry_add_missing(entry, names.list[i], reason, why) < 0)
			started = -1;
		free(reason);
	}
	words_free(words_finish(&names));
	return started;
}

int
dispatch_engines(const struct order *order, struct entry *entry, struct failure *why)
{
	char *job = entry_file(entry, "job");
	char **argv = job ? order_run_command(order, entry->id, job) : NULL;
	int rc = argv ? child_run(argv, -1, STDERR_FILENO, STDERR_FILENO, -1, why)
		      : failure_set(why, "out of memory");

	words_free(argv);
	free(job);
	return rc < 0 ? -1 : count_started(entry, why);
}
