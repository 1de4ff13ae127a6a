/*
 * Both processes share a socket, and messages on it: a letter, a length and bytes. The confined one asks (for
 * the addresses of a name, for a file) and waits for the answer; for the rest it only tells, and the last it
 * tells is that it is done, or why it is not. This one believes as little of that as of an engine: names are
 * checked, lengths and their sum are bounded, what a terminal could act upon is taken out of texts, and an end
 * without the last word is a failure. The socket is all that the confined one has: what is printed passes here.
 */
#include "importing/import_process.h"

#include "base/array.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "import/json.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX (64u << 20)
#define TOLD_MAX    ((size_t)256 << 20) /* bytes of all messages */
#define FILES_MAX   65536
#define ASKED_MAX   4096 /* names and files: an engine is asked for each by a connection */

/* More than a parser of 64 MiB needs. */
#define MEMORY_MOST  ((rlim_t)4 << 30)
#define SECONDS_MOST 300

enum message {
	MESSAGE_RESOLVE = 'n', /* a name, or nothing: the host's own addresses */
	MESSAGE_READ = 'r',    /* a path */
	MESSAGE_ANSWER = 'a',  /* addresses, one a line; or a file's text */
	MESSAGE_REFUSAL = 'x', /* why there is no answer, or no import */
	MESSAGE_WARNING = 'w',
	MESSAGE_SERVICE = 's', /* a name; the next two are the service's */
	MESSAGE_ENGINE = 'e',
	MESSAGE_TEXT = 't',
	MESSAGE_DONE = 'd',
};

struct header {
	uint32_t message, size;
};

static int
put(int fd, enum message message, const char *text)
{
	const size_t size = strlen(text);
	const struct header header = {message, (uint32_t)size};

	if (size > MESSAGE_MAX || fileio_write_all(fd, &header, sizeof(header)) < 0)
		return -1;
	return fileio_write_all(fd, text, size);
}

/* Returns the message's text, on the heap; NULL: there is none. */
static char *
get(int fd, uint32_t *message)
{
	struct header header;
	char *text;

	if (fileio_read_full(fd, &header, sizeof(header)) != sizeof(header) ||
	    header.size > MESSAGE_MAX || !(text = malloc((size_t)header.size + 1)))
		return NULL;
	*message = header.message;
	text[header.size] = '\0';
	if (fileio_read_full(fd, text, header.size) == (ssize_t)header.size)
		return text;
	free(text);
	return NULL;
}

void
imports_release(struct imports *imports)
{
	for (size_t i = 0; i < imports->count; i++) {
		free(imports->list[i].name);
		free(imports->list[i].text);
		strvec_release(&imports->list[i].engines);
	}
	free(imports->list);
	strvec_release(&imports->warnings);
	*imports = IMPORTS_INIT;
}

/* In the confined process. */

/* Asks, and returns the answer, on the heap; NULL with why. */
static char *
ask(const int *fd, enum message message, const char *what, struct failure *why)
{
	uint32_t kind = 0;
	char *text = put(*fd, message, what) < 0 ? NULL : get(*fd, &kind);

	if (text && kind == MESSAGE_ANSWER)
		return text;
	failure_set(why, "%s", text ? text : "nobody answers");
	free(text);
	return NULL;
}

static int
resolve(void *context, const char *name, struct strvec *addresses, struct failure *why)
{
	char *text = ask(context, MESSAGE_RESOLVE, name ? name : "", why), *rest = text, *line;

	if (!text)
		return -1;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			strvec_push(addresses, line);
	free(text);
	return 0;
}

static char *
read_file(void *context, const char *path, struct failure *why)
{
	return ask(context, MESSAGE_READ, path, why);
}

static int
tell_service(int fd, const struct draft *draft, struct import_engines engines)
{
	const struct strvec *own = &draft->engines;
	const bool has_own = !engines.chosen && own->count;
	char *const *usual = engines.chosen ? engines.chosen : engines.usual;
	char *text = draft_format(draft, has_own ? own->list : usual);
	int rc = text ? put(fd, MESSAGE_SERVICE, draft->name) : -1;

	for (size_t i = 0; has_own && i < own->count && rc == 0; i++)
		rc = put(fd, MESSAGE_ENGINE, own->list[i]);
	if (rc == 0)
		rc = put(fd, MESSAGE_TEXT, text);
	free(text);
	return rc;
}

/* What a sanitizer reserves is not memory that is used. */
static void
limit_resources(void)
{
	const struct rlimit seconds = {SECONDS_MOST, SECONDS_MOST};
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit memory = {MEMORY_MOST, MEMORY_MOST};

	setrlimit(RLIMIT_AS, &memory);
#endif
	setrlimit(RLIMIT_CPU, &seconds);
}

static int
import_and_tell(int fd, const struct importer *importer, struct drafts *drafts, const char *text,
		const char *source, struct import_engines engines, struct failure *why)
{
	int rc = 0;

	limit_resources();
	if (process_keep(&fd, 1, why) < 0 || sandbox_confine(-1, NULL, why) < 0 ||
	    importer_import(importer, drafts, text, source, why) < 0)
		return -1;
	failure_nomem(why);
	for (size_t i = 0; i < drafts->warnings.count && rc == 0; i++)
		rc = put(fd, MESSAGE_WARNING, drafts->warnings.list[i]);
	for (size_t i = 0; i < drafts->count && rc == 0; i++)
		rc = tell_service(fd, drafts->list[i], engines);
	return rc < 0 ? -1 : put(fd, MESSAGE_DONE, "");
}

static _Noreturn void
become_importer(int fd, const struct importer *importer, const struct drafts *given,
		const char *text, const char *source, struct import_engines engines)
{
	struct failure why = FAILURE_INIT;
	struct drafts drafts = *given;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	drafts.resolve = given->resolve ? resolve : NULL;
	drafts.read = given->read ? read_file : NULL;
	drafts.context = &fd;
	if (import_and_tell(fd, importer, &drafts, text, source, engines, &why) < 0)
		_exit(put(fd, MESSAGE_REFUSAL, why.text) < 0);
	_exit(0);
}

/* In this process. */

/* One that listens. */
struct listener {
	struct imports *imports;
	const struct drafts *drafts;
	int fd;
	size_t told;    /* bytes */
	unsigned asked; /* names and files */
	/* Names that have been resolved, and each one's answer behind its letter: most configurations have few, in
	 * many places, and an engine is asked by a connection each time. */
	struct strvec names, answers;
};

static int
answer(int fd, char *text, const struct failure *why)
{
	int rc = text ? put(fd, MESSAGE_ANSWER, text) : put(fd, MESSAGE_REFUSAL, why->text);

	free(text);
	return rc;
}

/* Whether somebody may be asked for this. False with why: for too much already. */
static bool
may_ask(struct listener *listener, const char *what, struct failure *why)
{
	if (++listener->asked <= ASKED_MAX)
		return true;
	failure_set(why, "too many names and files: '%.200s'", what);
	return false;
}

/* The addresses of a name, one a line. Heap; NULL with why. */
static char *
find_addresses(struct listener *listener, const char *name, struct failure *why)
{
	const struct drafts *drafts = listener->drafts;
	struct strvec addresses = STRVEC_INIT;
	char *text = NULL;

	if (!drafts->resolve || (*name && !draft_endpoint_is_host_name(name)))
		failure_set(why, "not the name of a host: '%s'", name);
	else if (may_ask(listener, name, why) &&
		 drafts->resolve(drafts->context, *name ? name : NULL, &addresses, why) == 0 &&
		 !(text = strvec_join(&addresses, "\n")))
		failure_nomem(why);
	strvec_release(&addresses);
	return text;
}

static int
answer_name(struct listener *listener, const char *name)
{
	struct failure why = FAILURE_INIT;
	size_t i = 0;

	while (i < listener->names.count && strcmp(listener->names.list[i], name) != 0)
		i++;
	if (i == listener->names.count) {
		char *text = find_addresses(listener, name, &why);

		strvec_push(&listener->names, name);
		strvec_pushf(&listener->answers, "%c%s", text ? MESSAGE_ANSWER : MESSAGE_REFUSAL,
			     text ? text : why.text);
		free(text);
	}
	if (listener->names.failed || listener->answers.failed)
		return -1;
	return put(listener->fd, (enum message)listener->answers.list[i][0],
		   listener->answers.list[i] + 1);
}

static char *
find_file(struct listener *listener, const char *path, struct failure *why)
{
	const struct drafts *drafts = listener->drafts;

	if (!drafts->read)
		failure_set(why, "not read: '%s'", path);
	else if (may_ask(listener, path, why))
		return drafts->read(drafts->context, path, why);
	return NULL;
}

/* Adds a service, whose text is to come. -1: it has no name that a file could have, or there are too many. */
static int
add_service(struct imports *imports, const char *name)
{
	struct import_file *file;

	if (!parse_is_name(name) || imports->count == FILES_MAX ||
	    array_grow(&imports->list, imports->count, sizeof(*imports->list)) < 0)
		return -1;
	file = &imports->list[imports->count++];
	*file = (struct import_file){.name = strdup(name)};
	return file->name ? 0 : -1;
}

static int
add_engine(struct imports *imports, const char *name)
{
	if (!imports->count || !parse_is_name(name))
		return -1;
	strvec_push(&imports->list[imports->count - 1].engines, name);
	return 0;
}

static int
add_text(struct imports *imports, const char *text)
{
	struct import_file *file = imports->count ? &imports->list[imports->count - 1] : NULL;

	if (!file || file->text)
		return -1;
	file->text = strdup(text);
	if (!file->text)
		return -1;
	text_tame_lines(file->text);
	return 0;
}

/* Whether what it says is not too much, together with what it said before. */
static bool
has_room(struct listener *listener, const char *text)
{
	listener->told += sizeof(struct header) + strlen(text);
	return listener->told <= TOLD_MAX;
}

/* Takes a message. 1: go on; 0: it was the last one; -1 with why. */
static int
take(struct listener *listener, uint32_t message, const char *text, struct failure *why)
{
	struct imports *imports = listener->imports;
	struct failure refusal = FAILURE_INIT;
	int rc = -1;

	failure_set(why, "the process that imports says what it cannot");
	if (!has_room(listener, text))
		return failure_set(why, "the process that imports says too much");
	switch (message) {
	case MESSAGE_RESOLVE: rc = answer_name(listener, text); break;
	case MESSAGE_READ:
		rc = answer(listener->fd, find_file(listener, text, &refusal), &refusal);
		break;
	case MESSAGE_WARNING:
		strvec_push(&imports->warnings, text);
		rc = 0;
		break;
	case MESSAGE_SERVICE: rc = add_service(imports, text); break;
	case MESSAGE_ENGINE: rc = add_engine(imports, text); break;
	case MESSAGE_TEXT: rc = add_text(imports, text); break;
	case MESSAGE_REFUSAL: failure_set(why, "%s", text); break;
	case MESSAGE_DONE: return 0;
	default: break;
	}
	return rc < 0 ? -1 : 1;
}

/* Whether every service has its text, and nothing is missing for want of memory. */
static bool
is_complete(const struct imports *imports)
{
	bool failed = imports->warnings.failed;

	for (size_t i = 0; i < imports->count; i++)
		failed |= !imports->list[i].text || imports->list[i].engines.failed;
	return !failed;
}

/* Listens to the process until its last word. */
static int
listen_to(struct listener *listener, struct failure *why)
{
	int rc = 1;

	while (rc > 0) {
		uint32_t message;
		char *text = get(listener->fd, &message);

		if (!text)
			return failure_set(why, "the process that imports has died");
		rc = take(listener, message, text, why);
		free(text);
	}
	if (rc == 0 && !is_complete(listener->imports))
		return failure_nomem(why);
	return rc;
}

int
import_process_run(struct imports *imports, const struct importer *importer,
		   const struct drafts *drafts, const char *text, const char *source,
		   struct import_engines engines, struct failure *why)
{
	void (*usual)(int) = signal(SIGPIPE, SIG_IGN); /* its end is seen by reading */
	struct listener listener = {.imports = imports, .drafts = drafts};
	int fds[2], rc = -1;
	pid_t pid;

	/* Its table's seed is of a file, which cannot be opened later. */
	json_object_seed(0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		signal(SIGPIPE, usual);
		return failure_errno(why, "cannot import '%s'", source);
	}
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		become_importer(fds[1], importer, drafts, text, source, engines);
	}
	close(fds[1]);
	listener.fd = fds[0];
	if (pid < 0)
		failure_errno(why, "cannot import '%s'", source);
	else
		rc = listen_to(&listener, why);
	strvec_release(&listener.names);
	strvec_release(&listener.answers);
	close(fds[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	signal(SIGPIPE, usual);
	return rc;
}
