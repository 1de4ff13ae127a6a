#include "base/answer.h"

#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/strvec.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

int
answer_draw(char nonce[ANSWER_NONCE], struct failure *why)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return failure_errno(why, "no random number");
	snprintf(nonce, ANSWER_NONCE, "%016jx", (uintmax_t)number);
	return 0;
}

size_t
answer_mark(const char *nonce, char mark[ANSWER_MARK])
{
	return (size_t)snprintf(mark, ANSWER_MARK, "vcap-answer %.16s\n", nonce);
}

static bool
is_answered_for(char *const *command, enum answer_rights rights)
{
	if (strcmp(*command, "vcap-host") == 0)
		return command[1] && strcmp(command[1], "answer") != 0;
	/* The rule of sudo that allows this command may not allow that one. */
	if (strcmp(*command, "vcap-region") == 0)
		return rights == ANSWER_CALLER;
	return strcmp(*command, "vcap-run") == 0 || strcmp(*command, "vcap-merge") == 0;
}

/* The program of this name beside this one: where the caller has found it, which may have put others
 * of the kind there, but with more rights where it really is. Heap; NULL with errno. */
static char *
beside(const char *name, enum answer_rights rights)
{
	const char *own = program_invocation_name, *slash = strrchr(own, '/');
	char *path;

	if (rights == ANSWER_SUDO || !slash)
		return process_sibling(name);
	return asprintf(&path, "%.*s/%s", (int)(slash - own), own, name) < 0 ? NULL : path;
}

/* Returns only on failure, with errno. */
static void
execute(char *const *command, enum answer_rights rights)
{
	struct strvec argv = STRVEC_INIT;
	char **words;

	/* What PATH decided for this program it decides for that one, but not with more rights. */
	if (rights == ANSWER_CALLER && !strchr(program_invocation_name, '/')) {
		execvp(*command, command);
		return;
	}
	strvec_push_nodup(&argv, beside(*command, rights));
	strvec_pushv(&argv, command + 1);
	words = strvec_detach(&argv);
	errno = ENOMEM;
	if (words)
		execv(*words, words);
}

int
answer_begin(const char *nonce, char *const *command, enum answer_rights rights,
	     struct failure *why)
{
	char mark[ANSWER_MARK];
	const size_t length = answer_mark(nonce, mark);

	if (!parse_is_token(nonce)) {
		failure_set(why, "not a nonce, 16 digits of 0-9a-f: '%s'", nonce);
		return EXIT_MISUSE;
	}
	if (!is_answered_for(command, rights)) {
		failure_set(why, "'answer' is not for '%s'%s", *command,
			    rights == ANSWER_SUDO ? " by sudo" : "");
		return EXIT_MISUSE;
	}
	/* Without a reader nothing begins. */
	if (fileio_write_all(STDOUT_FILENO, mark, length) < 0) {
		failure_errno(why, "cannot write");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int
answer_execute(char *const *command, enum answer_rights rights, struct failure *why)
{
	execute(command, rights);
	failure_errno(why, "cannot run '%s'", *command);
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
