#include "capture/keyproc.h"

#include "base/clock.h"
#include "base/diskquota.h"
#include "base/exitcode.h"
#include "capture/keptlines.h"
#include "capture/widepipe.h"
#include "flows/keysource_spec.h"
#include "flows/pairout.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long it may take to read its source, and to end: it waits a second for late keys. */
#define START_TIMEOUT_MS 5000
#define END_TIMEOUT_MS   5000

/* Runs the command, whose output says when it is ready. */
static int
run(struct keyproc *keys, struct supervised *command, struct failure *why)
{
	int hellos[2], ready[2], rc;

	if (widepipe_open(hellos) < 0)
		return failure_errno(why, "cannot run '%s'", KEYSOURCE_COMMAND);
	keys->hellos = hellos[1];
	if (widepipe_open(ready) < 0) {
		close(hellos[0]);
		return failure_errno(why, "cannot run '%s'", KEYSOURCE_COMMAND);
	}
	command->in = hellos[0];
	command->out = ready[1];
	rc = supervisor_start(&keys->supervisor, command, why);
	close(hellos[0]);
	close(ready[1]);
	if (rc == 0 && supervisor_try(&keys->supervisor, ready[0], START_TIMEOUT_MS) < 0)
		rc = supervisor_explain(&keys->supervisor, KEYSOURCE_COMMAND, "", why);
	close(ready[0]);
	return rc;
}

/* Makes the files that it writes. -1 with why: none is open. */
static int
make_files(const struct keyproc_wanted *wanted, int fds[KEPTLINES_FILES], struct failure *why)
{
	const int count = wanted->rolling_ns ? KEPTLINES_FILES : 1;

	for (int i = 0; i < count; i++) {
		fds[i] = rundir_file(wanted->dir, keptlines_name(KEPTLINES_KEYS, i), why);
		if (fds[i] >= 0)
			continue;
		while (i-- > 0)
			close(fds[i]);
		return -1;
	}
	return 0;
}

int
keyproc_start(struct keyproc *keys, const struct keyproc_wanted *wanted, struct failure *why)
{
	struct supervised command = {.err = wanted->err,
				     .dir = wanted->dir->fd,
				     .more = {-1, -1, -1},
				     .is_privileged = true};
	char reserve[32] = PAIROUT_RESERVE, rolling[40];
	const char *words[PAIRSOURCE_SPEC_WORDS + 4];
	struct pairsource_spec parsed;
	size_t count = 0;

	*keys = KEYPROC_INIT;
	keys->source = wanted->source;
	if (keysource_spec_parse(&parsed, wanted->source, why) < 0 ||
	    make_files(wanted, command.more, why) < 0)
		return -1;
	keysource_spec_words(&parsed, words);
	while (words[count])
		count++;
	if (wanted->reserve != DISKQUOTA_DEFAULT)
		snprintf(reserve, sizeof(reserve), "%" PRIu64, wanted->reserve);
	words[count++] = "--keep";
	words[count++] = reserve;
	snprintf(rolling, sizeof(rolling), "--rolling=" CLOCK_FORMAT "s",
		 CLOCK_ARGS(wanted->rolling_ns));
	if (wanted->rolling_ns)
		words[count++] = rolling;
	words[count] = NULL;
	command.argv = (char *const *)words;
	if (run(keys, &command, &keys->why) == 0) {
		fcntl(keys->hellos, F_SETFL, O_NONBLOCK);
		keys->tap = hellotap_new(keys->hellos, &keys->why);
	}
	for (int i = 0; i < SUPERVISED_MORES; i++)
		if (command.more[i] >= 0)
			close(command.more[i]);
	return 0;
}

bool
keyproc_is_lost(struct keyproc *keys, struct failure *why)
{
	if (keys->is_lost)
		return false;
	if (*keys->why.text) {
		*why = keys->why;
		return keys->is_lost = true;
	}
	if (!supervisor_ended(&keys->supervisor, 0))
		return false;
	supervisor_explain(&keys->supervisor, KEYSOURCE_COMMAND, "", why);
	return keys->is_lost = true;
}

bool
keyproc_finish(struct keyproc *keys, struct failure *why)
{
	const struct supervisor *supervisor = &keys->supervisor;

	if (keys->hellos >= 0)
		close(keys->hellos);
	keys->hellos = -1;
	if (!keys->tap || keys->is_lost)
		return true;
	if (!supervisor_ended(&keys->supervisor, END_TIMEOUT_MS)) {
		supervisor_dismiss(&keys->supervisor);
		failure_set(why, "'%s' did not end", KEYSOURCE_COMMAND);
	} else if (supervisor->status == EXIT_PARTIAL) {
		failure_set(why, "lines of keys are cut or malformed (see vcap-keys(1))");
	} else if (supervisor->status != EXIT_DONE) {
		supervisor_explain(supervisor, KEYSOURCE_COMMAND, "", why);
	} else if (hellotap_lost(keys->tap)) {
		failure_set(why, "'%s' was not told of %" PRIu64 " sessions", KEYSOURCE_COMMAND,
			    hellotap_lost(keys->tap));
	} else {
		return true;
	}
	return false;
}

void
keyproc_release(struct keyproc *keys)
{
	if (keys->hellos >= 0)
		close(keys->hellos);
	keys->hellos = -1;
	hellotap_free(keys->tap);
	keys->tap = NULL;
	supervisor_release(&keys->supervisor);
}
