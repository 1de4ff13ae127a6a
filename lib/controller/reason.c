/*
 * The lines are looked at from the last to the first: what ended a command is said at its end,
 * before that come warnings, and before these the banners of a login.
 *
 * ssh(1) ends with the same line, "Host key verification failed.", whether a host key is not known
 * yet or is not the one that is known: the first is a step of the installation, the other may be an
 * attack. So both are told by the lines before (openssh, sshconnect.c). Only a status of 255 is
 * ssh's own.
 */
#include "controller/reason.h"

#include "base/exitcode.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct line {
	const char *text;
	int length;
};

static bool
begins_with(struct line line, const char *words)
{
	const size_t length = strlen(words);

	return (size_t)line.length >= length && strncmp(line.text, words, length) == 0;
}

static bool
ends_with(struct line line, const char *words)
{
	const int length = (int)strlen(words);

	return line.length >= length &&
	       strncmp(line.text + line.length - length, words, (size_t)length) == 0;
}

static bool
contains(struct line line, const char *words)
{
	return memmem(line.text, (size_t)line.length, words, strlen(words)) != NULL;
}

/* The line that ends before *end, which becomes where it begins. False: there is none. Blank ones
 * are passed over. */
static bool
previous(const char *text, const char **end, struct line *line)
{
	const char *last = *end;

	while (last > text && strchr(" \t\r\n", last[-1]))
		last--;
	*end = last;
	while (*end > text && (*end)[-1] != '\n')
		(*end)--;
	line->text = *end;
	line->length = (int)(last - *end);
	return line->length > 0;
}

/* What those that carry a command say when it has failed, whatever it was. */
static bool
is_transports(struct line line)
{
	/* kubectl, oc, and crictl with a word before */
	return contains(line, "command terminated with exit code ") ||
	       contains(line, "command terminated with non-zero exit code") ||
	       /* podman and docker */
	       begins_with(line, "Error: exec session exited with non-zero exit code ") ||
	       begins_with(line, "exit status ") ||
	       /* ssh, also with a shared connection, and machinectl */
	       ((begins_with(line, "Connection to ") ||
		 begins_with(line, "Shared connection to ")) &&
		(ends_with(line, " closed.") || ends_with(line, " terminated."))) ||
	       begins_with(line, "Killed by signal ");
}

/* The name of the command on the engine. */
static const char *
name_of(char *const *argv)
{
	const char *name = argv[0], *slash;

	if (name && strcmp(name, "vcap-on") == 0) {
		/* Behind its options and the engine. */
		while (argv[1] && argv[1][0] == '-')
			argv++;
		if (argv[1] && argv[2])
			name = argv[2];
	}
	slash = name ? strrchr(name, '/') : NULL;
	return slash ? slash + 1 : name;
}

/* The last line that begins with the name and a colon. */
static bool
find_named(const char *errors, const char *name, struct line *line)
{
	const char *end = errors + strlen(errors);

	if (!name)
		return false;
	while (previous(errors, &end, line))
		if (begins_with(*line, name) && line->text[strlen(name)] == ':')
			return true;
	return false;
}

/* The last line that is not the transport's own, else the last one of all. */
static void
find_last(const char *errors, struct line *line)
{
	const char *end = errors + strlen(errors);
	struct line last = {"", 0};

	while (previous(errors, &end, line)) {
		if (!is_transports(*line))
			return;
		if (!last.length)
			last = *line;
	}
	*line = last;
}

/* The host that the last line with both parts names behind the first. */
static bool
find_host(const char *errors, const char *before, const char *after, struct line *host)
{
	const char *end = errors + strlen(errors);
	struct line line;

	while (previous(errors, &end, &line)) {
		const char *start = memmem(line.text, (size_t)line.length, before, strlen(before));
		const char *stop = line.text + line.length;

		if (!start || !contains(line, after))
			continue;
		host->text = start + strlen(before);
		host->length = (int)strcspn(host->text, " \r\n");
		if (host->text + host->length <= stop)
			return true;
	}
	return false;
}

/* Writes what ssh says of a host key to text; 0: it says nothing of one; -1: out of memory. */
static int
host_key(const char *errors, char **text)
{
	struct line host = {"", 0};

	if (find_host(errors, "ost key for ", " has changed", &host))
		return asprintf(text,
				"the host key of '%.*s' has changed: it is another host, or "
				"somebody is in between (if it was replaced: compare its "
				"fingerprint, then ssh-keygen -R '%.*s' and add the new one)",
				host.length, host.text, host.length, host.text);
	if (find_host(errors, " host key for ", " revoked", &host))
		return asprintf(text, "the host key of '%.*s' is revoked: it is in wrong hands",
				host.length, host.text);
	if (find_host(errors, " host key is known for ", "", &host))
		return asprintf(text,
				"the host key of '%.*s' is not known (compare its fingerprint, "
				"then add it to known_hosts)",
				host.length, host.text);
	return 0;
}

char *
reason_find(char *const *argv, int status, const char *errors)
{
	struct line line;
	char *text = NULL;
	int rc = 0;

	if (status == EXIT_TIMEOUT) {
		/* What came in its place, as a prompt (framed_take). */
		if (find_named(errors, "vcap-on", &line) &&
		    memmem(line.text, (size_t)line.length, "did not answer: '", 17))
			return strndup(line.text, (size_t)line.length);
		return strdup("no answer in time");
	}
	if (find_named(errors, name_of(argv), &line))
		return strndup(line.text, (size_t)line.length);
	if (status == EXIT_NOT_REACHED)
		rc = host_key(errors, &text);
	if (rc != 0)
		return rc < 0 ? NULL : text;
	find_last(errors, &line);
	/* With LogLevel=ERROR ssh does not tell these. */
	if (status == EXIT_NOT_REACHED && line.length == 0)
		return strdup("the connection was closed or reset without a word");
	return strndup(line.text, (size_t)line.length);
}
