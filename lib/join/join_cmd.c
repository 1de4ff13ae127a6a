/*
 * A regular file is read twice, by two readers on one descriptor that use pread(): the first pass
 * learns what the whole file tells of each connection, the second copies. All else is a stream and
 * judged as it comes. Everything is opened before the sandbox is entered, and bytes from outside
 * are parsed only inside.
 */
#include "join/join_cmd.h"

#include "base/sandbox.h"
#include "base/siphash.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "join/join_stream.h"
#include "packet/burst.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* For the connections of a file, in bytes; its packets are not held. */
#define FILE_MEMORY ((size_t)512 << 20)

static void
close_inputs(struct join_cmd *cmd)
{
	if (cmd->in > STDIN_FILENO)
		close(cmd->in);
	if (cmd->again >= 0)
		close(cmd->again);
	if (cmd->anew >= 0)
		close(cmd->anew);
	if (cmd->for_keys >= 0)
		close(cmd->for_keys);
	cmd->in = cmd->again = cmd->anew = cmd->for_keys = -1;
	pairfile_close(&cmd->tables);
}

static int
open_input(struct join_cmd *cmd, const char *path, enum join_mode mode, enum join_keys keys,
	   struct failure *why)
{
	struct stat st;

	cmd->in = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		cmd->in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (cmd->in < 0 || fstat(cmd->in, &st) < 0)
		return failure_errno(why, "cannot open '%s'", cmd->name);
	if (keys != JOIN_KEYS_NONE && (mode == JOIN_LIVE || !S_ISREG(st.st_mode)))
		return failure_set(why, "'--keys' needs a regular file, which is read again: '%s'",
				   cmd->name);
	if (mode == JOIN_LIVE || !S_ISREG(st.st_mode))
		return 0;
	/* All readers use pread(), which leaves the shared file offset alone. */
	cmd->again = fcntl(cmd->in, F_DUPFD_CLOEXEC, 3);
	cmd->anew = fcntl(cmd->in, F_DUPFD_CLOEXEC, 3);
	if (cmd->again >= 0 && keys != JOIN_KEYS_NONE)
		cmd->for_keys = fcntl(cmd->in, F_DUPFD_CLOEXEC, 3);
	return cmd->again < 0 || cmd->anew < 0 || (keys != JOIN_KEYS_NONE && cmd->for_keys < 0)
		   ? failure_errno(why, "cannot open '%s'", cmd->name)
		   : 0;
}

int
join_cmd_open(struct join_cmd *cmd, const char *in, const char *out, char *const *tables,
	      size_t table_count, enum join_mode mode, enum join_keys keys, struct failure *why)
{
	int rc;

	*cmd = (struct join_cmd){.name = strcmp(in, "-") == 0 ? "standard input" : in,
				 .in = -1,
				 .again = -1,
				 .anew = -1,
				 .for_keys = -1,
				 .out = PACKEDFILE_INIT};
	rc = open_input(cmd, in, mode, keys, why);
	for (size_t i = 0; i < table_count && rc == 0; i++)
		rc = pairfile_open(&cmd->tables, tables[i], why);
	if (rc == 0)
		rc = outfile_spare(in, out, why);
	if (rc == 0)
		rc = packedfile_open(&cmd->out, out, codec_of_name(out), why);
	if (rc < 0)
		close_inputs(cmd);
	return rc;
}

bool
join_cmd_is_live(const struct join_cmd *cmd)
{
	return cmd->again < 0;
}

/* A copy_judge: the second pass over a file. */
static bool
judge_packet(void *context, const struct packet *packet, uint16_t linktype)
{
	struct conn *flow;
	enum join_verdict verdict = join_see(context, packet, linktype, &flow);

	return join_keeps(context, verdict, packet);
}

/* A copy_remark. */
static char *
remark_counts(void *context)
{
	return join_remark(context, 0);
}

/* The first pass over a file. Damage is reported by the second. */
static void
learn(struct reader *file, struct join *join)
{
	struct source *source = reader_source(file);
	enum source_event event;
	struct packet packet;
	struct burst burst;
	struct conn *flow;

	burst_init(&burst, source);
	do {
		event = burst_next(&burst, &packet, NULL);
		if (event == SOURCE_PACKET)
			join_see(join, &packet, source->interfaces[packet.iface].linktype, &flow);
	} while (event != SOURCE_END && event != SOURCE_CUT);
	join_finish(join);
}

/* Learns from all of it, and once more where that throws doubt on what it began with. */
static int
learn_all(struct join_cmd *cmd, struct join *join, struct failure *why)
{
	struct reader *file = reader_open_fd(cmd->again, cmd->name, why);

	if (!file)
		return -1;
	cmd->again = -1;
	if (pairfile_read_all(&cmd->tables, why) < 0) {
		reader_close(file);
		return -1;
	}
	learn(file, join);
	reader_close(file);
	if (!join_has_doubts(join))
		return 0;
	if (join_learn_again(join, why) < 0 || !(file = reader_open_fd(cmd->anew, cmd->name, why)))
		return -1;
	cmd->anew = -1;
	learn(file, join);
	reader_close(file);
	return 0;
}

/* Judges all of it once more before, for its keys. */
static int
find_keys(struct join_cmd *cmd, struct join *join, struct copy *copy, struct secrets *secrets,
	  struct failure *why)
{
	struct reader *first = reader_open_fd(cmd->for_keys, cmd->name, why);
	int rc;

	if (!first)
		return -1;
	cmd->for_keys = -1;
	rc = copy_find_secrets(copy, first, secrets, why);
	reader_close(first);
	copy->secrets = secrets;
	return rc < 0 ? -1 : join_again(join, why);
}

static enum copy_outcome
join_file(struct join_cmd *cmd, struct join *join, struct copy *copy, struct failure *why)
{
	enum copy_outcome outcome = COPY_FAILED;
	struct secrets secrets = SECRETS_INIT;

	if (learn_all(cmd, join, why) < 0 || join_again(join, why) < 0)
		return COPY_FAILED;
	copy->judge = judge_packet;
	copy->remark = remark_counts;
	copy->context = join;
	if (cmd->for_keys < 0 || find_keys(cmd, join, copy, &secrets, why) == 0)
		outcome = copy_packets(copy, why);
	secrets_release(&secrets);
	return outcome;
}

static enum copy_outcome
join_as_stream(struct join_cmd *cmd, const struct join_config *config, struct join *join,
	       struct copy *copy, struct failure *why)
{
	struct join_stream stream = {.join = join,
				     .tables = &cmd->tables,
				     .memory = config->memory,
				     .hold_ns = config->hold_ns};
	enum copy_outcome outcome = join_stream_run(&stream, copy, why);

	cmd->expired = stream.expired;
	return outcome;
}

/* A pairfile_report. */
static void
add_pair(void *join, const struct connpair *pair)
{
	join_pair(join, pair);
}

static enum copy_outcome
join_packets(struct join_cmd *cmd, const struct join_config *config, struct reader *in,
	     struct failure *why)
{
	struct copy copy = {.in = in};
	enum copy_outcome outcome = COPY_FAILED;
	struct join *join = join_new(config, why);

	cmd->tables.report = add_pair;
	cmd->tables.context = join;
	if (join)
		copy.out = writer_new(cmd->out.fd, reader_format(in), why);
	if (copy.out && cmd->mixes_linktypes)
		writer_mix_linktypes(copy.out);
	if (copy.out)
		outcome = config->is_live ? join_as_stream(cmd, config, join, &copy, why)
					  : join_file(cmd, join, &copy, why);
	if (join) {
		cmd->counts = *join_counts(join);
		cmd->failed_connects = join_failed_connects(join);
	}
	writer_free(copy.out);
	join_free(join);
	return outcome;
}

enum copy_outcome
join_cmd_run(struct join_cmd *cmd, struct join_config *config, struct failure *why)
{
	enum copy_outcome outcome = COPY_FAILED;
	struct reader *in = NULL;

	config->is_live = join_cmd_is_live(cmd);
	config->has_tables = cmd->tables.count > 0;
	/* In a stream half is for packets, half for connections. */
	config->memory = config->is_live ? config->memory / 2 : FILE_MEMORY;
	if (siphash_draw_key(&config->secret, why) == 0 &&
	    sandbox_confine(cmd->out.file.dirfd, NULL, why) == 0)
		in = reader_open_fd(cmd->in, cmd->name, why);
	if (in) {
		cmd->in = -1;
		outcome = join_packets(cmd, config, in, why);
	}
	reader_close(in);
	close_inputs(cmd);
	if (outcome != COPY_FAILED && packedfile_commit(&cmd->out, why) < 0)
		outcome = COPY_FAILED;
	if (outcome == COPY_FAILED) {
		packedfile_blame(&cmd->out, why);
		packedfile_abandon(&cmd->out);
	}
	return outcome;
}
