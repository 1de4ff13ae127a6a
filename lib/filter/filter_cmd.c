#include "filter/filter_cmd.h"

#include "base/sandbox.h"
#include "capfile/reader.h"
#include "capfile/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
filter_cmd_open(struct filter_cmd *cmd, const char *in, const char *out, struct failure *why)
{
	bool is_stdin = strcmp(in, "-") == 0;

	*cmd =
	    (struct filter_cmd){.name = is_stdin ? "standard input" : in, .out = PACKEDFILE_INIT};
	cmd->in = is_stdin ? STDIN_FILENO : open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (cmd->in < 0)
		return failure_errno(why, "cannot open '%s'", in);
	if (packedfile_open(&cmd->out, out, codec_of_name(out), why) == 0)
		return 0;
	if (!is_stdin)
		close(cmd->in);
	return -1;
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

	if (writer && cmd->mixes_linktypes)
		writer_mix_linktypes(writer);
	if (writer)
		outcome = copy_packets(&copy, why);
	writer_free(writer);
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
	if (outcome != COPY_FAILED && packedfile_commit(&cmd->out, why) < 0)
		outcome = COPY_FAILED;
	if (outcome == COPY_FAILED) {
		packedfile_blame(&cmd->out, why);
		packedfile_abandon(&cmd->out);
	}
	return outcome;
}
