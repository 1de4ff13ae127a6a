/*
 * What reads a log has rights that others want: to connect to HAProxy's socket, to open any file. What
 * searches its lines runs a large library on what outsiders have a word in. So they are two processes, with a
 * pipe between them. The second one is forked before the first opens anything, and drops everything before
 * it looks at a pattern. A bug in the search has only lines to steal, and an output whose reader takes nothing
 * but numbers.
 */
#include "flows/linematch.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/linebuf.h"
#include "base/linepattern.h"
#include "base/process.h"
#include "base/sandbox.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PRINT_EVERY (NS_PER_SECOND / 10)

/* Beyond what the program itself takes; a search is to need a hundredth. */
#define MEMORY_MOST ((rlim_t)256 << 20)

struct judged {
	struct linepattern *pattern;
	uint64_t matches, limited;
	bool is_news; /* not printed yet */
};

struct matcher {
	struct judged list[MATCHCOUNT_MOST];
	size_t count;
	struct linebuf lines;
	FILE *out;
	bool has_begun;
	int64_t printed_ns; /* CLOCK_MONOTONIC */
};

static void
judge(struct matcher *matcher, const char *line)
{
	for (size_t i = 0; i < matcher->count; i++) {
		struct judged *judged = &matcher->list[i];
		const enum linepattern_verdict verdict =
		    linepattern_judge(judged->pattern, line, strlen(line));

		judged->matches += verdict == LINEPATTERN_MATCH;
		judged->limited += verdict == LINEPATTERN_LIMIT;
		judged->is_news |= verdict != LINEPATTERN_OTHER;
	}
}

/* Prints what has changed. -1: nobody reads it any more. */
static int
print_news(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->count; i++) {
		struct judged *judged = &matcher->list[i];

		if (judged->is_news)
			fprintf(matcher->out, "%zu %" PRIu64 " %" PRIu64 "\n", i + 1,
				judged->matches, judged->limited);
		judged->is_news = false;
	}
	matcher->printed_ns = clock_monotonic_ns();
	return fflush(matcher->out) == 0 ? 0 : -1;
}

/* How long to wait for lines, in ms: until news may be printed; -1: there are none. */
static int
patience(const struct matcher *matcher)
{
	const int64_t left = matcher->printed_ns + PRINT_EVERY - clock_monotonic_ns();
	bool has_news = false;

	for (size_t i = 0; i < matcher->count; i++)
		has_news |= matcher->list[i].is_news;
	if (!has_news)
		return -1;
	return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

/* The first line is the reader's word that it has begun. */
static void
take_lines(struct matcher *matcher)
{
	const char *line;

	while ((line = linebuf_next(&matcher->lines))) {
		if (matcher->has_begun)
			judge(matcher, line);
		else
			fputs("# lines from here on\n", matcher->out);
		matcher->has_begun = true;
	}
}

/* Judges lines until they end, or nobody reads the counts. */
static void
run(struct matcher *matcher, int in)
{
	ssize_t n = 1;

	linebuf_init(&matcher->lines);
	while (n > 0) {
		struct pollfd ready = {.fd = in, .events = POLLIN};
		char *space;
		size_t room;

		if (poll(&ready, 1, patience(matcher)) > 0) {
			space = linebuf_space(&matcher->lines, &room);
			n = read(in, space, room);
			if (n > 0)
				linebuf_filled(&matcher->lines, (size_t)n);
			take_lines(matcher);
		}
		if ((patience(matcher) <= 0 || n <= 0) && print_news(matcher) < 0)
			n = 0;
	}
}

/* What a sanitizer reserves is not memory that is used. */
static void
limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit most = {MEMORY_MOST, MEMORY_MOST};

	setrlimit(RLIMIT_AS, &most);
#endif
}

static int
compile(struct matcher *matcher, char *const *patterns, size_t count, struct failure *why)
{
	for (; matcher->count < count; matcher->count++) {
		struct judged *judged = &matcher->list[matcher->count];

		judged->pattern = linepattern_new(patterns[matcher->count], why);
		if (!judged->pattern)
			return -1;
	}
	return 0;
}

/* Answers with why it cannot be, or nothing, and a NUL; judges; and answers with another NUL. */
static _Noreturn void
become_matcher(char *const *patterns, size_t count, int lines, int answers)
{
	static struct matcher matcher;
	struct failure why = FAILURE_INIT;
	int rc;

	matcher.out = stdout;
	limit_memory();
	rc = process_keep((const int[]){STDOUT_FILENO, lines, answers}, 3, &why);
	if (rc == 0)
		rc = sandbox_confine(-1, NULL, &why);
	if (rc == 0)
		rc = compile(&matcher, patterns, count, &why);
	if (rc == 0)
		why = FAILURE_INIT;
	if (fileio_write_all(answers, why.text, strlen(why.text) + 1) < 0 || rc < 0)
		_exit(EXIT_FAILED);
	run(&matcher, lines);
	_exit(fileio_write_all(answers, "", 1) < 0 ? EXIT_FAILED : EXIT_DONE);
}

/* Waits for its answer. */
static int
hear(int answers, struct failure *why)
{
	char text[sizeof(why->text)];
	size_t used = 0;

	while (used < sizeof(text) && fileio_read_full(answers, text + used, 1) == 1)
		if (text[used++] == '\0')
			return used == 1 ? 0 : failure_set(why, "%s", text);
	return failure_set(why, "the process that matches lines has ended");
}

int
linematch_start(struct linematch *match, char *const *patterns, size_t count, struct failure *why)
{
	int lines[2] = {-1, -1}, answers[2] = {-1, -1};
	pid_t pid = -1;

	if (count > MATCHCOUNT_MOST)
		return failure_set(why, "there are at most %d patterns", MATCHCOUNT_MOST);
	/* Its end, and that of whoever reads the counts, is seen by errors. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(lines, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		close(lines[1]);
		close(answers[0]);
		become_matcher(patterns, count, lines[0], answers[1]);
	}
	if (pid < 0)
		failure_errno(why, "cannot match lines");
	fileio_close(&lines[0]);
	fileio_close(&answers[1]);
	*match = (struct linematch){.lines = lines[1], .answers = answers[0]};
	if (pid > 0 && hear(match->answers, why) == 0)
		return 0;
	fileio_close(&match->lines);
	fileio_close(&match->answers);
	return -1;
}

static void
hand(const struct linematch *match, const char *line)
{
	/* That nobody reads them is seen by polling. */
	if (fileio_write_all(match->lines, line, strlen(line)) == 0)
		(void)fileio_write_all(match->lines, "\n", 1);
}

/* A pairsource_line. */
static int64_t
take_line(struct pairsource *source, const char *line, int64_t since_ns)
{
	const int64_t time_ns = pairsource_line_time(line);

	if (time_ns >= since_ns)
		hand(source->context, line);
	return time_ns;
}

/* A confined process cannot ask for the status of another. */
static int
end(struct linematch *match, struct failure *why)
{
	fileio_close(&match->lines);
	return hear(match->answers, why);
}

int
linematch_serve(struct linematch *match, struct pairsource *source, pairsource_tell *tell,
		struct failure *why)
{
	int rc = 1;

	source->line = take_line;
	hand(match, "");
	while (rc > 0) {
		rc = pairsource_wait(source, match->lines, why);
		if (rc > 0)
			rc = source->read(source, why);
		if (*source->note.text)
			tell("%s", source->note.text);
		source->note = FAILURE_INIT;
	}
	return rc == 0 ? end(match, why) : rc;
}
