#include "base/lineset.h"
#include "tap.h"

#include <stdlib.h>

static void
is_union(const char *a, const char *b, const char *wanted)
{
	char *joined = lineset_union(a, b);

	is_str(joined, wanted, "a union of lines");
	free(joined);
	joined = lineset_union(b, a);
	is_str(joined, wanted, "... whatever the order");
	free(joined);
}

int
main(void)
{
	is_union(NULL, NULL, "");
	is_union("b\na", NULL, "a\nb");
	is_union("b\nab\n\nc\n", "\nab\na", "a\nab\nb\nc");
	is_union("x", "x", "x");
	return done_testing();
}
