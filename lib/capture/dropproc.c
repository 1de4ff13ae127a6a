#include "capture/dropproc.h"

#include "base/clock.h"
#include "base/diskquota.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "capture/rotation.h"
#include "capture/widepipe.h"
#include "packet/loss.h"
#include "packet/packet.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long it may take to have its program in the kernel, and to write the last packets. */
#define START_TIMEOUT_MS 5000
#define END_TIMEOUT_MS   5000

/* In one word, as vcap-drops takes it; heap. NULL: out of memory. */
static char *
format_program(const struct bpf *program)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	bpf_print(program, BPF_COMMA, out);
	if (fclose(out) == 0) {
		text[strcspn(text, "\n")] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

/* The command line. NULL: out of memory. */
static char **
make_words(const struct dropproc_wanted *wanted)
{
	const uint64_t reserve = wanted->reserve == DISKQUOTA_DEFAULT
				     ? diskquota_default_reserve(wanted->dir->fd)
				     : wanted->reserve;
	struct strvec words = STRVEC_INIT;
	char *program = NULL;

	strvec_pushl(&words, DROPPROC_COMMAND, "--keep", NULL);
	strvec_pushf(&words, "%" PRIu64, reserve);
	if (wanted->max_size)
		strvec_pushf(&words, "--max-size=%" PRIu64, wanted->max_size);
	if (wanted->rolling_ns)
		strvec_pushf(&words, "--rolling=" CLOCK_FORMAT "s", CLOCK_ARGS(wanted->rolling_ns));
	if (wanted->name)
		strvec_pushf(&words, "--name=%s", wanted->name);
	if (wanted->cuts)
		strvec_push(&words, "--snaplen=headers");
	else if (wanted->snaplen)
		strvec_pushf(&words, "--snaplen=%" PRIu32, wanted->snaplen);
	if (wanted->program && wanted->program->count) {
		program = format_program(wanted->program);
		words.failed |= !program;
		strvec_pushf(&words, "--bytecode=%s", program ? program : "");
		free(program);
	}
	return strvec_detach(&words);
}

/* Why the command has ended by itself. */
static void
explain(const struct supervisor *supervisor, struct failure *why)
{
	if (supervisor->status == EXIT_PARTIAL)
		failure_set(why, "the disk has no more room");
	else
		supervisor_explain(supervisor, DROPPROC_COMMAND, "", why);
}

/* So many files may have been begun since it last told of them. */
#define FILES_UNTOLD 16

static void
remove_files(struct dropproc *drops)
{
	const struct dropproc_ring *ring = &drops->ring;
	const uint64_t most = ring->oldest + ROTATION_FILES_MAX,
		       last = ring->newest < most ? ring->newest : most;
	char name[64];

	unlinkat(drops->dirfd, LOSS_FILE, 0);
	for (uint64_t i = ring->oldest; ring->rolling_ns && i <= last + FILES_UNTOLD; i++) {
		snprintf(name, sizeof(name), LOSS_STEM ".%" PRIu64 ".pcapng", i);
		unlinkat(drops->dirfd, name, 0);
	}
	drops->packets = drops->bytes = 0;
}

/* Runs the command, whose output says when it is ready. */
static int
run(struct dropproc *drops, const struct dropproc_wanted *wanted, struct supervised *command,
    struct failure *why)
{
	char **words = make_words(wanted);
	int life[2], said[2], rc = -1;

	if (!words)
		return failure_nomem(why);
	if (widepipe_open(life) < 0) {
		strvec_free(words);
		return failure_errno(why, "cannot run '%s'", DROPPROC_COMMAND);
	}
	drops->life = life[1];
	if (widepipe_open(said) < 0) {
		failure_errno(why, "cannot run '%s'", DROPPROC_COMMAND);
	} else {
		drops->said = said[0];
		command->argv = words;
		command->in = life[0];
		command->out = said[1];
		rc = supervisor_start(&drops->supervisor, command, why);
		close(said[1]);
		fcntl(drops->said, F_SETFL, O_NONBLOCK);
	}
	close(life[0]);
	strvec_free(words);
	if (rc == 0 && supervisor_try(&drops->supervisor, drops->said, START_TIMEOUT_MS) < 0)
		rc = supervisor_explain(&drops->supervisor, DROPPROC_COMMAND, "", why);
	return rc;
}

/* Its packets are of Ethernet, and a file has one link type. */
static int
check_interfaces(const struct ifaces *interfaces, struct failure *why)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (interfaces->list[i].taken && interfaces->list[i].linktype != LINKTYPE_EN10MB)
			return failure_set(why, "'%s' is no Ethernet interface",
					   interfaces->list[i].name);
	return 0;
}

int
dropproc_start(struct dropproc *drops, const struct dropproc_wanted *wanted, struct failure *why)
{
	struct supervised command = {.err = wanted->err,
				     .dir = wanted->dir->fd,
				     .more = {-1, -1, -1},
				     .is_privileged = true};
	int rc;

	*drops = DROPPROC_INIT;
	drops->dirfd = wanted->dir->fd;
	drops->ring.rolling_ns = wanted->rolling_ns;
	if (!wanted->job->service || !*wanted->job->service)
		return failure_set(why, "'--drops' takes a job with a service ('-f -')");
	if (!wanted->rolling_ns && (command.more[0] = rundir_file(wanted->dir, LOSS_FILE, why)) < 0)
		return -1;
	rc = job_open(wanted->job, command.more + 1, why);
	if (rc == 0 && (check_interfaces(wanted->interfaces, &drops->why) < 0 ||
			run(drops, wanted, &command, &drops->why) < 0))
		remove_files(drops);
	for (int i = 0; i < SUPERVISED_MORES; i++)
		fileio_close(&command.more[i]);
	return rc;
}

/* A line that it has said: `ready`, `ring SINCE WRITTEN PACKETS BYTES OLDEST NEWEST`, times in ns, or at its end
 * `PACKETS BYTES`. */
static void
take_line(struct dropproc *drops, const char *line)
{
	struct dropproc_ring told = {.rolling_ns = drops->ring.rolling_ns};
	uint64_t packets, bytes;
	int end = 0;

	if (sscanf(line,
		   "ring %19" SCNd64 " %19" SCNd64 " %19" SCNu64 " %19" SCNu64 " %19" SCNu64
		   " %19" SCNu64 "%n",
		   &told.since_ns, &told.written_ns, &packets, &bytes, &told.oldest, &told.newest,
		   &end) == 6 &&
	    line[end] == '\0')
		drops->ring = told;
	else if (sscanf(line, "%19" SCNu64 " %19" SCNu64 "%n", &packets, &bytes, &end) == 2 &&
		 line[end] == '\0')
		drops->is_counted = true;
	else
		return;
	drops->packets = packets;
	drops->bytes = bytes;
}

/* Takes all that there is. A line that is too long is none of its own. */
static void
take_said(struct dropproc *drops)
{
	const size_t room = sizeof(drops->line) - 1;
	ssize_t n;

	while ((n = read(drops->said, drops->line + drops->line_used, room - drops->line_used)) >
	       0) {
		char *line = drops->line, *end;

		drops->line_used += (size_t)n;
		drops->line[drops->line_used] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			take_line(drops, line);
		}
		drops->line_used -= (size_t)(line - drops->line);
		memmove(drops->line, line, drops->line_used);
		if (drops->line_used == room)
			drops->line_used = 0;
	}
}

void
dropproc_tend(struct dropproc *drops)
{
	struct dropproc_ring *ring = &drops->ring;

	if (drops->said < 0)
		return;
	take_said(drops);
	if (!drops->is_lost || !ring->rolling_ns)
		return;
	if (!ring->lost_boot)
		ring->lost_boot = clock_boottime_ns();
	if (clock_boottime_ns() - ring->lost_boot <= ring->rolling_ns)
		return;
	remove_files(drops);
	ring->rolling_ns = ring->since_ns = 0;
}

int64_t
dropproc_written(const struct dropproc *drops)
{
	return !drops->ring.rolling_ns || drops->is_lost || drops->life < 0
		   ? INT64_MAX
		   : drops->ring.written_ns;
}

bool
dropproc_is_lost(struct dropproc *drops, struct failure *why)
{
	if (drops->is_lost)
		return false;
	if (*drops->why.text)
		*why = drops->why;
	else if (supervisor_ended(&drops->supervisor, 0))
		explain(&drops->supervisor, why);
	else
		return false;
	drops->lost_why = *why;
	return drops->is_lost = true;
}

bool
dropproc_finish(struct dropproc *drops, struct failure *why)
{
	const struct supervisor *supervisor = &drops->supervisor;
	const bool was_said = drops->is_lost;

	fileio_close(&drops->life);
	if (*drops->why.text)
		return was_said;
	if (!supervisor_ended(&drops->supervisor, END_TIMEOUT_MS)) {
		supervisor_dismiss(&drops->supervisor);
		failure_set(why, "'%s' did not end", DROPPROC_COMMAND);
	} else {
		explain(supervisor, why);
		take_said(drops);
		if ((supervisor->status == EXIT_DONE || supervisor->status == EXIT_PARTIAL) &&
		    drops->is_counted)
			return was_said || supervisor->status == EXIT_DONE;
	}
	remove_files(drops);
	if (!was_said)
		drops->lost_why = *why;
	drops->is_lost = true;
	return was_said;
}

int
dropproc_set(const struct dropproc *drops, struct keyval *status)
{
	uint64_t bytes = drops->bytes;
	struct stat st;

	if (drops->is_lost && keyval_set(status, DROPPROC_LOST_KEY, "%s", drops->lost_why.text) < 0)
		return -1;
	if (drops->is_lost && !drops->packets)
		return 0;
	/* Told by the name, as the descriptor is another process's. */
	if (drops->life >= 0 && !drops->ring.rolling_ns &&
	    fstatat(drops->dirfd, LOSS_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		bytes = (uint64_t)st.st_size;
	else if (keyval_set(status, "kernel-drops", "%" PRIu64, drops->packets) < 0)
		return -1;
	return keyval_set(status, "kernel-drops-bytes", "%" PRIu64, bytes);
}

void
dropproc_release(struct dropproc *drops)
{
	fileio_close(&drops->life);
	fileio_close(&drops->said);
	supervisor_release(&drops->supervisor);
}
