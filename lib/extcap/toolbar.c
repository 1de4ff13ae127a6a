/*
 * Wireshark opens its ends of the pipes one after the other and waits in each, so both have to be
 * opened here before anything else. A FIFO that is opened for reading and writing is open at once,
 * whoever comes first; that its other end was closed is then not seen, but Wireshark's end is seen
 * elsewhere. Nothing waits for Wireshark: a log line that does not fit into the pipe is dropped.
 */
#include "extcap/toolbar.h"

#include "base/fileio.h"
#include "extcap/sentence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *value, *display;
} stops[] = {{"0", "never"},        {"1m", "1 minute"}, {"5m", "5 minutes"},
	     {"15m", "15 minutes"}, {"1h", "1 hour"},   {"8h", "8 hours"}};

void
toolbar_declare(FILE *out, const char *stop_after)
{
	bool is_known = false;

	sentence_print(out, "control", "number", "0", "type", "button", "role", "logger", "display",
		       "Log", "tooltip", "What vcap says of the capture", NULL);
	sentence_print(out, "control", "number", "1", "type", "selector", "display", "Stop after",
		       "tooltip", "Ends the capture on all engines this long after its start",
		       NULL);
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++) {
		const bool is_default = strcmp(stops[i].value, stop_after) == 0;

		is_known |= is_default;
		sentence_print(out, "value", "control", "1", "value", stops[i].value, "display",
			       stops[i].display, is_default ? "default" : NULL, "true", NULL);
	}
	if (!is_known)
		sentence_print(out, "value", "control", "1", "value", stop_after, "display",
			       stop_after, "default", "true", NULL);
}

int
toolbar_open(struct toolbar *toolbar, const char *in, const char *out, struct failure *why)
{
	*toolbar = (struct toolbar){.in = -1, .out = -1};
	if (!in || !out)
		return 0;
	toolbar->in = open(in, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (toolbar->in < 0)
		return failure_errno(why, "cannot open '%s'", in);
	toolbar->out = open(out, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (toolbar->out >= 0)
		return 0;
	failure_errno(why, "cannot open '%s'", out);
	toolbar_close(toolbar);
	return -1;
}

void
toolbar_close(struct toolbar *toolbar)
{
	fileio_close(&toolbar->in);
	fileio_close(&toolbar->out);
}

/* One write, which a pipe takes whole or not at all if it is not larger than PIPE_BUF. */
static void
send_message(struct toolbar *toolbar, enum control_command command, const char *text)
{
	uint8_t bytes[CONTROL_HEAD + CONTROL_PAYLOAD_MAX];
	const size_t size = control_message_write(bytes, TOOLBAR_LOG, command, text);

	if (size <= 4096 && write(toolbar->out, bytes, size) < 0 && errno != EAGAIN)
		fileio_close(&toolbar->out);
}

void
toolbar_tell(struct toolbar *toolbar, const char *line)
{
	char text[1024];

	if (toolbar->out < 0)
		return;
	snprintf(text, sizeof(text) - 1, "%s", line);
	send_message(toolbar, CONTROL_STATUSBAR, text);
	strcat(text, "\n");
	if (toolbar->out >= 0)
		send_message(toolbar, CONTROL_ADD, text);
}

/* Takes all whole messages from the front; those for other controls are passed over. */
static int
parse(struct toolbar *toolbar, char *text, size_t size)
{
	struct control_message message;
	size_t start = 0, used;
	int rc = 0;

	for (;; start += used) {
		if (control_message_parse(&message, toolbar->bytes + start, toolbar->used - start,
					  &used) < 0)
			return -1;
		if (used == 0)
			break;
		if (message.control != TOOLBAR_STOP_AFTER || message.command != CONTROL_SET)
			continue;
		snprintf(text, size, "%.*s", (int)message.size, (const char *)message.payload);
		rc = 1;
	}
	toolbar->used -= start;
	memmove(toolbar->bytes, toolbar->bytes + start, toolbar->used);
	return rc;
}

int
toolbar_read(struct toolbar *toolbar, char *text, size_t size)
{
	const ssize_t n = read(toolbar->in, toolbar->bytes + toolbar->used,
			       sizeof(toolbar->bytes) - toolbar->used);
	int rc = -1;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		toolbar->used += (size_t)n;
		rc = parse(toolbar, text, size);
	}
	if (rc < 0)
		fileio_close(&toolbar->in);
	return rc;
}
