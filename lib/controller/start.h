/*
 * The beginning of a capture: its filter is compiled, its engines are started. Children complain on
 * standard error.
 */
#ifndef VCAP_START_H
#define VCAP_START_H

#include "base/failure.h"
#include "controller/params.h"
#include "controller/spool_entry.h"

/* Compiles the filter of params by vcap-filter into params->filter (heap), and the expression. 0;
 * vcap-filter's exit status if that is not 0, when it has said why; or -1 with why. */
int start_compile(struct params *params, struct failure *why);

/* Compiles the expression, if vcap-join needs it, into params->bytecode (heap): all that is left to
 * compile of params that were recalled. Likewise. */
int start_compile_expression(struct params *params, struct failure *why);

/* Runs vcap-run on all engines of the capture, in whose directory the job is. Those that do not
 * capture become `missing`. Returns how many capture, or -1. */
int start_engines(const struct params *params, struct spool_entry *entry, struct failure *why);

/* Stores params in the new capture and starts its engines. Returns how many capture, at least one;
 * -1 if none does. */
int start_now(const struct params *params, struct spool_entry *entry, struct failure *why);

/* Leaves the running capture to a vcap-wait that it starts. */
int start_waiting(struct spool_entry *entry, struct failure *why);

/* Stores params in the new capture and starts a vcap-wait, which starts the engines when the time
 * has come (schedule.h). */
int start_later(const struct params *params, struct spool_entry *entry, struct failure *why);

#endif
