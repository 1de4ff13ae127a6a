#include "base/audit.h"

#include "base/caller.h"
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MAX 512

static const char *own_name = "vcap";

void
audit_name(const char *name)
{
	own_name = name;
}

void
audit_begin(struct audit *audit, const char *event)
{
	snprintf(audit->text, sizeof(audit->text), "%s", event);
}

static bool
is_plain(char byte)
{
	return byte > ' ' && byte < 0x7f && !strchr("=\"\\", byte);
}

void
audit_add(struct audit *audit, const char *key, const char *value)
{
	char text[VALUE_MAX + 8], *end = text;
	const size_t used = strlen(audit->text);

	if (!value || !*value)
		return;
	for (; *value && end + 4 <= text + VALUE_MAX; value++)
		end += is_plain(*value) ? sprintf(end, "%c", *value)
					: sprintf(end, "\\x%02x", (unsigned char)*value);
	strcpy(end, *value ? "..." : "");
	if (used + strlen(key) + strlen(text) + 3 <= sizeof(audit->text))
		sprintf(audit->text + used, " %s=%s", key, text);
}

void
audit_add_caller(struct audit *audit)
{
	char word[CALLER_MAX];

	audit_add(audit, "caller", caller_word(&(struct caller){.uid = getuid()}, getenv, word));
}

/* A socket of that type, connected to the log; -1 with errno. */
static int
connect_log(int type)
{
	const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	const struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), error;

	if (fd < 0 || (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
		       connect(fd, (const struct sockaddr *)&log, sizeof(log)) == 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The log, for lines or, *is_stream, for lines that end in a NUL; -1 with errno. */
static int
open_log(bool *is_stream)
{
	int fd = connect_log(SOCK_DGRAM);

	*is_stream = fd < 0 && errno == EPROTOTYPE;
	return *is_stream ? connect_log(SOCK_STREAM) : fd;
}

bool
audit_is_heard(void)
{
	bool is_stream;
	int fd = open_log(&is_stream);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* 0, or -1 with errno. size: with the NUL. */
static int
send_line(const char *line, size_t size)
{
	bool is_stream;
	int fd = open_log(&is_stream), error;
	ssize_t sent;

	if (fd < 0)
		return -1;
	size -= !is_stream;
	do
		sent = send(fd, line, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	error = sent < 0 ? errno : ENOBUFS;
	close(fd);
	errno = error;
	return sent == (ssize_t)size ? 0 : -1;
}

int
audit_write(const struct audit *audit, enum audit_need need, struct failure *why)
{
	const time_t now = (time_t)(clock_realtime_ns() / NS_PER_SECOND);
	char line[AUDIT_MAX + 128], date[32] = "";
	struct tm local;
	int length;

	/* RFC 3164, section 4.1.2, but without the host, which the log adds. */
	if (localtime_r(&now, &local))
		strftime(date, sizeof(date), "%b %e %H:%M:%S", &local);
	length = snprintf(line, sizeof(line), "<%d>%s %.32s[%ld]: %s", LOG_AUTHPRIV | LOG_NOTICE,
			  date, own_name, (long)getpid(), audit->text);
	if (send_line(line, (size_t)length + 1) == 0 || need == AUDIT_WANTED)
		return 0;
	return failure_errno(why, "cannot log to '/dev/log', as 'audit required' asks (start a "
				  "journal or a syslog daemon)");
}

int
audit_parse(const char *word, enum audit_need *need, struct failure *why)
{
	if (strcmp(word, "required") != 0)
		return failure_set(why, "not 'required': '%s'", word);
	*need = AUDIT_REQUIRED;
	return 0;
}
