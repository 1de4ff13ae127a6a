#include "capture/flowproc.h"

#include "flows/pairsource_spec.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

/* As much as an ordinary user may have in a pipe: pairs wait for the command. */
#define PIPE_SIZE (1 << 20)

/* How long it may take to say something. */
#define PATIENCE_MS 5000

int
flowproc_start(struct flowproc *informant, const char *source, const char *service, int err,
	       int dir, struct failure *why)
{
	struct supervised guarded = {
	    .in = -1, .err = err, .dir = dir, .more = {-1, -1, -1}, .is_privileged = true};
	const char *words[PAIRSOURCE_SPEC_WORDS + 2];
	struct pairsource_spec parsed;
	size_t count = 0;
	int pairs[2], rc;

	*informant = FLOWPROC_INIT;
	informant->source = source;
	if (pairsource_spec_parse(&parsed, source, why) < 0)
		return -1;
	pairsource_spec_words(&parsed, words);
	while (words[count])
		count++;
	if (service) {
		words[count++] = "-S";
		words[count++] = service;
	}
	words[count] = NULL;
	if (pipe2(pairs, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot run '%s'", PAIRSOURCE_SPEC_COMMAND);
	fcntl(pairs[1], F_SETPIPE_SZ, PIPE_SIZE);
	guarded.argv = (char *const *)words;
	guarded.out = pairs[1];
	informant->pairs = pairs[0];
	rc = supervisor_start(&informant->guardian, &guarded, why);
	close(pairs[1]);
	if (rc == 0 && supervisor_try(&informant->guardian, informant->pairs, PATIENCE_MS) < 0)
		rc = supervisor_explain(&informant->guardian, PAIRSOURCE_SPEC_COMMAND, "", why);
	if (rc < 0)
		flowproc_release(informant);
	return rc;
}

bool
flowproc_is_lost(struct flowproc *informant, struct failure *why)
{
	/* With status 0 it is the command that is not there any more. */
	if (informant->is_lost || !supervisor_ended(&informant->guardian, 0) ||
	    informant->guardian.status == 0)
		return false;
	informant->is_lost = true;
	supervisor_explain(&informant->guardian, PAIRSOURCE_SPEC_COMMAND, "", why);
	return true;
}

void
flowproc_release(struct flowproc *informant)
{
	supervisor_release(&informant->guardian);
	if (informant->pairs >= 0)
		close(informant->pairs);
	informant->pairs = -1;
}
