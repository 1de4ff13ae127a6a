/* An engine's side of a session: what it may send at any time, in pieces, after requests. The first
 * byte says whether a banner may come before the answer, and how large the pieces are. */
#include "controller/follow.h"
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

/* Takes what has arrived, and asks again if that was an answer. Returns whether the session goes on. */
static bool
take(struct follow *follow)
{
	for (;;) {
		const enum follow_event event = follow_read(follow);

		if (event == FOLLOW_NOTHING || event == FOLLOW_ENDED)
			return event == FOLLOW_NOTHING;
		must(follow->has_answered && follow->asked == FOLLOW_NONE && follow->text);
		must(!strstr(follow->text, "\n\n"));
		follow_ask(follow, event == FOLLOW_TIMED ? FOLLOW_STATUS : FOLLOW_CLOCK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct follow follow = FOLLOW_INIT;
	const size_t piece = size ? 1 + data[0] * 2 : 1;
	bool goes_on = true;
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	follow.fd = ends[0];
	follow.offset = CLOCK_OFFSET_INIT;
	follow.has_mark = size && data[0] & 1;
	follow.mark_length = answer_mark("0123456789abcdef", follow.mark);
	follow_ask(&follow, FOLLOW_CLOCK);
	for (size_t at = size > 0; at < size && goes_on; at += piece) {
		const size_t length = size - at < piece ? size - at : piece;

		must(write(ends[1], data + at, length) == (ssize_t)length);
		goes_on = take(&follow);
	}
	close(ends[1]);
	while (goes_on)
		goes_on = take(&follow);
	follow_close(&follow, NULL);
	return 0;
}
