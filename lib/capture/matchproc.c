#include "capture/matchproc.h"

#include "base/fileio.h"
#include "base/strvec.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* How long it may take to write its first output. */
#define START_TIMEOUT_MS 5000

static char **
command(const struct pairsource_spec *source, char *const *patterns)
{
	const char *words[PAIRSOURCE_SPEC_WORDS];
	struct strvec argv = STRVEC_INIT;

	pairsource_spec_words(source, words);
	for (const char **word = words; *word; word++)
		strvec_push(&argv, *word);
	for (; *patterns; patterns++) {
		strvec_push(&argv, "--match");
		strvec_push(&argv, *patterns);
	}
	return strvec_detach(&argv);
}

int
matchproc_start(struct matchproc *match, const struct pairsource_spec *source,
		char *const *patterns, int err, struct failure *why)
{
	struct supervised supervised = {
	    .in = -1, .err = err, .dir = -1, .more = {-1, -1, -1}, .is_privileged = true};
	char **argv = command(source, patterns);
	int ends[2], rc;

	*match = MATCHPROC_INIT;
	match->source = *source;
	linebuf_init(&match->lines);
	if (!argv || pipe2(ends, O_CLOEXEC) < 0) {
		strvec_free(argv);
		return failure_errno(why, "cannot run '%s'", PAIRSOURCE_SPEC_COMMAND);
	}
	supervised.argv = argv;
	supervised.out = ends[1];
	match->out = ends[0];
	rc = supervisor_start(&match->supervisor, &supervised, why);
	close(ends[1]);
	strvec_free(argv);
	if (rc == 0 && supervisor_try(&match->supervisor, match->out, START_TIMEOUT_MS) < 0)
		rc = supervisor_explain(&match->supervisor, PAIRSOURCE_SPEC_COMMAND, "", why);
	if (rc < 0)
		matchproc_release(match);
	return rc;
}

void
matchproc_read(struct matchproc *match, matchproc_report *report, void *context)
{
	struct pollfd ready = {.fd = match->out, .events = POLLIN};

	while (match->out >= 0 && poll(&ready, 1, 0) > 0) {
		uint64_t matches, limited;
		unsigned number;
		size_t room;
		char *space = linebuf_space(&match->lines, &room), *line;
		const ssize_t n = read(match->out, space, room);

		if (n <= 0) {
			fileio_close(&match->out);
			return;
		}
		linebuf_filled(&match->lines, (size_t)n);
		while ((line = linebuf_next(&match->lines)))
			if (matchcount_parse(line, &number, &matches, &limited) > 0)
				report(context, number - 1, matches, limited);
	}
}

bool
matchproc_is_lost(struct matchproc *match, struct failure *why)
{
	if (match->is_lost || !supervisor_ended(&match->supervisor, 0))
		return false;
	match->is_lost = true;
	supervisor_explain(&match->supervisor, PAIRSOURCE_SPEC_COMMAND, "", why);
	return true;
}

void
matchproc_release(struct matchproc *match)
{
	supervisor_release(&match->supervisor);
	fileio_close(&match->out);
}
