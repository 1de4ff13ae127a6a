/* Engines are shells that are told what to print: `$2` is the nonce of `vcap-host answer`. */
#include "base/clock.h"
#include "base/exitcode.h"
#include "base/strvec.h"
#include "controller/follow.h"
#include "tap.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MARK   "echo \"vcap-answer $2\"; "
#define ANSWER "printf 'time 1.000000000\\nstate running\\npackets 5\\n\\n'; "

static struct follow
follow_shell(const char *script)
{
	char *words[] = {"sh", "-c", (char *)script, NULL};
	struct engine engine = {.name = "lb1", .transport = ENGINE_EXEC, .words = words};
	struct follow follow;
	struct failure why = FAILURE_INIT;

	if (follow_open(&follow, &engine, "/d/shop.lb1", NULL, &why) < 0)
		ok(false, "%s", why.text);
	return follow;
}

/* The next event but FOLLOW_NOTHING. */
static enum follow_event
next(struct follow *follow)
{
	enum follow_event event = FOLLOW_NOTHING;

	while (event == FOLLOW_NOTHING) {
		struct pollfd pollers[] = {{follow->fd, POLLIN, 0},
					   {follow->child.handle, POLLIN, 0}};

		poll(pollers, 2, -1);
		event = follow_read(follow);
	}
	return event;
}

/* The reason for which the session ended. In a buffer of this function's. */
static const char *
reason_of(struct follow *follow, struct follow_end *end)
{
	static char text[200];

	follow_close(follow, end);
	snprintf(text, sizeof(text), "%s", end->reason ? end->reason : "");
	free(end->reason);
	free(end->said);
	return text;
}

static void
answers_are_taken(void)
{
	struct follow follow =
	    follow_shell("echo Welcome; " MARK "while read -r line; do case $line in "
			 "'') " ANSWER ";; stop) printf 'time 2.0\\nfailed no such thing\\n\\n' ;; "
			 "*) printf 'time 3.0\\n'; echo ;; esac; done");
	struct follow_end end;

	follow_ask(&follow, FOLLOW_CLOCK);
	ok(next(&follow) == FOLLOW_TIMED, "the time, behind a banner");
	ok(follow.asked == FOLLOW_NONE, "nothing is asked any more");
	ok(follow.offset.error_ns < INT64_MAX, "the clock is measured");
	ok(follow.offset.offset_ns + clock_realtime_ns() < 10 * NS_PER_SECOND,
	   "it is what the engine says");
	follow_ask(&follow, FOLLOW_STATUS);
	ok(next(&follow) == FOLLOW_ANSWERED, "a status");
	is_str(follow.text, "state running\npackets 5\n", "its lines");
	follow_ask(&follow, FOLLOW_STOP);
	ok(next(&follow) == FOLLOW_REFUSED, "no status");
	is_str(follow.text, "no such thing\n", "and the reason");
	follow_close(&follow, &end);
	ok(!end.is_unknown, "it knows sessions");
	free(end.reason);
	free(end.said);
}

static void
what_is_no_answer_ends_the_session(void)
{
	static const struct {
		const char *script, *what;
	} liars[] = {
	    {MARK "echo half past nine; sleep 60", "no time"},
	    {MARK "printf 'time 1.0\\n\\n'; echo more; sleep 60", "an answer and more"},
	    {MARK "printf 'time -1.0\\n\\n'; sleep 60", "a time before 1970"},
	    {MARK "exec tr '\\0' x </dev/zero", "a line without end"},
	    {MARK "echo time 1.0; exec yes 'key value'", "an answer without end"},
	    {"exec yes", "a banner without end"},
	};

	for (size_t i = 0; i < sizeof(liars) / sizeof(*liars); i++) {
		struct follow follow = follow_shell(liars[i].script);
		struct follow_end end;
		enum follow_event event;

		follow_ask(&follow, FOLLOW_STATUS);
		event = next(&follow);
		if (event == FOLLOW_ANSWERED) {
			follow_ask(&follow, FOLLOW_STATUS);
			event = next(&follow);
		}
		ok(event == FOLLOW_ENDED, "%s", liars[i].what);
		is_str(reason_of(&follow, &end), "its answer is none of vcap's",
		       "that is the reason");
		ok(end.status == EXIT_FAILED && !end.is_unknown, "it is no older engine");
	}
}

static void
ends_are_told(void)
{
	struct follow follow =
	    follow_shell("echo \"vcap-host: unknown request 'answer'\" >&2; exit 2");
	struct follow_end end;

	follow_ask(&follow, FOLLOW_CLOCK);
	ok(next(&follow) == FOLLOW_ENDED, "an older engine");
	is_str(reason_of(&follow, &end), "vcap-host: unknown request 'answer'", "its reason");
	ok(end.is_unknown && end.status == EXIT_MISUSE, "it can be asked plainly");

	follow =
	    follow_shell(MARK ANSWER "echo \"vcap-host: gone\" >&2; echo transport >&2; exit 1");
	follow_ask(&follow, FOLLOW_STATUS);
	ok(next(&follow) == FOLLOW_ANSWERED, "one that answers once");
	ok(next(&follow) == FOLLOW_ENDED, "and ends");
	is_str(reason_of(&follow, &end), "vcap-host: gone", "the reason is the command's own line");
	ok(!end.is_unknown, "it was no older engine");

	follow = follow_shell("exit 255");
	ok(next(&follow) == FOLLOW_ENDED, "one that is not reached");
	reason_of(&follow, &end);
	ok(end.status == EXIT_NOT_REACHED, "its status");

	follow = follow_shell("exit 0");
	ok(next(&follow) == FOLLOW_ENDED, "one that says nothing");
	reason_of(&follow, &end);
	ok(end.is_unknown && end.status != EXIT_DONE, "an end is a failure of the session");
}

int
main(void)
{
	answers_are_taken();
	what_is_no_answer_ends_the_session();
	ends_are_told();
	return done_testing();
}
