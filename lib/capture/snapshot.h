/*
 * A snapshot of a rolling capture on its engine: a directory with hard links of the files that reach into
 * a window, so that nothing is copied and the ring goes on. To vcap-merge it is the directory of a
 * capture like others, and it is removed like others; vcap-run knows nothing of it.
 */
#ifndef VCAP_SNAPSHOT_H
#define VCAP_SNAPSHOT_H

#include "base/failure.h"
#include "base/keyval.h"
#include "capture/ringfiles.h"

/* All borrowed. */
struct snapshot_wanted {
	const char *ring;               /* the directory of the rolling capture */
	const char *ring_token;         /* rundir.h; NULL: any */
	const char *path;               /* the directory to make, on the same file system */
	const char *token;              /* of the snapshot; NULL: none */
	struct ringfiles_window window; /* by this host's clock */
};

/*
 * Waits until the packets of the window are in the ring's files, links those, and stores a status, which
 * it reads into *status: it says `state done`, `snapshot-of`, the window, and `complete-since`. One that
 * is there already, of this token, is answered again. Files that snapshots of the ring hold may be as many
 * bytes as the ring may have; and where the disk is down to its reserve, only one snapshot is taken. -1 with why: there
 * is none, and nothing is left of it but what was interrupted before; *status is then empty.
 */
int snapshot_take(const struct snapshot_wanted *wanted, struct keyval *status, struct failure *why);

#endif
