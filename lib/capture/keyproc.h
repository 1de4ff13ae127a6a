/*
 * vcap-keys beside a capture: it is told the ClientHellos that the capture has written (hellotap.h), and keeps their
 * keys in the capture's directory (keptlines.h). It starts while the process still has its privileges, and
 * keeps those it needs. A supervisor ends it with the capture.
 */
#ifndef VCAP_KEYPROC_H
#define VCAP_KEYPROC_H

#include "base/failure.h"
#include "base/supervisor.h"
#include "capture/hellotap.h"
#include "capture/rundir.h"

#include <stdbool.h>
#include <stdint.h>

struct keyproc_wanted {
	const char *source; /* flows/keysource_spec.h; borrowed as long as the keyproc lives */
	const struct rundir *dir; /* where the files are made */
	int err;                  /* its standard error */
	uint64_t reserve;         /* bytes that stay free on the disk, or DISKQUOTA_DEFAULT */
	int64_t rolling_ns;       /* how long keys have to be there; 0: they stay */
};

struct keyproc {
	const char *source; /* borrowed */
	struct supervisor supervisor;
	int hellos;           /* write end: it is told client randoms; -1: closed */
	struct hellotap *tap; /* that writes there */
	bool is_lost;         /* it failed before the end of the capture */
	struct failure why;   /* ... before its beginning, if there is a text */
};

#define KEYPROC_INIT \
	((struct keyproc){.supervisor = SUPERVISOR_INIT, .hellos = -1, .why = FAILURE_INIT})

/* Makes the files, starts it, and waits up to five seconds until it reads its source. If it cannot, the packets
 * are captured without keys: keyproc_is_lost says why. -1 with why: the files cannot be made. Call before any
 * thread starts. */
int keyproc_start(struct keyproc *keys, const struct keyproc_wanted *wanted, struct failure *why);

/* True once, when it has failed since the last call; why says how. Needs read and poll only. */
bool keyproc_is_lost(struct keyproc *keys, struct failure *why);

/* There will be no more hellos: waits until it has the keys of the last ones. True if it has all that its source
 * told; why says what is missing. */
bool keyproc_finish(struct keyproc *keys, struct failure *why);

/* Ends it if it still runs. Safe on KEYPROC_INIT. */
void keyproc_release(struct keyproc *keys);

#endif
