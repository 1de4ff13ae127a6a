/*
 * The process is made before its maker is confined, waits, and becomes tshark once all packets are in a file
 * without a name: so neither waits for the other with a full pipe. What it needs to start is done by this
 * program's own code, with a file that it has not read yet.
 *
 * Its lines have the number of the packet first. What does not look so is left out: whatever tshark has become,
 * it can only say wrong things of the packets that it got.
 */
#include "merge/tshark.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/priv.h"
#include "base/process.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "capfile/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY       65534
#define MEMORY_MOST  ((rlim_t)4 << 30)
#define SECONDS_MOST 60
#define OUTPUT_MOST  ((size_t)64 << 20)
#define WORDS        1024

struct tshark {
	struct writer *writer;
	int packets, go, words; /* a file, and pipes to and from the process */
	size_t count, bytes;
	char *text;   /* what it said; heap */
	char **lines; /* by packet, into text; heap; NULL: nothing */
	char escaped[4 * WORDS];
};

/* The program's path, looked for on PATH. Heap; NULL with why. */
static char *
find_program(struct failure *why)
{
	const char *dirs = getenv("PATH");

	for (size_t size; dirs && *dirs; dirs += size + (dirs[size] == ':')) {
		char *path;

		size = strcspn(dirs, ":");
		if (*dirs != '/')
			continue;
		if (asprintf(&path, "%.*s/tshark", (int)size, dirs) < 0)
			break;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	failure_set(why, "tshark is not installed, or not on PATH");
	return NULL;
}

/* In the child. */

/* Becomes nobody, if it may: in a user namespace there may be none. Then what it owns it cannot open, either. */
static void
give_up_user(void)
{
	if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(EXIT_FAILED);
}

static void
limit(int resource, rlim_t most)
{
	const struct rlimit limit = {most, most};

	setrlimit(resource, &limit);
}

static void
become_tshark(const char *path, int packets, int words)
{
	const char *const usable[] = {
	    path, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/wireshark",
	    NULL};
	/* As it prints by itself, but without times and lengths, and with the number first. */
	char *const argv[] = {
	    "tshark",
	    "-n",
	    "-r",
	    "-",
	    "-o",
	    "gui.column.format:\"N\",\"%m\",\"S\",\"%s\",\"D\",\"%d\",\"P\",\"%p\",\"I\",\"%i\"",
	    NULL};
	char *const environment[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8",
				     "XDG_CONFIG_HOME=/nonexistent", NULL};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct failure why;

	if (lseek(packets, 0, SEEK_SET) < 0 || dup2(packets, 0) < 0 || dup2(words, 1) < 0 ||
	    nowhere < 0 || dup2(nowhere, 2) < 0)
		return;
	process_close(3, ~0U, PROCESS_CLOSE_NOW);
	if (sandbox_confine_program(usable, &why) < 0)
		return;
	limit(RLIMIT_CPU, SECONDS_MOST);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	/* Of the program, not of a sanitizer here. */
	limit(RLIMIT_AS, MEMORY_MOST);
	execve(path, argv, environment);
}

/* go: ends without a byte when nobody wants it. */
static _Noreturn void
wait_and_become(const char *path, int packets, int go, int words, pid_t parent)
{
	struct failure why;
	char byte;

	give_up_user();
	/* Becoming another user takes this back. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && priv_drop_all(&why) == 0 && fileio_read_full(go, &byte, 1) == 1)
		become_tshark(path, packets, words);
	_exit(EXIT_FAILED);
}

/* In this process. */

void
tshark_free(struct tshark *tshark)
{
	if (!tshark)
		return;
	writer_free(tshark->writer);
	fileio_close(&tshark->packets);
	fileio_close(&tshark->go);
	fileio_close(&tshark->words);
	free(tshark->text);
	free(tshark->lines);
	free(tshark);
}

/* Makes the process. -1 with errno set. */
static int
start(struct tshark *tshark, const char *path)
{
	const pid_t parent = getpid();
	int go[2], words[2];
	pid_t child;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	tshark->go = go[1];
	if (pipe2(words, O_CLOEXEC) < 0) {
		close(go[0]);
		return -1;
	}
	tshark->words = words[0];
	child = fork();
	if (child == 0) {
		close(go[1]);
		close(words[0]);
		wait_and_become(path, tshark->packets, go[0], words[1], parent);
	}
	close(go[0]);
	close(words[1]);
	return child < 0 ? -1 : 0;
}

/* Makes all but the struct. -1 with why. */
static int
prepare(struct tshark *tshark, struct failure *why)
{
	char *path = find_program(why);
	int rc = path ? sandbox_can_confine_program(why) : -1;

	if (rc == 0)
		tshark->packets = memfd_create("vcap", MFD_CLOEXEC);
	if (rc == 0 && (tshark->packets < 0 || start(tshark, path) < 0))
		rc = failure_errno(why, "cannot start '%s'", path);
	free(path);
	if (rc == 0 && !(tshark->writer = writer_new(tshark->packets, FORMAT_PCAPNG, why)))
		rc = -1;
	if (rc == 0)
		writer_mix_linktypes(tshark->writer);
	return rc;
}

struct tshark *
tshark_prepare(struct failure *why)
{
	struct tshark *tshark = calloc(1, sizeof(*tshark));

	if (!tshark) {
		failure_nomem(why);
		return NULL;
	}
	tshark->packets = tshark->go = tshark->words = -1;
	if (prepare(tshark, why) == 0)
		return tshark;
	tshark_free(tshark);
	return NULL;
}

int
tshark_add(struct tshark *tshark, const struct source *source, const struct packet *packet,
	   struct failure *why)
{
	if (tshark->count == TSHARK_PACKETS || tshark->bytes + packet->caplen > TSHARK_BYTES)
		return 0;
	if (writer_interfaces(tshark->writer, source, why) < 0 ||
	    writer_packet(tshark->writer, packet->iface, packet, why) < 0)
		return -1;
	tshark->count++;
	tshark->bytes += packet->caplen;
	return 1;
}

/* Reads what it says, until it ends. -1 with why: it says too much, or takes too long. */
static int
listen_to(struct tshark *tshark, size_t *size, struct failure *why)
{
	const int64_t until_ns = clock_monotonic_ns() + SECONDS_MOST * NS_PER_SECOND;
	struct pollfd ready = {.fd = tshark->words, .events = POLLIN};

	for (*size = 0;;) {
		int64_t left_ns = until_ns - clock_monotonic_ns();
		char *larger = realloc(tshark->text, *size + (1 << 16) + 1);
		ssize_t n;

		if (!larger)
			return failure_nomem(why);
		tshark->text = larger;
		if (left_ns <= 0 || *size > OUTPUT_MOST)
			return failure_set(why, "tshark takes too long, or says too much");
		if (poll(&ready, 1, (int)(left_ns / 1000000) + 1) <= 0)
			continue;
		n = read(tshark->words, tshark->text + *size, 1 << 16);
		if (n <= 0)
			return 0;
		*size += (size_t)n;
	}
}

/* Takes its lines apart. */
static int
split(struct tshark *tshark, struct failure *why)
{
	size_t said = 0;
	char *rest = tshark->text, *line;

	tshark->lines = calloc(tshark->count + 1, sizeof(char *));
	if (!tshark->lines)
		return failure_nomem(why);
	while ((line = strsep(&rest, "\n"))) {
		char *end;
		unsigned long number = strtoul(line, &end, 10);

		if (end == line || *end != ' ' || number == 0 || number > tshark->count)
			continue;
		said += !tshark->lines[number - 1];
		tshark->lines[number - 1] = end + strspn(end, " ");
	}
	return said == tshark->count
		   ? 0
		   : failure_set(why, "tshark failed: it says something of %zu of %zu packets",
				 said, tshark->count);
}

int
tshark_run(struct tshark *tshark, struct failure *why)
{
	struct failure late = FAILURE_INIT;
	void (*usual)(int);
	size_t size;
	int rc;

	if (tshark->count == 0)
		return 0;
	if (writer_finish(tshark->writer, why) < 0)
		return -1;
	usual = signal(SIGPIPE, SIG_IGN); /* its end is seen by reading */
	(void)fileio_write_all(tshark->go, "g", 1);
	signal(SIGPIPE, usual);
	rc = listen_to(tshark, &size, &late);
	if (!tshark->text)
		return failure_nomem(why);
	tshark->text[size] = '\0';
	if (split(tshark, why) < 0)
		rc = rc < 0 ? rc : -1;
	if (rc < 0 && *late.text)
		*why = late;
	return rc;
}

const char *
tshark_words(struct tshark *tshark, size_t number)
{
	if (!tshark->lines || number >= tshark->count || !tshark->lines[number])
		return NULL;
	return text_escape(tshark->escaped, sizeof(tshark->escaped), tshark->lines[number]);
}
