#include "controller/clustername.h"

#include "base/dotname.h"
#include "base/strvec.h"

#include <stdlib.h>

static int
fail_several(const char *word, const struct strvec *found, struct failure *why)
{
	char *list = strvec_join(found, "', '");

	failure_set(why, "several services are ports of '%s': '%s'", word, list ? list : "");
	free(list);
	return -1;
}

int
clustername_find(const char *word, char *const *names, const char **name, struct failure *why)
{
	struct strvec found = STRVEC_INIT;
	int rc = 0;

	for (; *names && rc == 0; names++) {
		const enum dotname_match match = dotname_compare(*names, word);

		if (match == DOTNAME_OTHER)
			continue;
		rc = match == DOTNAME_SAME;
		*name = *names;
		strvec_push(&found, *names);
	}
	if (rc == 0 && found.count > 0)
		rc = found.count == 1 ? 1 : fail_several(word, &found, why);
	strvec_release(&found);
	return rc;
}
