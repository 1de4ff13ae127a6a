/*
 * vcap-drops beside a capture: it keeps the packets of the job's service that the kernel drops meanwhile in a
 * file of the capture's directory (LOSS_FILE), or in the files of a ring there, as vcap-drops(1) says of `--keep`. It starts while the process still has its
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
	uint64_t reserve;   /* bytes that stay free on the disk, or DISKQUOTA_DEFAULT */
	uint64_t max_size;  /* bytes of the file, or of the ring; 0: as diskquota_init has it */
	int64_t rolling_ns; /* the time that the ring keeps; 0: a single file */
	uint32_t snaplen;   /* bytes kept of a packet; 0: all that there are */
	bool cuts;          /* packets to their headers */
};

/* The key of a status that says why dropped packets are missing from then on. */
#define DROPPROC_LOST_KEY "kernel-drops-lost"

/* A ring, as vcap-drops has last told of it. */
struct dropproc_ring {
	int64_t rolling_ns;      /* 0: there is none, but a single file */
	int64_t since_ns;        /* CLOCK_REALTIME: its oldest file was begun; 0: it has all */
	int64_t written_ns;      /* CLOCK_REALTIME: all before is in its files */
	uint64_t oldest, newest; /* the numbers of these */
	int64_t lost_boot;       /* CLOCK_BOOTTIME: they had a writer no more; 0: they have one */
};

struct dropproc {
	struct supervisor supervisor;
	int dirfd;      /* borrowed */
	int life;       /* write end: closed, it ends; -1: it has been */
	int said;       /* read end of what it says; -1: it has not started */
	char line[256]; /* what of a line it has said */
	size_t line_used;
	struct dropproc_ring ring;
	bool is_lost;            /* it failed before the end of the capture */
	struct failure why;      /* ... before its beginning, if there is a text */
	struct failure lost_why; /* ... if it is lost */
	bool is_counted;         /* it has ended well, and packets and bytes are the last ones */
	uint64_t packets, bytes; /* in the file; of a ring also before that */
};

#define DROPPROC_INIT                                     \
	((struct dropproc){.supervisor = SUPERVISOR_INIT, \
			   .life = -1,                    \
			   .said = -1,                    \
			   .why = FAILURE_INIT,           \
			   .lost_why = FAILURE_INIT})

/* Makes the file, starts it, and waits up to five seconds until it takes packets. If it cannot, the capture is one
 * without dropped packets, and has no file: dropproc_is_lost says why. -1 with why: the job has no service, or the file
 * cannot be made. Call before any thread starts. */
int dropproc_start(struct dropproc *drops, const struct dropproc_wanted *wanted,
		   struct failure *why);

/* Takes what it has said. The files of a ring whose writer has failed go when they are as old as all may be. Call it
 * some times a second. */
void dropproc_tend(struct dropproc *drops);

/* Up to when all that was dropped is in the files of the ring; INT64_MAX: nothing is waited for. */
int64_t dropproc_written(const struct dropproc *drops);

/* True once, when it has failed since the last call; why says how. Needs read and poll only. */
bool dropproc_is_lost(struct dropproc *drops, struct failure *why);

/* Waits until the last packets are in the file. True if nothing went wrong, or that was said before; else why says
 * what. A file that cannot be told to be whole is removed, and so is a ring. */
bool dropproc_finish(struct dropproc *drops, struct failure *why);

/* Sets `kernel-drops` and `kernel-drops-bytes` of a status: what is in the file, or while it is written the latter
 * alone, which is then more; and DROPPROC_LOST_KEY. -1: out of memory. */
int dropproc_set(const struct dropproc *drops, struct keyval *status);

/* Ends it if it still runs. Safe on DROPPROC_INIT. */
void dropproc_release(struct dropproc *drops);

#endif
