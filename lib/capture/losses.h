/*
 * What the host lost while a capture ran, beside the packets that the rings had no room for: the
 * kernel's counters of dropped packets, at the beginning and now. They are those of this network
 * namespace, of the captured interfaces, and of the host's processors.
 *
 * The files are opened before the process is confined. A file that cannot be opened or read leaves its
 * counters out.
 */
#ifndef VCAP_LOSSES_H
#define VCAP_LOSSES_H

#include "capture/iftable.h"
#include "capture/losstimes.h"
#include "packet/loss.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of this many interfaces at most. */
#define LOSSES_INTERFACES 64
/* What losses_list may list. */
#define LOSSES_MAX (LOSS_KINDS + 4 * LOSSES_INTERFACES)

struct losses {
	/* Private */
	int netstat, conntrack, softnet, dev; /* files; -1: not open */
	int listeners;                        /* listenqueues.h */
	const struct iftable *interfaces;     /* borrowed */
	pthread_mutex_t lock;                 /* over the rest */
	struct losscount *counts;             /* heap; LOSSES_MAX of them */
	char full[LOSS_PLACE_MAX];            /* listeners whose queue was seen full */
	struct losstimes times;
	bool is_final; /* losses_comment has been called */
};

#define LOSSES_INIT                       \
	((struct losses){.netstat = -1,   \
			 .conntrack = -1, \
			 .softnet = -1,   \
			 .dev = -1,       \
			 .listeners = -1, \
			 .lock = PTHREAD_MUTEX_INITIALIZER})

/* Opens the files. interfaces must outlive *losses, and may grow. Of the last kept_ns is also known what was lost
 * when. */
void losses_open(struct losses *losses, const struct iftable *interfaces, int64_t kept_ns);
void losses_close(struct losses *losses);

/* The beginning: what has been lost until now does not count. */
void losses_begin(struct losses *losses);

/* Reads the counters, unless losses_comment has read them for the last time. Any thread. A listener is
 * known by its queue's being full at such a moment only: call it every second or so. */
void losses_refresh(struct losses *losses);

/* Writes what has grown to `to`, in the order of loss_kind, and returns how much; room is LOSSES_MAX. Any
 * thread. */
size_t losses_list(struct losses *losses, struct loss *to, size_t room);

/* Writes what was lost when to `to`, the oldest first, and returns how much; room is LOSSTIMES_MAX. Any thread. */
size_t losses_list_times(struct losses *losses, struct losstime *to, size_t room);

#define LOSSES_COMMENT_MAX 1024

/* For the end of a file: reads the counters for the last time, so that all who ask are told the same, and
 * returns lines "lost LOSS" (loss.h) with newlines between, those that go into LOSSES_COMMENT_MAX bytes.
 * Heap, the caller's; NULL: nothing was lost, or out of memory. Any thread. */
char *losses_comment(struct losses *losses);

#endif
