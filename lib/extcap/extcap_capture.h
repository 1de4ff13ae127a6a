/*
 * A capture for Wireshark: runs vcap-live, hands its packets on to the FIFO that dumpcap reads, and what
 * it says to the toolbar.
 */
#ifndef VCAP_EXTCAP_CAPTURE_H
#define VCAP_EXTCAP_CAPTURE_H

#include "base/failure.h"
#include "base/strvec.h"
#include "extcap/toolbar.h"

#include <stdint.h>

struct extcap_capture {
	char *const *argv; /* the command that writes packets to its standard output; NULL-ended */
	const char *fifo;  /* its path, or "-": standard output */
	struct toolbar *toolbar; /* open, or without pipes */
	int64_t stop_after_ns;   /* 0: no limit; the toolbar can change it */
	uint64_t stop_size;      /* bytes; 0: no limit */
	/* Standard input ends the capture, and so does this long without a byte of it; 0: it is not read. */
	int64_t heartbeat_ns;
	struct strvec said; /* STRVEC_INIT; afterwards the last lines that the command printed */
};

/*
 * Runs until the command ends. It is told to (SIGTERM) when a limit is reached, the reader of the FIFO
 * or whoever started this process has gone, whoever sends heartbeats is not heard any more, or a signal
 * arrives: SIGINT, SIGTERM or SIGHUP, which are blocked from here on. What it still writes is handed on,
 * but to whoever is not heard. Returns its exit status, also if it was told to end, and with EXIT_DONE if
 * that signal killed it before it captured; EXIT_PARTIAL in the place of EXIT_DONE if heartbeats were
 * missing, which is said; -1 with why: it could not be started, or the FIFO not be opened.
 */
int extcap_capture_run(struct extcap_capture *capture, struct failure *why);

#endif
