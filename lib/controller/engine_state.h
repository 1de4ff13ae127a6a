/*
 * The state of one engine of a capture, in the spool: `engines/NAME.state` has the `key value`
 * lines of the engine's last answer and the result of the last command for it, `engines/NAME.log`
 * what its commands wrote to standard error, `engines/NAME.pcapng` its file once fetched.
 */
#ifndef VCAP_ENGINE_STATE_H
#define VCAP_ENGINE_STATE_H

#include "base/failure.h"
#include "base/keyval.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

#define ENGINE_STATE_LOG_MAX (1 << 20) /* bytes of an engine's log; the rest is dropped */

/* The state of the capture on an engine, as the engine reports it (vcap-host status). */
enum engine_status {
	ENGINE_SILENT,  /* no answer yet */
	ENGINE_RUNNING, /* captures */
	ENGINE_DONE,
	ENGINE_ENDED, /* otherwise: partial, failed, or a word of another version */
};

/* Reads the state of an engine into state, which the caller releases; it is empty if there is no
 * file. -1: the file cannot be read, or engine is not a valid name; state is empty. */
int engine_state_load(const struct spool_entry *entry, const char *engine, struct keyval *state,
		      struct failure *why);

/* The status in a state. */
enum engine_status engine_state_status(const struct keyval *state);

/* Packets in the engine's file, and the sum of their captured lengths: those captured, and with --drops those that
 * its kernel dropped. UINT64_MAX: more than can be. */
uint64_t engine_state_packets(const struct keyval *state);
uint64_t engine_state_bytes(const struct keyval *state);

/* Whether it is the engine's last: that it has ended, by an answer to the last command for it. */
bool engine_state_is_last(const struct keyval *state);

/*
 * Stores the result of a command for the engine. The `key value` lines of its output replace those
 * of the state; `exit` becomes its status, and `error` the last line of errors, or empty if that is
 * NULL or the command succeeded. Output that does not parse, or has thousands of lines, counts as status 1.
 */
int engine_state_record(const struct spool_entry *entry, const char *engine, const char *output,
			const char *errors, int status, struct failure *why);

/* Appends text to the engine's log, control characters neutralised, until the log has
 * ENGINE_STATE_LOG_MAX bytes. */
int engine_state_append_log(const struct spool_entry *entry, const char *engine, const char *text,
			    struct failure *why);

/* Why the last command for the engine failed: heap, or NULL if it succeeded. */
char *engine_state_failure(const struct spool_entry *entry, const char *engine);

/* Whether the last command for the engine failed by a word of vcap's own there, or could not be
 * found: then it did nothing. Otherwise its answer may have been lost after it had its effect. */
bool engine_state_is_refusal(const struct spool_entry *entry, const char *engine);

/* Whether the reason for which the engine's capture ended was a limit that it was given, or a
 * request from here. A region has no reason of its own. */
bool engine_state_is_expected_end(const struct spool_entry *entry, const struct keyval *state);

/* Adds the engine to the missing ones, for that reason and as pending, and stores the facts. */
int engine_state_give_up(struct spool_entry *entry, const char *engine, struct failure *why);

/* Whether the engine's file has been fetched. */
bool engine_state_has_file(const struct spool_entry *entry, const char *engine);

/* The capture's counter key (`packets`, `bytes`, `dropped`, `size`): that of the merged file, or
 * until there is one the sum over its engines. */
uint64_t engine_state_total(const struct spool_entry *entry, const char *key);

#endif
