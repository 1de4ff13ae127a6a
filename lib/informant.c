#include "informant.h"

#include "flowsource.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

/* As much as an ordinary user may have in a pipe: pairs wait for the command. */
#define PIPE_SIZE (1 << 20)

/* How long it may take to say something. */
#define PATIENCE_MS 5000

int
informant_start(struct informant *informant, const char *source, const char *service, int err,
		int dir, struct failure *why)
{
	struct guarded guarded = {
	    .in = -1, .err = err, .dir = dir, .more = {-1, -1, -1}, .is_privileged = true};
	const char *words[FLOWSOURCE_WORDS + 2];
	struct flowsource parsed;
	size_t count = 0;
	int pairs[2], rc;

	*informant = INFORMANT_INIT;
	informant->source = source;
	if (flowsource_parse(&parsed, source, why) < 0)
		return -1;
	flowsource_words(&parsed, words);
	while (words[count])
		count++;
	if (service) {
		words[count++] = "-S";
		words[count++] = service;
	}
	words[count] = NULL;
	if (pipe2(pairs, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot run '%s'", FLOWSOURCE_COMMAND);
	fcntl(pairs[1], F_SETPIPE_SZ, PIPE_SIZE);
	guarded.argv = (char *const *)words;
	guarded.out = pairs[1];
	informant->pairs = pairs[0];
	rc = guardian_start(&informant->guardian, &guarded, why);
	close(pairs[1]);
	if (rc == 0 && guardian_try(&informant->guardian, informant->pairs, PATIENCE_MS) < 0)
		rc = guardian_explain(&informant->guardian, FLOWSOURCE_COMMAND, "", why);
	if (rc < 0)
		informant_release(informant);
	return rc;
}

bool
informant_is_lost(struct informant *informant, struct failure *why)
{
	/* With status 0 it is the command that is not there any more. */
	if (informant->is_lost || !guardian_ended(&informant->guardian, 0) ||
	    informant->guardian.status == 0)
		return false;
	informant->is_lost = true;
	guardian_explain(&informant->guardian, FLOWSOURCE_COMMAND, "", why);
	return true;
}

void
informant_release(struct informant *informant)
{
	guardian_release(&informant->guardian);
	if (informant->pairs >= 0)
		close(informant->pairs);
	informant->pairs = -1;
}
