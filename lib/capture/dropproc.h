/*
 * vcap-drops beside a capture: it keeps the packets of the job's service that the kernel drops meanwhile in a
 * file of the capture's directory (LOSS_FILE), as vcap-drops(1) says of `--keep`. It starts while the process still has its
 * privileges, and needs two of its own. A supervisor ends it with the capture.
 */
#ifndef VCAP_DROPPROC_H
#define VCAP_DROPPROC_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/supervisor.h"
#include "capture/iface.h"
#include "capture/job.h"
#include "capture/rundir.h"
#include "packet/bpf.h"

#include <stdbool.h>
#include <stdint.h>

#define DROPPROC_COMMAND "vcap-drops"

/* All borrowed, while it starts. */
struct dropproc_wanted {
	const struct job *job;           /* of a service */
	const struct bpf *program;       /* which of its packets; without instructions: all */
	const struct ifaces *interfaces; /* those that are captured on are marked as taken */
	const char *name;                /* of the engine; NULL: none */
	const struct rundir *dir;        /* where the file is made */
	int err;                         /* its standard error */
	uint64_t reserve;  /* bytes that stay free on the disk, or DISKQUOTA_DEFAULT */
	uint64_t max_size; /* bytes of the file; 0: as diskquota_init has it */
	uint32_t snaplen;  /* bytes kept of a packet; 0: all that there are */
	bool cuts;         /* packets to their headers */
};

struct dropproc {
	struct supervisor supervisor;
	int dirfd;               /* borrowed */
	int life;                /* write end: closed, it ends; -1: it has been */
	int said;                /* read end of what it says; -1: it has not started */
	bool is_lost;            /* it failed before the end of the capture */
	struct failure why;      /* ... before its beginning, if there is a text */
	uint64_t packets, bytes; /* in the file, once it has ended well */
};

#define DROPPROC_INIT       \
	((struct dropproc){ \
	    .supervisor = SUPERVISOR_INIT, .life = -1, .said = -1, .why = FAILURE_INIT})

/* Makes the file, starts it, and waits up to five seconds until it takes packets. If it cannot, the capture is one
 * without dropped packets, and has no file: dropproc_is_lost says why. -1 with why: the job has no service, or the file
 * cannot be made. Call before any thread starts. */
int dropproc_start(struct dropproc *drops, const struct dropproc_wanted *wanted,
		   struct failure *why);

/* True once, when it has failed since the last call; why says how. Needs read and poll only. */
bool dropproc_is_lost(struct dropproc *drops, struct failure *why);

/* Waits until the last packets are in the file. True if nothing went wrong, or that was said before; else why says
 * what. A file that cannot be told to be whole is removed. */
bool dropproc_finish(struct dropproc *drops, struct failure *why);

/* Sets `kernel-drops` and `kernel-drops-bytes` of a status: what is in the file, or while it is written the latter
 * alone, which is then more. -1: out of memory. */
int dropproc_set(const struct dropproc *drops, struct keyval *status);

/* Ends it if it still runs. Safe on DROPPROC_INIT. */
void dropproc_release(struct dropproc *drops);

#endif
