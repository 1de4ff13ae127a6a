/*
 * The captures that lie in a directory on an engine, each in one of its own (rundir.h): which there
 * are, and the removal of those that nobody has fetched in time. Looks at a bounded number of
 * entries, since others may be allowed to make any number there.
 */
#ifndef VCAP_RUNLIST_H
#define VCAP_RUNLIST_H

#include "base/failure.h"
#include "capture/notices.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Removes from the directory captures whose time is over, and prints a line for each. It is over
 * when the `expires` of its status is in the past and its status was written RUNDIR_KEPT_S ago; for
 * one that was killed, only the latter counts. Only this user's are removed, which nobody else may
 * write to, which no process has locked, which are called as a controller calls them
 * (parse_is_capture), and which hold no file that vcap-run does not make. The one called keep stays
 * (NULL: none). A failure leaves the rest to the next time.
 */
void runlist_expire(const char *directory, const char *keep, notices_print *print);

/* Does that in the directory above path, which stays. */
void runlist_expire_beside(const char *path, notices_print *print);

/*
 * Writes to out a line for each capture of this user in the directory, at most max; if there are
 * more, prints that:
 *
 *	[KEY ]NAME TOKEN STATE BYTES EXPIRES BY
 *
 * with `-` for what it has not. BYTES are those of its files; EXPIRES is in seconds since 1970; BY is
 * the rest of the line. Returns 0 also if there is no such directory; -1 with why: it cannot be read.
 */
int runlist_write(const char *directory, const char *key, size_t max, FILE *out,
		  notices_print *print, struct failure *why);

#endif
