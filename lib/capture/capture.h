/*
 * A capture on this host: a packet ring for every chosen interface and CPU, a thread per CPU (or a
 * single one, for a stream) that reads them, limits, and the status file. With a filter
 * command one thread writes all packets to the command and another reads back those it keeps.
 *
 * The calling sequence follows the privileges:
 *
 *	capture_open   needs CAP_NET_RAW: opens files, and rings that accept nothing yet
 *	               [the caller drops all privileges]
 *	capture_filter attaches the packet filters: from here on packets are captured
 *	               [the caller confines file access to the directory]
 *	capture_start  starts the threads, which wait
 *	               [the caller confines the system calls of all threads]
 *	capture_begin  lets the threads look at packets
 *	capture_wait   returns once the capture has ended and everything is on disk
 *	capture_close
 */
#ifndef VCAP_CAPTURE_H
#define VCAP_CAPTURE_H

#include "base/failure.h"
#include "capture/state.h"

/* Copies *options; what it points to must outlive the capture. On failure nothing is left open. */
int capture_open(struct capture *capture, const struct capture_options *options,
		 struct failure *why);

/* The next three return 0, or -1 with why, after which only capture_close is left to call. */

/* Attaches the packet filter to all rings, limits the size of files, and starts the clocks of
 * duration and lease. */
int capture_filter(struct capture *capture, struct failure *why);
/* Starts the threads. Takes over the handling of SIGUSR1, which interrupts a write that blocks. */
int capture_start(struct capture *capture, struct failure *why);
/* Lets the threads look at packets, and writes the first status. */
int capture_begin(struct capture *capture, struct failure *why);

/* How a capture ended. */
enum capture_end {
	CAPTURE_DONE,    /* by a limit or on request */
	CAPTURE_PARTIAL, /* what was captured is good; message says what is missing */
	CAPTURE_FAILED,  /* no interface was left, or an error; message says which */
};

/* Waits for the end of the capture (a limit, a signal, the lease, an error), joins its threads and
 * writes the last status. capture->message then says what is missing. Call it once, after
 * capture_begin. */
enum capture_end capture_wait(struct capture *capture);

/* Ends the capture if it still runs, and frees everything. The options stay the caller's. */
void capture_close(struct capture *capture);

#endif
