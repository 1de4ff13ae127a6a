#include "filterjob.h"

#include "capfile.h"
#include "priv.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
filterjob_open(struct filterjob *job, const char *in, const char *out, struct failure *why)
{
	bool is_stdin = strcmp(in, "-") == 0;

	*job = (struct filterjob){.name = is_stdin ? "standard input" : in, .out = OUTFILE_INIT};
	job->in = is_stdin ? STDIN_FILENO : open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (job->in < 0)
		return failure_errno(why, "cannot open '%s'", in);
	if (outfile_open(&job->out, out, why) == 0)
		return 0;
	if (!is_stdin)
		close(job->in);
	return -1;
}

static enum sieve_outcome
copy(struct filterjob *job, struct capfile *in, struct selection *selection, struct failure *why)
{
	struct capwriter *writer = capwriter_new(job->out.fd, capfile_format(in), why);
	enum sieve_outcome outcome = SIEVE_FAILED;
	struct sieve sieve = {
	    .in = in, .out = writer, .judge = selection_judge, .context = selection};

	if (writer)
		outcome = sieve_copy(&sieve, why);
	capwriter_free(writer);
	if (selection->why.text[0]) {
		*why = selection->why;
		return SIEVE_FAILED;
	}
	return outcome;
}

enum sieve_outcome
filterjob_run(struct filterjob *job, struct selection *selection, struct failure *why)
{
	enum sieve_outcome outcome = SIEVE_FAILED;
	struct capfile *in = NULL;

	if (priv_confine(job->out.dirfd, NULL, why) == 0)
		in = capfile_open_fd(job->in, job->name, why);
	if (in)
		outcome = copy(job, in, selection, why);
	else
		close(job->in);
	capfile_close(in);
	if (outcome != SIEVE_FAILED && outfile_commit(&job->out, why) < 0)
		outcome = SIEVE_FAILED;
	if (outcome == SIEVE_FAILED)
		outfile_abandon(&job->out);
	return outcome;
}
