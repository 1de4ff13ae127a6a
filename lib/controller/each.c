#include "controller/each.h"

#include "base/process.h"

#include <unistd.h>

char **
each_command(const struct spool_entry *entry, const struct strvec *engines, const char *timeout,
	     char *const *command)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-each", "-E", NULL);
	strvec_push_nodup(&argv, strvec_join(engines, ","));
	if (timeout) {
		strvec_push(&argv, "-t");
		strvec_push(&argv, timeout);
	}
	strvec_push(&argv, entry->id);
	strvec_pushv(&argv, command);
	return strvec_detach(&argv);
}

int
each_run(const struct spool_entry *entry, const struct strvec *engines, const char *timeout,
	 char *const *command, struct failure *why)
{
	char **argv;
	int rc;

	if (engines->count == 0)
		return 0;
	argv = each_command(entry, engines, timeout, command);
	rc = argv ? process_run(argv, -1, STDERR_FILENO, STDERR_FILENO, -1, why)
		  : failure_nomem(why);
	strvec_free(argv);
	return rc < 0 ? -1 : 0;
}
