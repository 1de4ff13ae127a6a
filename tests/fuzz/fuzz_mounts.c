/* A path, a line; the list of mounts of a host, which may say anything: what is added decides. */
#include "base/mounts.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *list = strchrnul(text, '\n'), *longer;

	if (*list)
		*list++ = '\0';
	mounts_have(list, text, "noexec");
	must(!mounts_have("", text, "noexec"));
	/* Whatever was before: a later one covers it. */
	must(asprintf(&longer, "%s\nx / x noexec 0 0\n", list) >= 0);
	must(mounts_have(longer, "/", "noexec"));
	free(longer);
	free(text);
	return 0;
}
