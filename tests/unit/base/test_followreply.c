#include "base/followreply.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int asked[3]; /* how often, by the request */

static int
capture(enum followreply_request request, void *context, FILE *out, struct failure *why)
{
	asked[request]++;
	fputs("state running\n", out);
	return *(bool *)context ? failure_set(why, "there is none") : 0;
}

/* What is answered to the input, times replaced by T. In a buffer of this function's. */
static const char *
answers(const char *input, bool fails)
{
	static char text[1024];
	char raw[1024], *to = text;
	int in[2], out[2];
	struct failure why;
	ssize_t n;

	if (pipe(in) < 0 || pipe(out) < 0 || write(in[1], input, strlen(input)) < 0)
		abort();
	close(in[1]);
	memset(asked, 0, sizeof(asked));
	ok(followreply_run(in[0], out[1], capture, NULL, &fails, &why) == 0, "ends with its input");
	close(in[0]);
	close(out[1]);
	n = read(out[0], raw, sizeof(raw) - 1);
	close(out[0]);
	raw[n > 0 ? n : 0] = '\0';
	for (char *from = raw; *from;) {
		if (strncmp(from, "time 1", 6) == 0) {
			to += sprintf(to, "time T");
			from += strcspn(from, "\n");
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

int
main(void)
{
	int ends[2];
	struct failure why = FAILURE_INIT;
	bool fails = false;

	is_str(answers("\n", false), "time T\nstate running\n\n", "a status");
	ok(asked[FOLLOWREPLY_STATUS] == 1 && asked[FOLLOWREPLY_STOP] == 0, "it was asked for");
	is_str(answers("stop\n\n", false), "time T\nstate running\n\ntime T\nstate running\n\n",
	       "a stop, and a status behind it");
	ok(asked[FOLLOWREPLY_STATUS] == 1 && asked[FOLLOWREPLY_STOP] == 1, "each once");
	is_str(answers("remove\n", false), "time T\nstate running\n\n", "a removal");
	ok(asked[FOLLOWREPLY_STATUS] == 0 && asked[FOLLOWREPLY_REMOVE] == 1, "that alone");
	is_str(answers("clock\n", false), "time T\n\n", "the time alone");
	ok(asked[FOLLOWREPLY_STATUS] == 0, "the capture is not looked at for it");
	is_str(answers("\n", true), "time T\nfailed there is none\n\n",
	       "no status: the reason alone");
	is_str(answers("renew\n", false), "time T\nfailed unknown request 'renew'\n\n",
	       "another release's request");
	is_str(answers("", false), "", "nothing");
	is_str(answers("clock", false), "", "a line that has no end");

	if (pipe(ends) < 0 || write(ends[1], "\n", 1) < 0)
		abort();
	ok(followreply_run(ends[0], ends[0], capture, NULL, &fails, &why) < 0,
	   "no output is a failure");
	is_str(strstr(why.text, "cannot write the answer") ? "told" : why.text, "told",
	       "it is told");
	return done_testing();
}
