/*
 * The live stream of a service: a stream from each engine (livestream.h), and one vcap-merge that
 * reads them all and writes to standard output.
 *
 *	live_start -> live_merge -> live_run
 */
#ifndef VCAP_LIVE_H
#define VCAP_LIVE_H

#include "base/failure.h"
#include "base/process.h"
#include "controller/clock_compare.h"
#include "controller/livestream.h"
#include "controller/params_cli.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live {
	struct livestreams streams; /* one for each engine, in the order of params.engines; the
				       caller sets job, signals and report */
	int64_t lease_ns;           /* how long an engine goes on without a heartbeat */
	struct process merge;
	const volatile sig_atomic_t *interrupted; /* not 0: end the capture; set by the caller's
						     signal handler */
};

/* The first of the engines that is a region, of which there is no live stream; NULL: there is none.
 */
const char *live_find_region(const struct params_cli *cli);

/* Starts a stream for each engine. One that cannot be started has ended, with status -1, and is
 * reported. -1: memory ran out. */
int live_start(struct live *live, const struct params_cli *cli, struct failure *why);

/* Compares the engines' clocks, each of which is reported to clocks, and starts the vcap-merge with
 * the corrections. */
int live_merge(struct live *live, const struct params *params, clock_compare_report *clocks,
	       struct failure *why);

/* Keeps the leases until the merge ends or the capture is interrupted; then lets the engines send
 * what they have, and ends what is left after some seconds. Returns the exit status of vcap-live:
 * EXIT_FAILED if no engine or not the merge did its work, EXIT_PARTIAL if some engine failed. */
int live_run(struct live *live);

/* Whether a stream has ended other than by the end of its lease. */
bool live_has_failed(const struct livestream *stream);

#endif
