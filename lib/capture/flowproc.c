#include "capture/flowproc.h"

#include "base/clock.h"
#include "base/diskquota.h"
#include "capture/widepipe.h"
#include "flows/pairout.h"
#include "flows/pairsource_spec.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long it may take to write its first output. */
#define START_TIMEOUT_MS 5000

int
flowproc_start(struct flowproc *flows, const struct flowproc_wanted *wanted, struct failure *why)
{
	struct supervised command = {.in = -1,
				     .err = wanted->err,
				     .dir = wanted->dir,
				     .more = {wanted->kept, wanted->other, -1},
				     .is_privileged = true};
	const char *words[PAIRSOURCE_SPEC_WORDS + 4];
	char reserve[80] = PAIROUT_RESERVE;
	struct pairsource_spec parsed;
	size_t count = 0;
	int pairs[2], rc;

	*flows = FLOWPROC_INIT;
	flows->source = wanted->source;
	if (pairsource_spec_parse(&parsed, wanted->source, why) < 0)
		return -1;
	pairsource_spec_words(&parsed, words);
	while (words[count])
		count++;
	if (wanted->service) {
		words[count++] = "-S";
		words[count++] = wanted->service;
	}
	if (wanted->reserve != DISKQUOTA_DEFAULT)
		snprintf(reserve, sizeof(reserve), "%" PRIu64, wanted->reserve);
	if (wanted->other >= 0)
		snprintf(reserve + strlen(reserve), sizeof(reserve) - strlen(reserve),
			 "/" CLOCK_FORMAT "s", CLOCK_ARGS(wanted->rolling_ns));
	if (wanted->kept >= 0) {
		words[count++] = "--keep";
		words[count++] = reserve;
	}
	words[count] = NULL;
	if (widepipe_open(pairs) < 0)
		return failure_errno(why, "cannot run '%s'", PAIRSOURCE_SPEC_COMMAND);
	command.argv = (char *const *)words;
	command.out = pairs[1];
	flows->pairs = pairs[0];
	rc = supervisor_start(&flows->supervisor, &command, why);
	close(pairs[1]);
	if (rc == 0 && supervisor_try(&flows->supervisor, flows->pairs, START_TIMEOUT_MS) < 0)
		rc = supervisor_explain(&flows->supervisor, PAIRSOURCE_SPEC_COMMAND, "", why);
	if (rc < 0)
		flowproc_release(flows);
	return rc;
}

bool
flowproc_is_lost(struct flowproc *flows, struct failure *why)
{
	/* With status 0 it has ended because the filter command had. */
	if (flows->is_lost || !supervisor_ended(&flows->supervisor, 0) ||
	    flows->supervisor.status == 0)
		return false;
	flows->is_lost = true;
	supervisor_explain(&flows->supervisor, PAIRSOURCE_SPEC_COMMAND, "", why);
	return true;
}

void
flowproc_release(struct flowproc *flows)
{
	supervisor_release(&flows->supervisor);
	if (flows->pairs >= 0)
		close(flows->pairs);
	flows->pairs = -1;
}
