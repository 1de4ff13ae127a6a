#include "base/failure.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void
a_long_subject(void)
{
	struct failure why, outer;
	char path[4096];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	errno = ENOENT;
	failure_errno(&why, "cannot open '%s'", path);
	ok(ends_with(why.text, "x': No such file or directory"), "a long path keeps the reason");
	ok(errno == ENOENT, "errno is left as it was");
	failure_set(&outer, "cannot merge '%s': %s", path, why.text);
	ok(strncmp(outer.text, "cannot merge 'x", 15) == 0 &&
	       ends_with(outer.text, "': No such file or directory"),
	   "and so does a failure within another");
}

int
main(void)
{
	struct failure why = FAILURE_INIT;

	ok(failure_set(&why, "no service '%s'", "shop") == -1, "failure_set returns -1");
	is_str(why.text, "no service 'shop'", "the text is what was said");
	failure_set(&why, "lb1: %s", why.text);
	is_str(why.text, "lb1: no service 'shop'", "a failure may quote itself");
	ok(failure_set(NULL, "x") == -1 && failure_errno(NULL, "x") == -1, "NULL is allowed");
	failure_nomem(&why);
	is_str(why.text, "out of memory", "no memory");
	a_long_subject();
	return done_testing();
}
