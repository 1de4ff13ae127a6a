#include "join/join_cmd.h"

#include "base/priv.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "join/join_stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void
close_inputs(struct join_cmd *job)
{
	if (job->in > STDIN_FILENO)
		close(job->in);
	if (job->again >= 0)
		close(job->again);
	job->in = job->again = -1;
	pairfile_close(&job->tables);
}

static int
open_input(struct join_cmd *job, const char *path, bool live, struct failure *why)
{
	struct stat st;

	job->in = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		job->in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (job->in < 0 || fstat(job->in, &st) < 0)
		return failure_errno(why, "cannot open '%s'", job->name);
	if (live || !S_ISREG(st.st_mode))
		return 0;
	/* Both read by position and leave the descriptor's own alone. */
	job->again = fcntl(job->in, F_DUPFD_CLOEXEC, 3);
	return job->again < 0 ? failure_errno(why, "cannot open '%s'", job->name) : 0;
}

int
join_cmd_open(struct join_cmd *job, const char *in, const char *out, char *const *tables,
	      size_t table_count, bool live, struct failure *why)
{
	int rc;

	*job = (struct join_cmd){.name = strcmp(in, "-") == 0 ? "standard input" : in,
				 .in = -1,
				 .again = -1,
				 .out = OUTFILE_INIT};
	rc = open_input(job, in, live, why);
	for (size_t i = 0; i < table_count && rc == 0; i++)
		rc = pairfile_open(&job->tables, tables[i], why);
	if (rc == 0)
		rc = outfile_open(&job->out, out, why);
	if (rc < 0)
		close_inputs(job);
	return rc;
}

bool
join_cmd_is_live(const struct join_cmd *job)
{
	return job->again < 0;
}

char *
join_counts_format(const struct join_counts *counts, uint64_t expired)
{
	char *text, monitors[48] = "", packets[64] = "";

	if (counts->monitors)
		snprintf(monitors, sizeof(monitors), ", %llu health checks",
			 (unsigned long long)counts->monitors);
	if (expired)
		snprintf(packets, sizeof(packets), ", %llu packets not decided in time",
			 (unsigned long long)expired);
	if (asprintf(&text,
		     "vcap-join: server connections: %llu wanted, %llu not, %llu undecided%s%s",
		     (unsigned long long)counts->wanted, (unsigned long long)counts->other,
		     (unsigned long long)counts->undecided, monitors, packets) < 0)
		return NULL;
	return text;
}

/* A file, the second time. */
static bool
judge(void *context, const struct packet *packet, uint16_t linktype)
{
	struct conn *flow;
	enum join_verdict verdict = join_see(context, packet, linktype, &flow);

	return join_keeps(context, verdict, packet);
}

static char *
remark(void *context)
{
	return join_counts_format(join_counts(context), 0);
}

/* The first time a file is read. What is damaged is told the second time. */
static void
learn(struct reader *file, struct join *join)
{
	struct source *source = reader_source(file);
	enum source_event event;
	struct packet packet;
	struct conn *flow;

	do {
		event = source->next(source, &packet, NULL);
		if (event == SOURCE_PACKET)
			join_see(join, &packet, source->interfaces[packet.iface].linktype, &flow);
	} while (event != SOURCE_END && event != SOURCE_CUT);
	join_finish(join);
}

static enum copy_outcome
run_file(struct join_cmd *job, struct join *join, struct copy *sieve, struct failure *why)
{
	struct reader *first = reader_open_fd(job->again, job->name, why);

	if (!first)
		return COPY_FAILED;
	job->again = -1;
	if (pairfile_read_all(&job->tables, why) < 0) {
		reader_close(first);
		return COPY_FAILED;
	}
	learn(first, join);
	reader_close(first);
	if (join_again(join, why) < 0)
		return COPY_FAILED;
	sieve->judge = judge;
	sieve->remark = remark;
	sieve->context = join;
	return copy_packets(sieve, why);
}

static enum copy_outcome
run_stream(struct join_cmd *job, const struct join_config *config, struct join *join,
	   struct copy *sieve, struct failure *why)
{
	struct join_stream live = {.join = join,
				   .tables = &job->tables,
				   .memory = config->memory,
				   .hold_ns = config->hold_ns};
	enum copy_outcome outcome = join_stream_run(&live, sieve, why);

	job->expired = live.expired;
	return outcome;
}

/* A pair that a file told. */
static void
add_pair(void *join, const struct connpair *pair)
{
	join_pair(join, pair);
}

static enum copy_outcome
copy(struct join_cmd *job, const struct join_config *config, struct reader *in, struct failure *why)
{
	struct copy sieve = {.in = in};
	enum copy_outcome outcome = COPY_FAILED;
	struct join *join = join_new(config, why);

	job->tables.report = add_pair;
	job->tables.context = join;
	if (join)
		sieve.out = writer_new(job->out.fd, reader_format(in), why);
	if (sieve.out)
		outcome = config->is_live ? run_stream(job, config, join, &sieve, why)
					  : run_file(job, join, &sieve, why);
	if (join)
		job->counts = *join_counts(join);
	writer_free(sieve.out);
	join_free(join);
	return outcome;
}

enum copy_outcome
join_cmd_run(struct join_cmd *job, struct join_config *config, struct failure *why)
{
	enum copy_outcome outcome = COPY_FAILED;
	struct reader *in = NULL;

	config->is_live = join_cmd_is_live(job);
	config->has_tables = job->tables.count > 0;
	/* Half for packets, half for connections. */
	if (config->is_live)
		config->memory /= 2;
	if (getrandom(&config->seed, sizeof(config->seed), 0) < 0)
		failure_errno(why, "no random numbers");
	else if (priv_confine(job->out.dirfd, NULL, why) == 0)
		in = reader_open_fd(job->in, job->name, why);
	if (in) {
		job->in = -1;
		outcome = copy(job, config, in, why);
	}
	reader_close(in);
	close_inputs(job);
	if (outcome != COPY_FAILED && outfile_commit(&job->out, why) < 0)
		outcome = COPY_FAILED;
	if (outcome == COPY_FAILED)
		outfile_abandon(&job->out);
	return outcome;
}
