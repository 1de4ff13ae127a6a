#include "controller/waitproc.h"

#include "base/process.h"
#include "base/strvec.h"

#include <fcntl.h>
#include <unistd.h>

int
waitproc_start(const struct spool_entry *entry, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	int log =
	    openat(entry->dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (log < 0)
		return failure_errno(why, "cannot write '%s/log'", entry->path);
	strvec_pushl(&argv, "vcap-wait", "--persist", entry->id, NULL);
	rc = argv.failed ? failure_nomem(why) : process_detach(argv.list, log, why);
	strvec_release(&argv);
	close(log);
	return rc;
}

int
waitproc_revive(const struct spool_entry *entry, struct failure *why)
{
	if (spool_entry_is_over(entry) || spool_entry_is_given_up(entry) ||
	    spool_entry_is_locked(entry))
		return 0;
	return waitproc_start(entry, why);
}
