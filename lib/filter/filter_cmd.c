#include "filter/filter_cmd.h"

#include "base/fileio.h"
#include "base/sandbox.h"
#include "capfile/reader.h"
#include "capfile/writer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Both readers use pread(), which leaves the shared file offset alone. */
static int
open_first(struct filter_cmd *cmd, struct failure *why)
{
	struct stat st;

	if (fstat(cmd->in, &st) == 0 && !S_ISREG(st.st_mode))
		return failure_set(why, "'--keys' reads a capture twice: '%s' is no regular file",
				   cmd->name);
	cmd->first = fcntl(cmd->in, F_DUPFD_CLOEXEC, 3);
	return cmd->first < 0 ? failure_errno(why, "cannot open '%s'", cmd->name) : 0;
}

int
filter_cmd_open(struct filter_cmd *cmd, const char *in, const char *out, enum filter_keys keys,
		struct failure *why)
{
	bool is_stdin = strcmp(in, "-") == 0;

	*cmd = (struct filter_cmd){
	    .name = is_stdin ? "standard input" : in, .first = -1, .out = PACKEDFILE_INIT};
	cmd->in = is_stdin ? STDIN_FILENO : open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (cmd->in < 0)
		return failure_errno(why, "cannot open '%s'", in);
	if (outfile_spare(in, out, why) == 0 &&
	    (keys == FILTER_KEYS_NONE || open_first(cmd, why) == 0) &&
	    packedfile_open(&cmd->out, out, codec_of_name(out), why) == 0)
		return 0;
	fileio_close(&cmd->first);
	if (!is_stdin)
		close(cmd->in);
	return -1;
}

/* Reads the input once before, for its keys. */
static int
find_keys(struct filter_cmd *cmd, struct copy *copy, struct secrets *secrets, struct failure *why)
{
	struct reader *first = reader_open_fd(cmd->first, cmd->name, why);
	int rc;

	if (!first)
		return -1;
	cmd->first = -1;
	rc = copy_find_secrets(copy, first, secrets, why);
	reader_close(first);
	copy->secrets = secrets;
	return rc;
}

static enum copy_outcome
filter_packets(struct filter_cmd *cmd, struct reader *in, struct selection *selection,
	       struct failure *why)
{
	struct writer *writer = writer_new(cmd->out.fd, reader_format(in), why);
	enum copy_outcome outcome = COPY_FAILED;
	struct copy copy = {.in = in,
			    .out = writer,
			    .judge = selection_judge,
			    .context = selection,
			    .cuts = cmd->cuts};
	struct secrets secrets = SECRETS_INIT;

	if (writer && cmd->mixes_linktypes)
		writer_mix_linktypes(writer);
	if (writer && (cmd->first < 0 || find_keys(cmd, &copy, &secrets, why) == 0))
		outcome = copy_packets(&copy, why);
	writer_free(writer);
	secrets_release(&secrets);
	if (selection->why.text[0]) {
		*why = selection->why;
		return COPY_FAILED;
	}
	return outcome;
}

enum copy_outcome
filter_cmd_run(struct filter_cmd *cmd, struct selection *selection, struct failure *why)
{
	enum copy_outcome outcome = COPY_FAILED;
	struct reader *in = NULL;

	if (sandbox_confine(cmd->out.file.dirfd, NULL, why) == 0)
		in = reader_open_fd(cmd->in, cmd->name, why);
	if (in)
		outcome = filter_packets(cmd, in, selection, why);
	else
		close(cmd->in);
	reader_close(in);
	fileio_close(&cmd->first);
	if (outcome != COPY_FAILED && packedfile_commit(&cmd->out, why) < 0)
		outcome = COPY_FAILED;
	if (outcome == COPY_FAILED) {
		packedfile_blame(&cmd->out, why);
		packedfile_abandon(&cmd->out);
	}
	return outcome;
}
