/*
 * pty COMMAND [ARG...] <STEPS
 *
 * Runs a command at a terminal of its own and does what the steps say, a line each:
 *
 *	> TEXT     types it once a line is edited (not echoed by the terminal itself); \r, \t, \e,
 *	           \\ and \xHH are what they are in C, Enter is \r
 *	! TEXT     types it at once
 *	< TEXT    waits until it is shown, after what was waited for before
 *	= COMMAND runs a shell command meanwhile, which has to succeed
 *
 * Then it waits for the command's end. All that was shown goes to standard output, without
 * carriage returns and fill characters. The status is the command's; 99 if something was not shown
 * in half a minute, which is said.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

struct screen {
	int terminal;
	char *shown;
	size_t length, matched; /* matched: how far what was waited for has come */
};

/* Decodes in place; returns the length. */
static size_t
decode(char *text)
{
	static const char names[] = "rte\\", bytes[] = "\r\t\033\\";
	char *to = text;

	for (char *s = text; *s; s++) {
		const char *name = *s == '\\' && s[1] ? strchr(names, s[1]) : NULL;

		if (name) {
			*to++ = bytes[name - names];
			s++;
		} else if (*s == '\\' && s[1] == 'x' && s[2] && s[3]) {
			*to++ = (char)strtol((char[]){s[2], s[3], '\0'}, NULL, 16);
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* Takes what is shown next. False at the end, or if nothing comes. */
static int
look(struct screen *screen)
{
	struct pollfd poller = {screen->terminal, POLLIN, 0};
	char buffer[4096];
	ssize_t n;

	if (poll(&poller, 1, PATIENCE_MS) <= 0)
		return 0;
	n = read(screen->terminal, buffer, sizeof(buffer));
	if (n <= 0)
		return 0;
	screen->shown = realloc(screen->shown, screen->length + (size_t)n + 1);
	if (!screen->shown)
		exit(1);
	for (ssize_t i = 0; i < n; i++)
		if (buffer[i] != '\r' && buffer[i])
			screen->shown[screen->length++] = buffer[i];
	screen->shown[screen->length] = '\0';
	return 1;
}

static void
await(struct screen *screen, const char *text)
{
	for (;;) {
		char *found = screen->shown ? strstr(screen->shown + screen->matched, text) : NULL;

		if (found) {
			screen->matched = (size_t)(found - screen->shown) + strlen(text);
			return;
		}
		if (!look(screen)) {
			fprintf(stderr, "pty: never shown: '%s'\n%s\n", text,
				screen->shown ? screen->shown : "");
			exit(99);
		}
	}
}

static int
is_edited(int terminal)
{
	struct termios modes;

	return tcgetattr(terminal, &modes) == 0 && !(modes.c_lflag & ICANON);
}

static void
type(struct screen *screen, char *text, int waits)
{
	size_t length = decode(text);

	for (int i = 0; waits && i < PATIENCE_MS / 10 && !is_edited(screen->terminal); i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	if (write(screen->terminal, text, length) != (ssize_t)length)
		exit(99);
}

static void
step(struct screen *screen, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "< ", 2) == 0) {
		await(screen, line + 2);
	} else if (strncmp(line, "> ", 2) == 0 || strncmp(line, "! ", 2) == 0) {
		type(screen, line + 2, *line == '>');
	} else if (strncmp(line, "= ", 2) == 0) {
		if (system(line + 2) != 0)
			exit(99);
	} else if (*line) {
		fprintf(stderr, "pty: what is '%s'?\n", line);
		exit(99);
	}
}

int
main(int argc, char **argv)
{
	struct winsize size = {.ws_row = 50, .ws_col = 200};
	struct screen screen = {.terminal = -1};
	char *line = NULL;
	size_t room = 0;
	int status;
	pid_t child;

	if (argc < 2)
		return 2;
	child = forkpty(&screen.terminal, NULL, NULL, &size);
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0) {
		perror("pty");
		return 99;
	}
	while (getline(&line, &room, stdin) > 0)
		step(&screen, line);
	while (look(&screen))
		;
	fputs(screen.shown ? screen.shown : "", stdout);
	free(screen.shown);
	free(line);
	close(screen.terminal);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
