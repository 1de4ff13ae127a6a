#include "filter/filter_cmd.h"

#include "base/priv.h"
#include "capfile/reader.h"
#include "capfile/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
filter_cmd_open(struct filter_cmd *job, const char *in, const char *out, struct failure *why)
{
	bool is_stdin = strcmp(in, "-") == 0;

	*job = (struct filter_cmd){.name = is_stdin ? "standard input" : in, .out = OUTFILE_INIT};
	job->in = is_stdin ? STDIN_FILENO : open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (job->in < 0)
		return failure_errno(why, "cannot open '%s'", in);
	if (outfile_open(&job->out, out, why) == 0)
		return 0;
	if (!is_stdin)
		close(job->in);
	return -1;
}

static enum copy_outcome
copy(struct filter_cmd *job, struct reader *in, struct selection *selection, struct failure *why)
{
	struct writer *writer = writer_new(job->out.fd, reader_format(in), why);
	enum copy_outcome outcome = COPY_FAILED;
	struct copy sieve = {
	    .in = in, .out = writer, .judge = selection_judge, .context = selection};

	if (writer)
		outcome = copy_packets(&sieve, why);
	writer_free(writer);
	if (selection->why.text[0]) {
		*why = selection->why;
		return COPY_FAILED;
	}
	return outcome;
}

enum copy_outcome
filter_cmd_run(struct filter_cmd *job, struct selection *selection, struct failure *why)
{
	enum copy_outcome outcome = COPY_FAILED;
	struct reader *in = NULL;

	if (priv_confine(job->out.dirfd, NULL, why) == 0)
		in = reader_open_fd(job->in, job->name, why);
	if (in)
		outcome = copy(job, in, selection, why);
	else
		close(job->in);
	reader_close(in);
	if (outcome != COPY_FAILED && outfile_commit(&job->out, why) < 0)
		outcome = COPY_FAILED;
	if (outcome == COPY_FAILED)
		outfile_abandon(&job->out);
	return outcome;
}
