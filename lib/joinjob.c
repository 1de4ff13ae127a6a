#include "joinjob.h"

#include "capfile.h"
#include "joinlive.h"
#include "priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void
close_inputs(struct joinjob *job)
{
	if (job->in > STDIN_FILENO)
		close(job->in);
	if (job->again >= 0)
		close(job->again);
	job->in = job->again = -1;
	tables_close(&job->tables);
}

static int
open_input(struct joinjob *job, const char *path, bool live, struct failure *why)
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
joinjob_open(struct joinjob *job, const char *in, const char *out, char *const *tables,
	     size_t table_count, bool live, struct failure *why)
{
	int rc;

	*job = (struct joinjob){.name = strcmp(in, "-") == 0 ? "standard input" : in,
				.in = -1,
				.again = -1,
				.out = OUTFILE_INIT};
	rc = open_input(job, in, live, why);
	for (size_t i = 0; i < table_count && rc == 0; i++)
		rc = tables_open(&job->tables, tables[i], why);
	if (rc == 0)
		rc = outfile_open(&job->out, out, why);
	if (rc < 0)
		close_inputs(job);
	return rc;
}

bool
joinjob_is_live(const struct joinjob *job)
{
	return job->again < 0;
}

char *
joinjob_summary(const struct join_counts *counts, uint64_t expired)
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
	struct flow *flow;
	enum join_verdict verdict = join_see(context, packet, linktype, &flow);

	return join_keeps(context, verdict, packet);
}

static char *
remark(void *context)
{
	return joinjob_summary(join_counts(context), 0);
}

/* The first time a file is read. What is damaged is told the second time. */
static void
learn(struct capfile *file, struct join *join)
{
	struct source *source = capfile_source(file);
	enum source_event event;
	struct packet packet;
	struct flow *flow;

	do {
		event = source->next(source, &packet, NULL);
		if (event == SOURCE_PACKET)
			join_see(join, &packet, source->interfaces[packet.iface].linktype, &flow);
	} while (event != SOURCE_END && event != SOURCE_CUT);
	join_finish(join);
}

static enum sieve_outcome
run_file(struct joinjob *job, struct join *join, struct sieve *sieve, struct failure *why)
{
	struct capfile *first = capfile_open_fd(job->again, job->name, why);

	if (!first)
		return SIEVE_FAILED;
	job->again = -1;
	if (tables_take_all(&job->tables, join, why) < 0) {
		capfile_close(first);
		return SIEVE_FAILED;
	}
	learn(first, join);
	capfile_close(first);
	if (join_again(join, why) < 0)
		return SIEVE_FAILED;
	sieve->judge = judge;
	sieve->remark = remark;
	sieve->context = join;
	return sieve_copy(sieve, why);
}

static enum sieve_outcome
run_stream(struct joinjob *job, const struct join_config *config, struct join *join,
	   struct sieve *sieve, struct failure *why)
{
	struct joinlive live = {.join = join,
				.tables = &job->tables,
				.memory = config->memory,
				.hold_ns = config->hold_ns};
	enum sieve_outcome outcome = joinlive_run(&live, sieve, why);

	job->expired = live.expired;
	return outcome;
}

static enum sieve_outcome
copy(struct joinjob *job, const struct join_config *config, struct capfile *in, struct failure *why)
{
	struct sieve sieve = {.in = in};
	enum sieve_outcome outcome = SIEVE_FAILED;
	struct join *join = join_new(config, why);

	if (join)
		sieve.out = capwriter_new(job->out.fd, capfile_format(in), why);
	if (sieve.out)
		outcome = config->is_live ? run_stream(job, config, join, &sieve, why)
					  : run_file(job, join, &sieve, why);
	if (join)
		job->counts = *join_counts(join);
	capwriter_free(sieve.out);
	join_free(join);
	return outcome;
}

enum sieve_outcome
joinjob_run(struct joinjob *job, struct join_config *config, struct failure *why)
{
	enum sieve_outcome outcome = SIEVE_FAILED;
	struct capfile *in = NULL;

	config->is_live = joinjob_is_live(job);
	config->has_tables = job->tables.count > 0;
	/* Half for packets, half for connections. */
	if (config->is_live)
		config->memory /= 2;
	if (getrandom(&config->seed, sizeof(config->seed), 0) < 0)
		failure_errno(why, "no random numbers");
	else if (priv_confine(job->out.dirfd, NULL, why) == 0)
		in = capfile_open_fd(job->in, job->name, why);
	if (in) {
		job->in = -1;
		outcome = copy(job, config, in, why);
	}
	capfile_close(in);
	close_inputs(job);
	if (outcome != SIEVE_FAILED && outfile_commit(&job->out, why) < 0)
		outcome = SIEVE_FAILED;
	if (outcome == SIEVE_FAILED)
		outfile_abandon(&job->out);
	return outcome;
}
