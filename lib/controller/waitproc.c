#include "controller/waitproc.h"

#include "base/process.h"

#include <fcntl.h>
#include <unistd.h>

int
waitproc_start(const struct spool_entry *entry, struct failure *why)
{
	char *const argv[] = {"vcap-wait", (char *)entry->id, NULL};
	int log =
	    openat(entry->dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (log < 0)
		return failure_errno(why, "cannot write '%s/log'", entry->path);
	rc = process_detach(argv, log, why);
	close(log);
	return rc;
}

int
waitproc_revive(const struct spool_entry *entry, struct failure *why)
{
	if (spool_entry_is_over(entry) || spool_entry_is_locked(entry))
		return 0;
	return waitproc_start(entry, why);
}
