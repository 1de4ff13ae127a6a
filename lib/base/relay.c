/*
 * Bytes from another host are parsed by libraries that may have bugs: so that happens in a
 * process of its own, without privileges and in the sandbox. It reports through a pipe, since a
 * failure is a text and not just an exit status.
 *
 * The rate is limited by the average since the start. Reads are kept short of a tenth of a second's
 * worth, so that the sender, blocked by a full pipe, sees a smooth rate.
 */
#include "base/relay.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/priv.h"
#include "base/process.h"
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (64 << 10)

/* Sent by the process before it exits. */
struct result {
	struct failure why;
	enum relay_end end;
};

struct work {
	const struct relay_options *options;
	int in, out;
	uint64_t consumed, emitted;
	int64_t begun_ns;
	int64_t until_ns;  /* when the timeout passes */
	uint64_t expected; /* what has to be emitted by then */
	bool is_late;
	struct codec *codec;
	unsigned char from[CHUNK], to[2 * CHUNK];
};

static int
emit(struct work *work, const void *bytes, size_t size, struct failure *why)
{
	work->emitted += size;
	if (work->options->most && work->emitted > work->options->most)
		return failure_set(why, "received more than the announced size");
	if (fileio_write_all(work->out, bytes, size) < 0)
		return failure_errno(why, "cannot write");
	return 0;
}

static struct codec_step
step_of(struct work *work, size_t size)
{
	return (struct codec_step){work->from, work->from + size, work->to,
				   work->to + sizeof(work->to)};
}

/* Writes what a step has given, which can give as much again. */
static int
emit_step(struct work *work, struct codec_step *step, struct failure *why)
{
	const size_t size = (size_t)(step->out - work->to);

	step->out = work->to;
	return size ? emit(work, work->to, size, why) : 0;
}

static int
compress(struct work *work, size_t size, struct failure *why)
{
	struct codec_step step = step_of(work, size);

	while (step.in < step.in_end)
		if (codec_pack(work->codec, &step, why) < 0 || emit_step(work, &step, why) < 0)
			return -1;
	return 0;
}

static int
finish_compressing(struct work *work, struct failure *why)
{
	struct codec_step step = step_of(work, 0);
	bool done = false;

	while (!done)
		if (codec_finish(work->codec, &step, &done, why) < 0 ||
		    emit_step(work, &step, why) < 0)
			return -1;
	return 0;
}

static int
decompress(struct work *work, size_t size, struct failure *why)
{
	struct codec_step step = step_of(work, size);
	struct failure reason;
	bool is_full = false;

	while (step.in < step.in_end || is_full) {
		if (codec_unpack(work->codec, &step, &reason) < 0)
			return failure_set(why, "compressed data is damaged: %s", reason.text);
		is_full = step.out == step.out_end;
		if (emit_step(work, &step, why) < 0)
			return -1;
	}
	return 0;
}

static int
process_chunk(struct work *work, size_t size, struct failure *why)
{
	switch (work->options->kind) {
	case RELAY_COMPRESS: return compress(work, size, why);
	case RELAY_DECOMPRESS: return decompress(work, size, why);
	default: return emit(work, work->from, size, why);
	}
}

static int
end_stream(struct work *work, struct failure *why)
{
	if (work->options->kind == RELAY_COMPRESS)
		return finish_compressing(work, why);
	if (work->options->kind == RELAY_DECOMPRESS && !codec_is_whole(work->codec))
		return failure_set(why, "compressed data is cut short");
	return 0;
}

/* Sleeps until the average rate has come down to the limit. */
static void
throttle(const struct work *work)
{
	const uint64_t rate = work->options->rate;
	int64_t ahead_ns;

	if (!rate)
		return;
	ahead_ns = (int64_t)((unsigned __int128)work->consumed * NS_PER_SECOND / rate) -
		   (clock_monotonic_ns() - work->begun_ns);
	if (ahead_ns > 0)
		nanosleep(&(struct timespec){ahead_ns / NS_PER_SECOND, ahead_ns % NS_PER_SECOND},
			  NULL);
}

static int
fail_late(struct work *work, const char *what, struct failure *why)
{
	work->is_late = true;
	return failure_set(why, "%s", what);
}

/* Begins the next time of the timeout, if the last one has brought enough. */
static int
check_pace(struct work *work, int64_t now_ns, struct failure *why)
{
	const struct relay_options *options = work->options;

	if (options->longest_ns && now_ns - work->begun_ns >= options->longest_ns)
		return fail_late(work, "the stream does not end", why);
	if (now_ns < work->until_ns)
		return 0;
	if (work->emitted < work->expected)
		return fail_late(work, "data arrives too slowly", why);
	work->until_ns = now_ns + options->timeout_ns;
	work->expected = work->emitted + options->least;
	return 0;
}

/* Waits for bytes. Silence is a failure of its own: what is compressed may be read and give
 * nothing yet. */
static int
await(struct work *work, struct failure *why)
{
	const int64_t timeout_ns = work->options->timeout_ns;
	const int64_t silent_ns = clock_monotonic_ns() + timeout_ns;
	struct pollfd poller = {work->in, POLLIN, 0};

	if (!timeout_ns)
		return 0;
	for (;;) {
		const int64_t now_ns = clock_monotonic_ns();
		int64_t next_ns = work->until_ns < silent_ns ? work->until_ns : silent_ns;

		if (now_ns >= silent_ns)
			return fail_late(work, "no more data arrives", why);
		if (check_pace(work, now_ns, why) < 0)
			return -1;
		if (next_ns < now_ns)
			next_ns = now_ns;
		if (poll(&poller, 1, (int)((next_ns - now_ns) / 1000000) + 1) > 0)
			return 0;
	}
}

/* Reads the next bytes, at most a tenth of a second's worth. Returns how many; 0 at the end, or -1.
 */
static ssize_t
read_some(struct work *work, struct failure *why)
{
	const uint64_t tenth = work->options->rate / 10 + 1;
	const size_t room = work->options->rate && tenth < CHUNK ? (size_t)tenth : CHUNK;
	ssize_t n;

	if (await(work, why) < 0)
		return -1;
	do
		n = read(work->in, work->from, room);
	while (n < 0 && errno == EINTR);
	return n < 0 ? failure_errno(why, "cannot read") : n;
}

static int
prepare(struct work *work, struct failure *why)
{
	const struct relay_options *options = work->options;

	if (options->kind == RELAY_COMPRESS)
		work->codec = codec_new_packer(options->codec, why);
	else if (options->kind == RELAY_DECOMPRESS)
		work->codec = codec_new_unpacker(options->codec, why);
	if (options->kind != RELAY_COPY && !work->codec)
		return -1;
	return sandbox_confine(-1, NULL, why);
}

static int
relay(struct work *work, const int *fds, struct failure *why)
{
	ssize_t size;

	if (process_keep(fds, 3, why) < 0 || priv_drop_all(why) < 0 || prepare(work, why) < 0)
		return -1;
	work->begun_ns = clock_monotonic_ns();
	work->until_ns = work->begun_ns + work->options->timeout_ns;
	work->expected = work->options->least;
	while ((size = read_some(work, why)) > 0) {
		if (process_chunk(work, (size_t)size, why) < 0)
			return -1;
		work->consumed += (uint64_t)size;
		throttle(work);
	}
	return size < 0 ? -1 : end_stream(work, why);
}

/* In the process. */
static _Noreturn void
run_process(int in, int out, int result_fd, const struct relay_options *options)
{
	struct work *work = calloc(1, sizeof(*work));
	struct result result = {.end = RELAY_FAILED};
	const int fds[] = {in, out, result_fd};

	signal(SIGPIPE, SIG_IGN);
	if (work) {
		work->options = options;
		work->in = in;
		work->out = out;
		if (relay(work, fds, &result.why) == 0)
			result.end = RELAY_WHOLE;
		else if (work->is_late)
			result.end = RELAY_LATE;
	} else {
		failure_nomem(&result.why);
	}
	close(in);
	_exit(fileio_write_all(result_fd, &result, sizeof(result)) < 0);
}

int
relay_start(struct relay *relay, int out, const struct relay_options *options, struct failure *why)
{
	int stream[2], result[2];
	pid_t pid;

	*relay = RELAY_INIT;
	if (pipe2(stream, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot make a pipe");
	if (pipe2(result, O_CLOEXEC) < 0) {
		failure_errno(why, "cannot make a pipe");
		close(stream[0]);
		close(stream[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(stream[1]);
		close(result[0]);
		run_process(stream[0], out, result[1], options);
	}
	close(stream[0]);
	close(result[1]);
	*relay = (struct relay){stream[1], result[0]};
	if (pid > 0)
		return 0;
	failure_errno(why, "cannot start a process");
	close(relay->in);
	close(relay->result);
	*relay = RELAY_INIT;
	return -1;
}

enum relay_end
relay_finish(struct relay *relay, struct failure *why)
{
	struct result result;
	ssize_t size;

	if (relay->in >= 0)
		close(relay->in);
	size = fileio_read_full(relay->result, &result, sizeof(result));
	close(relay->result);
	*relay = RELAY_INIT;
	if (size != (ssize_t)sizeof(result)) {
		failure_set(why, "the process that copies the capture died");
		return RELAY_FAILED;
	}
	/* Whatever it has become, it is a text. */
	result.why.text[sizeof(result.why.text) - 1] = '\0';
	if (result.end != RELAY_WHOLE)
		failure_set(why, "%s", result.why.text);
	return result.end;
}
