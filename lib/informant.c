#include "informant.h"

#include "flowsource.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

/* As much as an ordinary user may have in a pipe: pairs wait for the command. */
#define PIPE_SIZE (1 << 20)

/* How long it may take to say something. */
#define PATIENCE_MS 5000

static int
say_how_it_ended(const struct informant *informant, struct failure *why)
{
	const int status = informant->guardian.status;

	if (status > 128)
		return failure_set(why, "'vcap-flows' was ended by signal %d", status - 128);
	return failure_set(why, "'vcap-flows' ended with status %d", status);
}

/* It has told the first line, or has ended. */
static int
wait_for_word(struct informant *informant, struct failure *why)
{
	struct pollfd pollers[] = {{.fd = informant->pairs, .events = POLLIN},
				   {.fd = informant->guardian.reports, .events = POLLIN}};

	/* What it has told remains when it has ended. */
	if (poll(pollers, 2, PATIENCE_MS) <= 0 || pollers[0].revents & POLLIN ||
	    !guardian_ended(&informant->guardian, PATIENCE_MS))
		return 0;
	return say_how_it_ended(informant, why);
}

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
		return failure_errno(why, "cannot run 'vcap-flows'");
	fcntl(pairs[1], F_SETPIPE_SZ, PIPE_SIZE);
	guarded.argv = (char *const *)words;
	guarded.out = pairs[1];
	informant->pairs = pairs[0];
	rc = guardian_start(&informant->guardian, &guarded, why);
	close(pairs[1]);
	if (rc == 0)
		rc = wait_for_word(informant, why);
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
	say_how_it_ended(informant, why);
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
