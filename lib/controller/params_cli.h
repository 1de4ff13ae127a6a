/*
 * The command line that vcap-start and vcap-live share: `[options] SERVICE [SPEC...]` is parsed
 * into the parameters of a capture, which are completed from the configuration and standard input.
 */
#ifndef VCAP_PARAMS_CLI_H
#define VCAP_PARAMS_CLI_H

#include "base/caller.h"
#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "controller/origin.h"
#include "controller/params.h"

struct params_cli {
	struct params params; /* its strings are the caller's, or live as long as this structure */
	struct engines engines;   /* all of the engines file */
	const char *engine_list;  /* -E; NULL: every engine of the service */
	struct strvec interfaces; /* -i, in the place of each engine's own in the engines file */
	int64_t lease_ns;         /* how long a stream lasts without a heartbeat */
	int64_t heartbeat_ns;     /* how long standard input may bring no byte; 0: it is not read */
	bool is_unlimited;        /* by -t 0: no warning is due */
	struct config_file file;
	struct origin origin; /* what the service's `from` line has come to */
	char *file_text;      /* params.file_text */
	char *word;           /* the service, not by an alias */
	char header[80];      /* params.header */
	char by[CALLER_MAX];  /* who runs this command; params.by, if set, asks through it */
	char remark[256];     /* why vcap-join is used although no option asks for it; or empty */
	char unkeyed[256];    /* what there is to know of --keys; or empty */
	char warning[256];    /* what the user should change; or empty */
};

#define PARAMS_CLI_INIT                                                                 \
	((struct params_cli){                                                           \
	    .params = {.monitors = "none", .patience_ns = 86400 * INT64_C(1000000000)}, \
	    .engines = ENGINES_INIT,                                                    \
	    .origin = ORIGIN_INIT,                                                      \
	    .lease_ns = 15 * INT64_C(1000000000)})

/* Options without a letter. */
enum {
	PARAMS_CLI_SPECS = 0x80,
	PARAMS_CLI_BY,
	PARAMS_CLI_COMMENT,
	PARAMS_CLI_DROPS,
	PARAMS_CLI_EXPECT,
	PARAMS_CLI_HEARTBEAT,
	PARAMS_CLI_ID,
	PARAMS_CLI_KEYS,
	PARAMS_CLI_LEASE,
	PARAMS_CLI_ROLLING,
	PARAMS_CLI_ON,
	PARAMS_CLI_COOLDOWN,
	PARAMS_CLI_MOST,
	PARAMS_CLI_PAYLOAD,
	PARAMS_CLI_TOKEN,
};

/* clang-format off */
#define PARAMS_CLI_LETTERS "b:c:e:E:m:Ps:t:vx"
#define PARAMS_CLI_OPTIONS \
	{"buffer", required_argument, NULL, 'b'}, \
	{"count", required_argument, NULL, 'c'}, \
	{"engines", required_argument, NULL, 'E'}, \
	{"expression", required_argument, NULL, 'e'}, \
	{"monitors", required_argument, NULL, 'm'}, \
	{"payload", no_argument, NULL, PARAMS_CLI_PAYLOAD}, \
	{"per-packet", no_argument, NULL, 'P'}, \
	{"snaplen", required_argument, NULL, 's'}, \
	{"specs", required_argument, NULL, PARAMS_CLI_SPECS}, \
	{"time", required_argument, NULL, 't'}, \
	{"verbose", no_argument, NULL, 'v'}, \
	{"exclude", no_argument, NULL, 'x'}
/* What only a stream takes. */
#define PARAMS_CLI_LETTERS_LIVE PARAMS_CLI_LETTERS "i:"
#define PARAMS_CLI_LIVE \
	{"by", required_argument, NULL, PARAMS_CLI_BY}, \
	{"heartbeat", required_argument, NULL, PARAMS_CLI_HEARTBEAT}, \
	{"interface", required_argument, NULL, 'i'}, \
	{"lease", required_argument, NULL, PARAMS_CLI_LEASE}
/* What is recorded of a capture, and no stream takes but who asks for it. */
#define PARAMS_CLI_RECORDED \
	{"by", required_argument, NULL, PARAMS_CLI_BY}, \
	{"comment", required_argument, NULL, PARAMS_CLI_COMMENT}, \
	{"drops", no_argument, NULL, PARAMS_CLI_DROPS}, \
	{"expect-packets", no_argument, NULL, PARAMS_CLI_EXPECT}, \
	{"id", required_argument, NULL, PARAMS_CLI_ID}, \
	{"keys", no_argument, NULL, PARAMS_CLI_KEYS}, \
	{"rolling", required_argument, NULL, PARAMS_CLI_ROLLING}, \
	{"on", required_argument, NULL, PARAMS_CLI_ON}, \
	{"cooldown", required_argument, NULL, PARAMS_CLI_COOLDOWN}, \
	{"max-snapshots", required_argument, NULL, PARAMS_CLI_MOST}, \
	{"token", required_argument, NULL, PARAMS_CLI_TOKEN}
/* For --help: the options with a letter; and --specs, which belongs further down in the
 * alphabet. */
#define PARAMS_CLI_HELP_B_TO_E \
	"  -b, --buffer size     ring memory on each engine (as vcap-run chooses)\n" \
	"  -c, --count count     packets per core (any number)\n" \
	"  -e, --expression expr of these packets, those it accepts: pcap-filter(7)\n" \
	"  -E, --engines list    only these engines of the service, separated by commas\n"
#define PARAMS_CLI_HELP_M_TO_X \
	"  -m, --monitors mode   health checks: none (the default), include or only\n" \
	"  -P, --per-packet      judge each packet by its own addresses\n" \
	"  -s, --snaplen snaplen bytes kept of each packet (all), or headers\n" \
	"  -t, --time time       for how long; a bare number means minutes (for ever)\n" \
	"  -v, --verbose         say what decides which packets belong\n" \
	"  -x, --exclude         what the same command without -x would leave out\n"
#define PARAMS_CLI_HELP PARAMS_CLI_HELP_B_TO_E PARAMS_CLI_HELP_M_TO_X
#define PARAMS_CLI_HELP_BY \
	"      --by word         who asks another controller for it\n"
#define PARAMS_CLI_HELP_SPECS \
	"      --specs file      more addresses, one or more a line\n"

#define PARAMS_CLI_HELP_PAYLOAD \
	"      --payload         keep it, though the service has 'payload no'\n"

/* The whole of vcap-live, vcap-start and vcap-capture. */
#define PARAMS_CLI_SYNOPSIS_M_TO_T "[-m mode] [-s snaplen] [-t time] [--payload] "
#define PARAMS_CLI_SYNOPSIS_B_TO_E "[-Pvx] [-b size] [-c count] [-e expr] [-E list] "
#define PARAMS_CLI_SYNOPSIS PARAMS_CLI_SYNOPSIS_B_TO_E PARAMS_CLI_SYNOPSIS_M_TO_T
#define PARAMS_CLI_SYNOPSIS_LIVE PARAMS_CLI_SYNOPSIS_B_TO_E "[-i iface] " PARAMS_CLI_SYNOPSIS_M_TO_T \
	"[--by word] [--heartbeat time] [--lease time] [--specs file] service [spec ...]"
#define PARAMS_CLI_SYNOPSIS_START PARAMS_CLI_SYNOPSIS \
	"[--at time] [--by word] [--comment text] [--drops] [--dry-run] [--expect-packets] [--id id] " \
	"[--keys] [--patience time] [--rolling time] [--on trigger] ... [--cooldown time] " \
	"[--max-snapshots n/h] [--specs file] [--token token] service [spec ...]"
#define PARAMS_CLI_SYNOPSIS_CAPTURE PARAMS_CLI_SYNOPSIS \
	"[--at time] [--comment text] [--drops] [--expect-packets] [--keys] [--patience time] [--quiet] " \
	"[--specs file] " \
	"service [spec ...]"
#define PARAMS_CLI_HELP_LIVE PARAMS_CLI_HELP_B_TO_E \
	"  -i, --interface iface on this one of each engine (as the engines file says)\n" \
	PARAMS_CLI_HELP_M_TO_X \
	PARAMS_CLI_HELP_BY \
	"      --heartbeat time  end with standard input, or so long without a byte\n" \
	"      --lease time      how long engines stream without a heartbeat (15s)\n" \
	PARAMS_CLI_HELP_PAYLOAD \
	PARAMS_CLI_HELP_SPECS
#define PARAMS_CLI_HELP_AT \
	"      --at time         start time: +5m, 03:00 or 2026-11-30T03:00 (now)\n"
#define PARAMS_CLI_HELP_COMMENT \
	"      --comment text    a note on it, one line\n"
#define PARAMS_CLI_HELP_DROPS \
	"      --drops           with what the engines' kernels drop, and why\n"
#define PARAMS_CLI_HELP_EXPECT \
	"      --expect-packets  a capture without any packet is partial: exit 3\n"
#define PARAMS_CLI_HELP_KEYS \
	"      --keys            with the TLS keys of its sessions, to open them later\n"
#define PARAMS_CLI_HELP_START PARAMS_CLI_HELP PARAMS_CLI_HELP_AT \
	PARAMS_CLI_HELP_BY \
	PARAMS_CLI_HELP_COMMENT \
	"      --cooldown time   least time between snapshots (--on: 1m)\n" \
	PARAMS_CLI_HELP_DROPS \
	"      --dry-run         start nothing, say what would be done\n" \
	PARAMS_CLI_HELP_EXPECT \
	"      --id id           id of the capture (the service and the time)\n" \
	PARAMS_CLI_HELP_KEYS \
	"      --max-snapshots n/h  most snapshots by --on, within an hour (10/h)\n" \
	"      --on trigger      with --rolling: snapshot by itself, on log:REGEX,\n" \
	"                        file:PATH:REGEX or packets:N/TIME:EXPR\n" \
	"      --patience time   how long an unreachable engine is tried (24h)\n" \
	PARAMS_CLI_HELP_PAYLOAD \
	"      --rolling time    go on, and keep only that long, for vcap snapshot\n" \
	PARAMS_CLI_HELP_SPECS \
	"      --token token     what the engines know it by, 16 hex digits (random)\n"
#define PARAMS_CLI_HELP_CAPTURE PARAMS_CLI_HELP PARAMS_CLI_HELP_AT PARAMS_CLI_HELP_COMMENT \
	PARAMS_CLI_HELP_DROPS PARAMS_CLI_HELP_EXPECT PARAMS_CLI_HELP_KEYS \
	"      --patience time   how long an unreachable engine is tried (30s)\n" \
	PARAMS_CLI_HELP_PAYLOAD \
	"      --quiet           print only errors\n" \
	PARAMS_CLI_HELP_SPECS
/* clang-format on */

/* Stores the value of an option; the string is borrowed. Returns 1; 0: letter is none of the
 * options above; -1 with why: the value is malformed. */
int params_cli_option(struct params_cli *cli, int letter, const char *value, struct failure *why);

/*
 * Stores the words that follow the options (at least one, NULL-ended), reads the service file, asks
 * again where it came from (origin.h), reads the engines file and the lists of specs, decides whether vcap-join must run on the engines, and sets
 * params.by to who asks. -1 with why: one of them cannot be read or is malformed, or so is the id,
 * the token or params.by.
 */
int params_cli_complete(struct params_cli *cli, char *const *words, config_variable *variable,
			struct failure *why);

/* Says what the `from` line of the service has come to, if it has one. Call it once the filter has been
 * compiled (start.h). */
void params_cli_tell_origin(const struct params_cli *cli, void (*say)(const char *format, ...));

/* Says what there is to know before the capture: that it has no limit, unless that was asked for, the
 * warning, and with -v the remark. */
void params_cli_tell(const struct params_cli *cli, void (*say)(const char *format, ...));

#endif
