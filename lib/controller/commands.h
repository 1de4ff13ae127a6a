/*
 * Every command line that the controller sends to an engine, and those by which it compiles
 * filters. What is built here is what gate.h admits at the other end, word for word: change both
 * together (tests/unit/controller/test_commands.c).
 *
 * All lists are NULL-terminated, on the heap and freed by strvec_free; NULL means that memory ran
 * out.
 */
#ifndef VCAP_COMMANDS_H
#define VCAP_COMMANDS_H

#include "base/strvec.h"
#include "controller/engine.h"
#include "controller/params.h"

#include <stdbool.h>
#include <stdint.h>

#define COMMANDS_TIME 32 /* bytes of a time */

/* What an engine is told of a capture, if it knows what to do with it; each NULL: nothing. */
struct commands_told {
	const char *token;
	const char *by;    /* who asked for it (caller.h) */
	const char *audit; /* "required": it is to start nothing that it cannot log */
	/* Of a snapshot: the id of the rolling capture, its token, and the window by the engine's clock, in
	 * seconds. */
	const char *ring, *ring_token;
	char from[COMMANDS_TIME], to[COMMANDS_TIME];
	const struct keyval
	    *triggers;     /* those of its facts `trigger` are watched for; NULL: none */
	const char *drops; /* the option for what its kernel drops */
};

/* The requests about a capture (vcap-host, vcap-region). */
enum commands_request {
	COMMANDS_STATUS,
	COMMANDS_STOP,
	COMMANDS_REMOVE,
	COMMANDS_PAIRS,
	COMMANDS_KEYS,
	COMMANDS_SNAPSHOT, /* of the rolling capture, to become this one; not in a region */
};

/* vcap-filter, to compile the filter of params here; it reads params->input. */
char **commands_filter(const struct params *params);

/* vcap-filter, to compile the expression of params alone. */
char **commands_expression(const struct params *params);

/*
 * Templates, which vcap-each fills in for each engine of a capture (commands_expand).
 */

/* Starts the capture; reads the job. */
char **commands_start(const struct params *params);

/* Reads the job, then streams packets while a byte arrives at least every lease_ns (1 ms or
 * more). */
char **commands_stream(const struct params *params, int64_t lease_ns);

/* Makes a request about the capture. Static: not to be freed. */
char *const *commands_each(enum commands_request request);

/*
 * A template with its placeholders filled in for a capture on the engine: `{}` anywhere in a word
 * is the engine's name, `{dir}` the capture's directory there. The words `{token}`,
 * `--token={token}`, `--by={by}` and `--audit={audit}` have what it is told, and `{answer}` is the
 * option of vcap-on that has the answer told from what a login shell prints; each is left out where
 * there is nothing to tell, `{answer}` with the token. `{interfaces}` becomes `-i NAME` for each of
 * the engine's interfaces, and `--wait=NAME` for each that is waited for; `{flows}` and `{table}` become
 * `--flows SOURCE` and `-t /dev/fd/3` if the engine has a source of pairs, for vcap-run and the
 * vcap-join that it runs; `{keep}` becomes the former if it is also told a token, since an older one
 * keeps no pairs; `{keys}` becomes `--keys SOURCE` if the engine has a source of TLS keys, and `{drops}` what it is told of that. `{triggers}` becomes `--on=WORD` for each
 * trigger. `{ring}`, `{from}`, `{to}` and `{ring-token}` are those of a snapshot, `-` where there is none. `{region}` ends the
 * command; what follows it is the command for a region.
 */
char **commands_expand(const struct engine *engine, const char *id, struct commands_told told,
		       char *const *template);

/*
 * Commands for one engine, or region, by its name. directory is that of the capture there
 * (engine_capture_directory).
 */

/* Makes a request about a capture, by its token (NULL: without, as an older engine has it). */
char **commands_ask(const char *engine, bool is_region, enum commands_request request,
		    const char *directory, const char *token);

/* Follows a capture (base/followreply.h): what is run on the engine itself, not through vcap-on. */
char **commands_follow(bool is_region, const char *directory, const char *token);

/* Writes the capture to standard output, compressed by zstd or not; of a snapshot only the packets of its
 * window. told.token as above. */
char **commands_fetch(const char *engine, bool is_region, bool compressed, const char *directory,
		      const struct commands_told *told);

/* Checks whether the engine can capture, and which of the addresses (may be empty) are its own. What
 * is printed there before the answer is told on standard error (framed.h). */
char **commands_check(const struct engine *engine, const struct strvec *addresses);

/* Captures for a moment there, on a host that is no region and has the ability `trial`. */
char **commands_trial(const struct engine *engine);

/* Prints what is mounted there (base/mounts.h). No gate admits it. */
char **commands_mounts(const struct engine *engine);

/* What that host loses within a second, likewise with the ability `losses`. */
char **commands_losses(const struct engine *engine);

/* Lists what captures lie on the engine, which is no region. */
char **commands_list(const struct engine *engine);

/* Prints the time once for each line that it reads. */
char **commands_clock(const char *engine);

#endif
