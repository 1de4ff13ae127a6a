/*
 * Starts a capture: compiles its filter and starts its engines, at once or at a given time.
 * Children report their failures on standard error.
 */
#ifndef VCAP_START_H
#define VCAP_START_H

#include "base/failure.h"
#include "controller/params.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* Compiles the filter by vcap-filter into params->filter (heap), and the expression. If that fails with
 * more than the service's file has, it becomes that of the file: word and service_text are then file_word
 * and file_text. Returns 0; vcap-filter's exit status if it failed and has printed why; or -1 with why. */
int start_compile(struct params *params, struct failure *why);

/* Compiles only the expression, if vcap-join needs it, into params->bytecode (heap): enough for
 * params_recall, whose filter has been stored with the job. Returns as start_compile. */
int start_compile_expression(struct params *params, struct failure *why);

/* Runs vcap-run on all engines of the capture, with the job in its directory. Engines that do not
 * capture become `missing`, and pending unless they refused (orphans.h). Returns the number that
 * capture; 0 with why: none does; -1 with why. */
int start_engines(const struct params *params, struct spool_entry *entry, struct failure *why);

/* Reports an engine that does not capture, or of which that is not known: it was reached, and may have
 * begun before its answer was lost. */
enum start_outcome { START_REFUSED, START_UNKNOWN };
typedef void start_report(const char *engine, enum start_outcome outcome, const char *reason);

/*
 * Writes to the log who starts what (capture_audit.h), stores params in the new capture and starts its engines, or leaves that to vcap-wait if
 * params->at_ns is set (schedule.h); then starts a vcap-wait in the background. Returns EXIT_DONE;
 * EXIT_PARTIAL if some engines do not capture, each of which is reported; -1 with why if none does,
 * or another step failed. *is_running: at least one engine captures, or will; otherwise the caller
 * withdraws the capture.
 */
int start_capture(const struct params *params, struct spool_entry *entry, config_variable *variable,
		  start_report *report, bool *is_running, struct failure *why);

#endif
