/*
 * What the command lines of vcap-start and vcap-live have in common: `[options] SERVICE
 * [SPEC...]` to an order, completed from the configuration and standard input.
 */
#ifndef VCAP_PARAMS_CLI_H
#define VCAP_PARAMS_CLI_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "controller/params.h"

struct params_cli {
	struct params params;    /* of which everything is the caller's, or lives as long as this */
	struct engines engines;  /* all that are known */
	const char *engine_list; /* -E; NULL: every engine of the service */
	bool is_unlimited;       /* -t 0: no limit of time is what is wanted */
	struct config_file file;
	struct failure remark; /* what there is to say of how packets will be judged, or empty */
};

#define PARAMS_CLI_INIT                                                              \
	((struct params_cli){                                                        \
	    .params = {.monitors = "none", .patience_ns = 30 * INT64_C(1000000000)}, \
	    .engines = ENGINES_INIT})

/* An option without a letter. */
enum { PARAMS_CLI_SPECS = 0x80 };

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
/* For --help: first those with a letter, then, in their place in the alphabet, --specs. */
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

/* Takes an option. 1 if the letter is one of them, 0 if not, -1 if its value is no good. */
int params_cli_option(struct params_cli *cli, int letter, const char *value, struct failure *why);

/*
 * Takes the words that follow the options, at least one and NULL-ended, reads the service, the
 * engines and lists of specs, and decides whether vcap-join has to run on the engines. -1: one of
 * them is no good.
 */
int params_cli_complete(struct params_cli *cli, char *const *words, config_variable *variable,
			struct failure *why);

#endif
