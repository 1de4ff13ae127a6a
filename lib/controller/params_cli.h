/*
 * The command line that vcap-start and vcap-live share: `[options] SERVICE [SPEC...]` is parsed
 * into the parameters of a capture, which are completed from the configuration and standard input.
 */
#ifndef VCAP_PARAMS_CLI_H
#define VCAP_PARAMS_CLI_H

#include "base/caller.h"
#include "base/failure.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "controller/params.h"

struct params_cli {
	struct params params; /* its strings are the caller's, or live as long as this structure */
	struct engines engines;  /* all of the engines file */
	const char *engine_list; /* -E; NULL: every engine of the service */
	bool is_unlimited;       /* by -t 0: no warning is due */
	struct config_file file;
	char by[CALLER_MAX]; /* who runs this command; params.by, if set, asks through it */
	char remark[256];    /* why vcap-join is used although no option asks for it; or empty */
};

#define PARAMS_CLI_INIT                                                                 \
	((struct params_cli){                                                           \
	    .params = {.monitors = "none", .patience_ns = 86400 * INT64_C(1000000000)}, \
	    .engines = ENGINES_INIT})

/* Options without a letter. */
enum {
	PARAMS_CLI_SPECS = 0x80,
	PARAMS_CLI_BY,
	PARAMS_CLI_COMMENT,
	PARAMS_CLI_ID,
	PARAMS_CLI_TOKEN,
};

/* clang-format off */
#define PARAMS_CLI_LETTERS "c:e:E:m:Ps:t:x"
#define PARAMS_CLI_OPTIONS \
	{"count", required_argument, NULL, 'c'}, \
	{"engines", required_argument, NULL, 'E'}, \
	{"expression", required_argument, NULL, 'e'}, \
	{"monitors", required_argument, NULL, 'm'}, \
	{"per-packet", no_argument, NULL, 'P'}, \
	{"snaplen", required_argument, NULL, 's'}, \
	{"specs", required_argument, NULL, PARAMS_CLI_SPECS}, \
	{"time", required_argument, NULL, 't'}, \
	{"exclude", no_argument, NULL, 'x'}
/* What is recorded of a capture, which a stream has not. */
#define PARAMS_CLI_RECORDED \
	{"by", required_argument, NULL, PARAMS_CLI_BY}, \
	{"comment", required_argument, NULL, PARAMS_CLI_COMMENT}, \
	{"id", required_argument, NULL, PARAMS_CLI_ID}, \
	{"token", required_argument, NULL, PARAMS_CLI_TOKEN}
/* For --help: the options with a letter; and --specs, which belongs further down in the
 * alphabet. */
#define PARAMS_CLI_HELP \
	"  -c, --count count     packets per core (any number)\n" \
	"  -e, --expression expr of these packets, those it accepts: pcap-filter(7)\n" \
	"  -E, --engines list    only these engines of the service, separated by commas\n" \
	"  -m, --monitors mode   health checks: none (the default), include or only\n" \
	"  -P, --per-packet      judge each packet by its own addresses\n" \
	"  -s, --snaplen snaplen bytes kept of each packet (all)\n" \
	"  -t, --time time       for how long; a bare number means minutes (for ever)\n" \
	"  -x, --exclude         what the same command without -x would leave out\n"
#define PARAMS_CLI_HELP_SPECS \
	"      --specs file      more addresses, one or more a line\n"
/* clang-format on */

/* Stores the value of an option; the string is borrowed. Returns 1; 0: letter is none of the
 * options above; -1 with why: the value is malformed. */
int params_cli_option(struct params_cli *cli, int letter, const char *value, struct failure *why);

/*
 * Stores the words that follow the options (at least one, NULL-ended), reads the service file, the
 * engines file and the lists of specs, decides whether vcap-join must run on the engines, and sets
 * params.by to who asks. -1 with why: one of them cannot be read or is malformed, or so is the id,
 * the token or params.by.
 */
int params_cli_complete(struct params_cli *cli, char *const *words, config_variable *variable,
			struct failure *why);

#endif
