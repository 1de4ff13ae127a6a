#include "controller/fetch.h"

#include "base/clock.h"
#include "base/errtext.h"
#include "base/process.h"
#include "base/relay.h"
#include "base/strvec.h"
#include "capfile/count.h"
#include "controller/commands.h"
#include "controller/engine_state.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_NS NS_PER_MINUTE        /* how long an engine may send nothing */
#define ASK_NS      (45 * NS_PER_SECOND) /* how long it may take to answer */
#define OVERHEAD    256                  /* bytes around a packet in a file, at most */
#define SIZE_MOST   (UINT64_C(1) << 60)  /* bytes of a file */
#define ANSWER_MAX  (256u << 10)         /* bytes of a status */
#define LATER       (1u << 20)           /* bytes of pairs or keys that came after it */

void
fetch_release(struct fetch *fetch)
{
	keyval_release(&fetch->answer);
}

/* Runs vcap-host on the engine, or vcap-region in a region. Returns its status, or -1. */
static int
run_host(struct fetch *fetch, enum commands_request request, int out, struct failure *why)
{
	char **argv =
	    commands_ask(fetch->engine, fetch->is_region, request, fetch->directory, fetch->token);
	struct errtext said = errtext_open();
	int status = argv ? process_run(argv, -1, out, said.fd, ASK_NS, why) : failure_nomem(why);

	errtext_show(&said);
	strvec_free(argv);
	fetch->is_late = status == EXIT_TIMEOUT;
	if (fetch->is_late)
		status = failure_set(why, "engine '%s' did not answer in time", fetch->engine);
	return status;
}

bool
fetch_recall(struct fetch *fetch, const struct spool_entry *entry)
{
	struct keyval state;

	if (engine_state_load(entry, fetch->engine, &state, NULL) < 0)
		return false;
	if (engine_state_is_last(&state)) {
		fetch->answer = state;
		return true;
	}
	keyval_release(&state);
	return false;
}

int
fetch_ask(struct fetch *fetch, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	int out = process_output_open(ANSWER_MAX, why);
	int status = out < 0 ? -1 : run_host(fetch, COMMANDS_STATUS, out, why);
	char *text = status == 0 ? process_output_text(out) : NULL;
	int rc = status < 0 ? -1 : 0;

	if (status == EXIT_NOT_REACHED)
		rc = failure_set(why, "engine '%s' was not reached", fetch->engine);
	else if (status > 0)
		rc = failure_set(why, "engine '%s' does not know '%s'", fetch->engine,
				 fetch->directory);
	else if (rc == 0 && (!text || keyval_parse(&fetch->answer, text, &detail) < 0))
		rc = failure_set(why, "engine '%s' sent a malformed status: %s", fetch->engine,
				 text ? detail.text : "out of memory");
	free(text);
	if (out >= 0)
		close(out);
	return rc;
}

/* The size that the engine's report allows the stream to have. */
static uint64_t
size_limit(const struct keyval *answer)
{
	const uint64_t bytes = engine_state_bytes(answer);
	const uint64_t packets = engine_state_packets(answer);

	if (bytes > SIZE_MOST || packets > SIZE_MOST / OVERHEAD)
		return SIZE_MOST;
	return (1 << 20) + bytes + OVERHEAD * packets;
}

/* Limits the file that a child can write to that size. */
static void
limit_child(rlim_t most, struct rlimit *before)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, before);
	limit = *before;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > most)
		limit.rlim_cur = most;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* Bytes a second that the engine has to send at least. */
static uint64_t
least_rate(const struct fetch *fetch)
{
	const uint64_t half = fetch->rate / 2 + 1;

	return fetch->rate && half < FETCH_RATE_LEAST ? half : FETCH_RATE_LEAST;
}

/* How long the stream that the engine promises may take. */
static int64_t
longest(const struct fetch *fetch)
{
	const uint64_t bytes = engine_state_bytes(&fetch->answer);
	const uint64_t packets = engine_state_packets(&fetch->answer);
	const uint64_t seconds =
	    (bytes / OVERHEAD < SIZE_MOST / OVERHEAD && packets < SIZE_MOST / OVERHEAD
		 ? bytes + OVERHEAD * packets
		 : SIZE_MOST) /
	    least_rate(fetch);

	return seconds < INT64_MAX / NS_PER_SECOND - 60
		   ? PATIENCE_NS + (int64_t)seconds * NS_PER_SECOND
		   : INT64_MAX;
}

/* Waits for the child while the file grows fast enough and the stream may last, then terminates
 * it. */
static int
wait_while_growing(const struct fetch *fetch, struct process *child, int fd)
{
	const int64_t least = (int64_t)least_rate(fetch) * (PATIENCE_NS / NS_PER_SECOND);
	const int64_t begun_ns = clock_monotonic_ns(), longest_ns = longest(fetch);
	struct stat before = {0}, now;

	for (;;) {
		const int64_t left_ns = longest_ns - (clock_monotonic_ns() - begun_ns);

		if (process_ended(child, left_ns < PATIENCE_NS ? left_ns : PATIENCE_NS) ||
		    left_ns <= PATIENCE_NS || fstat(fd, &now) < 0 ||
		    now.st_size - before.st_size < least)
			break;
		before = now;
	}
	return process_wait(child, 0);
}

static char **
fetch_command(const struct fetch *fetch)
{
	struct commands_told told = {.token = fetch->token};

	memcpy(told.from, fetch->since, sizeof(told.from));
	memcpy(told.to, fetch->until, sizeof(told.to));
	return commands_fetch(fetch->engine, fetch->is_region, fetch->compress, fetch->directory,
			      &told);
}

/* Has vcap-merge there write to fd through a relay, which decompresses and limits the rate. Returns
 * vcap-merge's status, or -1. */
static int
stream_through_relay(struct fetch *fetch, int fd, struct failure *why)
{
	const struct relay_options options = {
	    .kind = fetch->compress ? RELAY_DECOMPRESS : RELAY_COPY,
	    .codec = CODEC_ZSTD,
	    .rate = fetch->rate,
	    .most = size_limit(&fetch->answer),
	    .timeout_ns = PATIENCE_NS,
	    .least = least_rate(fetch) * (PATIENCE_NS / NS_PER_SECOND),
	    .longest_ns = longest(fetch),
	};
	char **argv = fetch_command(fetch);
	struct failure reason = FAILURE_INIT;
	struct errtext said;
	struct relay relay;
	struct process child;
	enum relay_end end;
	int rc, status;

	if (!argv)
		return failure_nomem(why);
	if (relay_start(&relay, fd, &options, why) < 0) {
		strvec_free(argv);
		return -1;
	}
	said = errtext_open();
	rc = process_start_group(&child, argv, -1, relay.in, said.fd, why);
	strvec_free(argv);
	if (rc < 0) {
		errtext_show(&said);
		relay_finish(&relay, &reason);
		return -1;
	}
	/* Returns at the end of the stream, or when the relay times out. */
	end = relay_finish(&relay, &reason);
	status = process_wait(&child, end == RELAY_WHOLE ? ASK_NS : 0);
	errtext_show(&said);
	fetch->is_late = end == RELAY_LATE;
	if (end != RELAY_WHOLE)
		return failure_set(why, "engine '%s': %s", fetch->engine, reason.text);
	return status;
}

/* Has vcap-merge there write to fd. Returns its status, or -1. */
static int
fetch_stream(struct fetch *fetch, int fd, struct failure *why)
{
	struct errtext said;
	struct rlimit before;
	struct process child;
	char **argv;
	int rc;

	if (fetch->compress || fetch->rate)
		return stream_through_relay(fetch, fd, why);
	argv = fetch_command(fetch);
	if (!argv)
		return failure_nomem(why);
	limit_child(size_limit(&fetch->answer), &before);
	said = errtext_open();
	rc = process_start_group(&child, argv, -1, fd, said.fd, why);
	setrlimit(RLIMIT_FSIZE, &before);
	strvec_free(argv);
	if (rc == 0)
		rc = wait_while_growing(fetch, &child, fd);
	errtext_show(&said);
	return rc;
}

/* Compares the file at path with the counts in the answer: 0, EXIT_PARTIAL or -1. */
static int
check(struct fetch *fetch, const char *path, struct failure *why)
{
	uint64_t packets = engine_state_packets(&fetch->answer);
	uint64_t bytes = engine_state_bytes(&fetch->answer);
	const char *reason = keyval_get(&fetch->answer, "reason");
	struct count count = {0};

	if (count_file(&count, path, why) < 0)
		return -1;
	fetch->linktype = count.linktype;
	if (count.linktype == COUNT_LINKTYPES)
		return failure_set(why, "engine '%s' sent packets of several link types",
				   fetch->engine);
	/* Of a snapshot, an engine does not count the packets of the window. */
	if (*fetch->until || (count.packets == packets && count.bytes == bytes))
		return count.cut_short ? EXIT_PARTIAL : 0;
	/* After a kill the engine's last counts are older than its files. */
	if (reason && strcmp(reason, "killed") == 0)
		return EXIT_PARTIAL;
	return failure_set(why,
			   "engine '%s' kept %" PRIu64 " packets of %" PRIu64
			   " bytes, but sent %" PRIu64 " of %" PRIu64,
			   fetch->engine, packets, bytes, count.packets, count.bytes);
}

int
fetch_file(struct fetch *fetch, const struct outfile *out, struct failure *why)
{
	int status = fetch_stream(fetch, out->fd, why), verdict;

	if (status == EXIT_TIMEOUT) {
		fetch->is_late = true;
		return failure_set(why, "engine '%s' sends too slowly, or without end",
				   fetch->engine);
	}
	if (status == EXIT_SIGNAL + SIGXFSZ)
		return failure_set(why, "engine '%s' sent more than it reported", fetch->engine);
	if (status > 0 && status != EXIT_PARTIAL)
		return failure_set(why, "engine '%s' did not send a whole file", fetch->engine);
	if (status < 0)
		return -1;
	verdict = check(fetch, out->temporary ? out->temporary : "/dev/null", why);
	return verdict == 0 ? status : verdict;
}

/* Has the engine write what it has kept beside its packets to a file of at most that many bytes. */
static int
store_beside(struct fetch *fetch, const struct fetch_kind *kind, const char *path, rlim_t most,
	     struct failure *why)
{
	struct outfile out = OUTFILE_INIT;
	struct rlimit before;
	int status;

	if (outfile_open(&out, path, why) < 0)
		return -1;
	fchmod(out.fd, S_IRUSR | S_IWUSR);
	limit_child(most, &before);
	status = run_host(fetch, kind->request, out.fd, why);
	setrlimit(RLIMIT_FSIZE, &before);
	if (status == 0 && outfile_commit(&out, why) == 0)
		return 0;
	outfile_abandon(&out);
	return status > 0
		   ? failure_set(why, "engine '%s' did not send its %s", fetch->engine, kind->name)
		   : -1;
}

const struct fetch_kind fetch_pairs = {"pairs", COMMANDS_PAIRS},
			fetch_keys = {"keys", COMMANDS_KEYS};

/* What it has fewer of than the status told has not arrived whole. */
static int
check_beside(const struct fetch *fetch, const struct fetch_kind *kind, const char *path,
	     uint64_t size, struct failure *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return failure_errno(why, "cannot read '%s'", path);
	if ((uint64_t)st.st_size >= size)
		return 0;
	return failure_set(why, "engine '%s' sent %jd of %" PRIu64 " bytes of its %s",
			   fetch->engine, (intmax_t)st.st_size, size, kind->name);
}

int
fetch_beside(struct fetch *fetch, const struct fetch_kind *kind, const char *file,
	     struct failure *why)
{
	const uint64_t size = keyval_number(&fetch->answer, kind->name, 0);
	const char *dot = strrchr(file, '.');
	const int length = dot && !strchr(dot, '/') ? (int)(dot - file) : (int)strlen(file);
	char *path;
	int rc;

	if (size == 0)
		return 0;
	if (asprintf(&path, "%.*s.%s", length, file, kind->name) < 0)
		return failure_nomem(why);
	rc = store_beside(fetch, kind, path, size < SIZE_MOST ? size + LATER : SIZE_MOST, why);
	if (rc == 0)
		rc = check_beside(fetch, kind, path, size, why);
	free(path);
	return rc;
}

int
fetch_remove(struct fetch *fetch, struct failure *why)
{
	int status = run_host(fetch, COMMANDS_REMOVE, STDERR_FILENO, why);

	if (status > 0)
		failure_set(why, "the copy on engine '%s' could not be removed", fetch->engine);
	return status == 0 ? 0 : -1;
}
