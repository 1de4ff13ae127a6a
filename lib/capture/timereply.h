/*
 * The far end of a measurement of clocks: a time for every line received, as soon as it is
 * received.
 */
#ifndef VCAP_TIMEREPLY_H
#define VCAP_TIMEREPLY_H

#include "base/failure.h"

/* Answers each line read from in with CLOCK_REALTIME, "SECONDS.NANOSECONDS\n", on out, until in
 * ends, or nothing has come for 15 seconds: whoever asked may be out of reach. One answer if in is empty. -1:
 * out cannot be written. */
int timereply_run(int in, int out, struct failure *why);

#endif
