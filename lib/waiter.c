#include "waiter.h"

#include "child.h"

#include <fcntl.h>
#include <unistd.h>

int
waiter_start(const struct entry *entry, struct failure *why)
{
	char *const argv[] = {"vcap-wait", (char *)entry->id, NULL};
	int log =
	    openat(entry->dir, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (log < 0)
		return failure_errno(why, "cannot write '%s/log'", entry->path);
	rc = child_detach(argv, log, why);
	close(log);
	return rc;
}

int
waiter_revive(const struct entry *entry, struct failure *why)
{
	if (entry_is_over(entry) || entry_is_locked(entry))
		return 0;
	return waiter_start(entry, why);
}
