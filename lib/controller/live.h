/*
 * The live stream of a service: a stream from each engine (livestream.h), and one vcap-merge that
 * reads them all and writes to standard output.
 *
 *	live_start -> live_merge -> live_run
 */
#ifndef VCAP_LIVE_H
#define VCAP_LIVE_H

#include "base/failure.h"
#include "base/heartbeat.h"
#include "base/process.h"
#include "controller/livestreams.h"
#include "controller/params_cli.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct live {
	struct livestreams streams;   /* one for each engine, in the order of params.engines; the
				       caller sets job, signals, report and report_clock */
	const struct params_cli *cli; /* the caller's, set by live_start */
	int64_t begun_ns, end_ns; /* monotonic; when streams have to have ended, INT64_MAX: never */
	void (*report_silence)(void); /* the caller's: heartbeats are missing */
	bool prints; /* lines for people (vcap-print) in place of a capture; the caller's choice */
	struct heartbeat heartbeat; /* of whoever wants the stream; set by live_start */
	struct process merge, print;
	const volatile sig_atomic_t *interrupted; /* set by the caller's signal handler; not 0:
						     end the capture */
};

/* Writes to the log who streams what (capture_audit.h), and starts a stream for each engine. One that
 * cannot be started is reported, and has ended with status -1. cli stays the caller's, and in use. -1 with
 * why: it cannot be logged, or out of memory; streams may run. */
int live_start(struct live *live, const struct params_cli *cli, config_variable *variable,
	       struct failure *why);

/* Measures the engines' clock offsets, and starts the vcap-merge with the corrections. -1 with why: it
 * could not be started. */
int live_merge(struct live *live, struct failure *why);

/*
 * Renews the leases, connects engines again that were lost or not reached, and corrects the drift of clocks,
 * until the merge ends, the capture is interrupted, whoever sends heartbeats is not heard any more (which is
 * reported if they are missing), or an engine streams on half a minute after the capture's time limit; then lets the engines send the rest, and terminates what still runs after some seconds. Time in
 * which nobody reads standard output is not the engines'. Returns the exit status of vcap-live: EXIT_FAILED if the merge
 * failed or no engine captured, EXIT_PARTIAL if some did not or were lost for a while, but EXIT_DONE if the
 * reader of standard output has gone.
 */
int live_run(struct live *live);

/* Whether somebody may still read standard output; if not, what the engines say is of no interest. */
bool live_has_reader(void);

#endif
