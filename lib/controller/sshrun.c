/*
 * A command must not run twice, and ssh has the status 255 for all that goes wrong with it: also
 * when the connection is cut after the command was started. So the status does not tell, nor does a
 * text on standard error, where the command there writes, too. `-E` has ssh write its own messages
 * to a file, and two of them are from before any authentication: of connect(2), and of the exchange
 * of version lines that begins the protocol (RFC 4253 section 4.2; openssh, kex.c), in which an sshd
 * with too many connections hangs up. "Connection closed by" alone may come at any time and does
 * not count. Standard input has not been read by then, so the next ssh finds it whole.
 *
 * Those that were refused together must not come together again: each waits for a time of its own.
 */
#include "controller/sshrun.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/process.h"
#include "base/strvec.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define MESSAGES_MAX 16384

static bool
has_word(const char *line, size_t length, const char *word)
{
	return memmem(line, length, word, strlen(word)) != NULL;
}

static bool
is_refused(const char *line, size_t length)
{
	const bool is_greeting = strncmp(line, "kex_exchange_identification: ", 29) == 0 ||
				 /* before OpenSSH 8 */
				 strncmp(line, "ssh_exchange_identification: ", 29) == 0;

	if (is_greeting)
		return has_word(line, length, "losed by remote host") ||
		       has_word(line, length, "reset by peer") ||
		       has_word(line, length, "Broken pipe");
	return strncmp(line, "ssh: connect to host ", 21) == 0 &&
	       (has_word(line, length, ": Connection refused") ||
		has_word(line, length, ": Connection reset by peer"));
}

bool
sshrun_may_try_again(const char *messages)
{
	while (*messages) {
		const size_t length = strcspn(messages, "\n");

		if (is_refused(messages, length))
			return true;
		messages += length;
		messages += *messages == '\n';
	}
	return false;
}

/* Runs ssh once; its own messages are then in the file. */
static int
run(char *const *argv, enum sshrun_connection connection, int messages, struct failure *why)
{
	struct strvec words = STRVEC_INIT;
	struct process child;
	int rc;

	/* ssh closes all other descriptors, so it finds the file by way of this process. */
	strvec_pushl(&words, argv[0], "-E", NULL);
	strvec_pushf(&words, "/proc/%d/fd/%d", (int)getpid(), messages);
	strvec_pushv(&words, argv + 1);
	if (words.failed)
		rc = failure_nomem(why);
	else
		rc = (connection == SSHRUN_SHARED ? process_start_apart : process_start)(
		    &child, words.list, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, why);
	strvec_release(&words);
	return rc < 0 ? -1 : process_wait(&child, -1);
}

/* Waits for a quarter of a second at first, and for three times as long each time; half of that
 * more or less. */
static void
wait_a_while(int tries)
{
	int64_t usual = NS_PER_SECOND / 4;
	uint32_t number = 0;

	for (; tries > 1; tries--)
		usual *= 3;
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint32_t)getpid() << 22;
	clock_sleep(usual / 2 + (int64_t)((uint64_t)usual * number >> 32));
}

int
sshrun(char *const *argv, enum sshrun_connection connection, struct failure *why)
{
	for (int tries = 1;; tries++) {
		const int file = process_input_open("", 0, why);
		char text[MESSAGES_MAX];
		ssize_t length;
		int status;

		if (file < 0)
			return -1;
		status = run(argv, connection, file, why);
		length = pread(file, text, sizeof(text) - 1, 0);
		close(file);
		text[length > 0 ? length : 0] = '\0';
		if (status == EXIT_NOT_REACHED && tries < SSHRUN_TRIES &&
		    sshrun_may_try_again(text)) {
			wait_a_while(tries);
			continue;
		}
		if (length > 0 && fileio_write_all(STDERR_FILENO, text, (size_t)length) < 0)
			return failure_errno(why, "cannot write");
		return status;
	}
}
