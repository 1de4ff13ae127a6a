#include "base/relay.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/priv.h"
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#define CHUNK (64 << 10)

/* Half of what slow linktypes cost, at a processor's time that nobody will miss. */
#define LEVEL 3

/* An engine may not say that it takes more memory than this to unpack: 8 MiB, of which vcap's own
 * streams take a quarter. */
#define WINDOW_LOG_MAX 23

/* What it tells of itself. */
struct verdict {
	struct failure why;
	int rc;
};

struct work {
	const struct relay_options *options;
	int in, out;
	uint64_t taken, handed_on;
	int64_t begun_ns;
	ZSTD_CCtx *packer;
	ZSTD_DCtx *unpacker;
	bool is_whole; /* what was unpacked so far */
	char from[CHUNK], to[2 * CHUNK];
};

static int
hand_on(struct work *work, const void *bytes, size_t size, struct failure *why)
{
	work->handed_on += size;
	if (work->options->most && work->handed_on > work->options->most)
		return failure_set(why, "more comes than there is");
	if (fileio_write_all(work->out, bytes, size) < 0)
		return failure_errno(why, "cannot write");
	return 0;
}

static int
pack(struct work *work, size_t size, ZSTD_EndDirective how, struct failure *why)
{
	ZSTD_inBuffer in = {work->from, size, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {work->to, sizeof(work->to), 0};

		left = ZSTD_compressStream2(work->packer, &out, &in, how);
		if (ZSTD_isError(left))
			return failure_set(why, "cannot pack: %s", ZSTD_getErrorName(left));
		if (hand_on(work, work->to, out.pos, why) < 0)
			return -1;
	} while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

static int
unpack(struct work *work, size_t size, struct failure *why)
{
	ZSTD_inBuffer in = {work->from, size, 0};
	bool is_full = false;

	while (in.pos < in.size || is_full) {
		ZSTD_outBuffer out = {work->to, sizeof(work->to), 0};
		size_t left = ZSTD_decompressStream(work->unpacker, &out, &in);

		if (ZSTD_isError(left))
			return failure_set(why, "what comes is damaged: %s",
					   ZSTD_getErrorName(left));
		if (hand_on(work, work->to, out.pos, why) < 0)
			return -1;
		is_full = out.pos == out.size;
		work->is_whole = left == 0;
	}
	return 0;
}

static int
move(struct work *work, size_t size, struct failure *why)
{
	switch (work->options->kind) {
	case RELAY_PACK: return pack(work, size, ZSTD_e_continue, why);
	case RELAY_UNPACK: return unpack(work, size, why);
	default: return hand_on(work, work->from, size, why);
	}
}

static int
finish(struct work *work, struct failure *why)
{
	if (work->options->kind == RELAY_PACK)
		return pack(work, 0, ZSTD_e_end, why);
	if (work->options->kind == RELAY_UNPACK && !work->is_whole)
		return failure_set(why, "what comes is cut short");
	return 0;
}

/* Sleeps until as much as has been taken may be. */
static void
throttle(const struct work *work)
{
	const uint64_t rate = work->options->rate;
	int64_t ahead_ns;

	if (!rate)
		return;
	ahead_ns = (int64_t)((unsigned __int128)work->taken * NS_PER_SECOND / rate) -
		   (clock_monotonic_ns() - work->begun_ns);
	if (ahead_ns > 0)
		nanosleep(&(struct timespec){ahead_ns / NS_PER_SECOND, ahead_ns % NS_PER_SECOND},
			  NULL);
}

/* The next bytes: how many, 0 at the end, or -1. Never more than a tenth of a second's worth. */
static ssize_t
take(struct work *work, struct failure *why)
{
	const int64_t patience_ns = work->options->patience_ns;
	const uint64_t tenth = work->options->rate / 10 + 1;
	const size_t room = work->options->rate && tenth < CHUNK ? (size_t)tenth : CHUNK;
	struct pollfd poller = {work->in, POLLIN, 0};
	ssize_t n;
	int rc;

	do
		rc = poll(&poller, 1, patience_ns ? (int)(patience_ns / 1000000) : -1);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return failure_set(why, "nothing more comes");
	do
		n = read(work->in, work->from, room);
	while (n < 0 && errno == EINTR);
	return n < 0 ? failure_errno(why, "cannot read") : n;
}

static int
prepare(struct work *work, struct failure *why)
{
	int rc = 0;

	if (work->options->kind == RELAY_PACK) {
		work->packer = ZSTD_createCCtx();
		rc = work->packer &&
			     !ZSTD_isError(ZSTD_CCtx_setParameter(
				 work->packer, ZSTD_c_compressionLevel, LEVEL)) &&
			     !ZSTD_isError(
				 ZSTD_CCtx_setParameter(work->packer, ZSTD_c_checksumFlag, 1))
			 ? 0
			 : -1;
	} else if (work->options->kind == RELAY_UNPACK) {
		work->unpacker = ZSTD_createDCtx();
		rc = work->unpacker && !ZSTD_isError(ZSTD_DCtx_setParameter(
					   work->unpacker, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))
			 ? 0
			 : -1;
	}
	return rc < 0 ? failure_nomem(why) : sandbox_confine(-1, NULL, why);
}

static int
relay(struct work *work, struct failure *why)
{
	ssize_t size;

	if (priv_drop_all(why) < 0 || prepare(work, why) < 0)
		return -1;
	work->begun_ns = clock_monotonic_ns();
	while ((size = take(work, why)) > 0) {
		if (move(work, (size_t)size, why) < 0)
			return -1;
		work->taken += (uint64_t)size;
		throttle(work);
	}
	return size < 0 ? -1 : finish(work, why);
}

/* The process itself. */
static _Noreturn void
run(int in, int out, int verdict_fd, const struct relay_options *options)
{
	struct work *work = calloc(1, sizeof(*work));
	struct verdict verdict = {.rc = -1};

	/* Whoever waits for the verdict decides what an interrupt is to do. */
	signal(SIGPIPE, SIG_IGN);
	if (work) {
		work->options = options;
		work->in = in;
		work->out = out;
		verdict.rc = relay(work, &verdict.why);
	} else {
		failure_nomem(&verdict.why);
	}
	close(in);
	_exit(fileio_write_all(verdict_fd, &verdict, sizeof(verdict)) < 0);
}

int
relay_start(struct relay *relay, int out, const struct relay_options *options, struct failure *why)
{
	int livestream[2], verdict[2];
	pid_t pid;

	*relay = RELAY_INIT;
	if (pipe2(livestream, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot make a pipe");
	if (pipe2(verdict, O_CLOEXEC) < 0) {
		failure_errno(why, "cannot make a pipe");
		close(livestream[0]);
		close(livestream[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(livestream[1]);
		close(verdict[0]);
		run(livestream[0], out, verdict[1], options);
	}
	close(livestream[0]);
	close(verdict[1]);
	*relay = (struct relay){livestream[1], verdict[0]};
	if (pid > 0)
		return 0;
	failure_errno(why, "cannot start a process");
	close(relay->in);
	close(relay->verdict);
	*relay = RELAY_INIT;
	return -1;
}

int
relay_finish(struct relay *relay, struct failure *why)
{
	struct verdict verdict;
	ssize_t size;

	if (relay->in >= 0)
		close(relay->in);
	size = fileio_read_full(relay->verdict, &verdict, sizeof(verdict));
	close(relay->verdict);
	*relay = RELAY_INIT;
	if (size != (ssize_t)sizeof(verdict))
		return failure_set(why, "the process that moves the capture died");
	return verdict.rc < 0 ? failure_set(why, "%s", verdict.why.text) : 0;
}
