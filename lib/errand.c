#include "errand.h"

#include "child.h"

#include <unistd.h>

char **
errand_command(const struct entry *entry, const struct words *engines, const char *timeout,
	       char *const *command)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-each", "-E", NULL});
	words_take(&argv, words_join(engines, ","));
	if (timeout) {
		words_add(&argv, "-t");
		words_add(&argv, timeout);
	}
	words_add(&argv, entry->id);
	words_add_all(&argv, command);
	return words_finish(&argv);
}

int
errand_run(const struct entry *entry, const struct words *engines, const char *timeout,
	   char *const *command, struct failure *why)
{
	char **argv;
	int rc;

	if (engines->count == 0)
		return 0;
	argv = errand_command(entry, engines, timeout, command);
	rc = argv ? child_run(argv, -1, STDERR_FILENO, STDERR_FILENO, -1, why)
		  : failure_set(why, "out of memory");
	words_free(argv);
	return rc < 0 ? -1 : 0;
}
