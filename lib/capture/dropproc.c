#include "capture/dropproc.h"

#include "base/diskquota.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/strvec.h"
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
	if (!wanted->job->service || !*wanted->job->service)
		return failure_set(why, "'--drops' takes a job with a service ('-f -')");
	command.more[0] = rundir_file(wanted->dir, LOSS_FILE, why);
	if (command.more[0] < 0)
		return -1;
	rc = job_open(wanted->job, command.more + 1, why);
	if (rc == 0 && (check_interfaces(wanted->interfaces, &drops->why) < 0 ||
			run(drops, wanted, &command, &drops->why) < 0))
		unlinkat(drops->dirfd, LOSS_FILE, 0);
	for (int i = 0; i < SUPERVISED_MORES; i++)
		fileio_close(&command.more[i]);
	return rc;
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
	return drops->is_lost = true;
}

/* Reads the counts, the last of the lines it has said. -1: there are none. */
static int
read_counts(struct dropproc *drops)
{
	char text[128];
	const ssize_t n = read(drops->said, text, sizeof(text) - 1);
	char *line = text, *blank, *end;

	text[n > 0 ? n : 0] = '\0';
	if (strncmp(line, "ready\n", 6) == 0)
		line += 6;
	end = strchr(line, '\n');
	blank = strchr(line, ' ');
	if (!end || !blank || blank > end)
		return -1;
	*end = *blank = '\0';
	return parse_number(line, UINT64_MAX, &drops->packets, NULL) < 0 ||
		       parse_number(blank + 1, UINT64_MAX, &drops->bytes, NULL) < 0
		   ? -1
		   : 0;
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
		if ((supervisor->status == EXIT_DONE || supervisor->status == EXIT_PARTIAL) &&
		    read_counts(drops) == 0)
			return was_said || supervisor->status == EXIT_DONE;
	}
	unlinkat(drops->dirfd, LOSS_FILE, 0);
	drops->is_lost = true;
	return was_said;
}

int
dropproc_set(const struct dropproc *drops, struct keyval *status)
{
	uint64_t bytes = drops->bytes;
	struct stat st;

	if (drops->is_lost && !drops->packets)
		return 0;
	/* Told by the name, as the descriptor is another process's. */
	if (drops->life >= 0 && fstatat(drops->dirfd, LOSS_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
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
