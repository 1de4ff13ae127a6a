/*
 * The options of vcap-run: words of a command line to the options of a session and its capture.
 */
#ifndef VCAP_RUN_OPTIONS_H
#define VCAP_RUN_OPTIONS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "capture/session.h"

#include <stdbool.h>

struct run_options {
	struct capture_options capture;
	struct session_options session;
	const char *service; /* whose packets alone are captured: its name or path; NULL: any */
	const char *job;     /* file with a program; "-": a job on standard input; NULL: none */
	struct strvec interfaces; /* names, see ifrule.h */
	struct strvec awaited;
	struct strvec triggers; /* flows/trigger_spec.h; with a program for an expression */
	bool with_ssh;          /* captures the connection that this process is reached by, too */
};

#define RUN_OPTIONS_INIT ((struct run_options){.capture = {.reserve = DISKQUOTA_DEFAULT}})

/* Options without a letter. */
enum {
	RUN_OPTION_MAX_SIZE = 0x100,
	RUN_OPTION_SANDBOX,
	RUN_OPTION_LEASE,
	RUN_OPTION_DETACH,
	RUN_OPTION_FLOWS,
	RUN_OPTION_KEYS,
	RUN_OPTION_DROPS,
	RUN_OPTION_TOKEN,
	RUN_OPTION_BY,
	RUN_OPTION_AUDIT,
	RUN_OPTION_WAIT,
	RUN_OPTION_WITH_SSH,
	RUN_OPTION_ROLLING,
	RUN_OPTION_ON
};

/* For getopt_long(3). clang-format off */
#define RUN_OPTIONS_LETTERS "i:f:S:c:t:s:C:W:w:n:R:b:"
#define RUN_OPTIONS_LONG                                                                          \
	{"interface", required_argument, NULL, 'i'}, {"filter", required_argument, NULL, 'f'},    \
	    {"service", required_argument, NULL, 'S'}, {"count", required_argument, NULL, 'c'},   \
	    {"time", required_argument, NULL, 't'}, {"snaplen", required_argument, NULL, 's'},    \
	    {"file-size", required_argument, NULL, 'C'}, {"files", required_argument, NULL, 'W'}, \
	    {"write", required_argument, NULL, 'w'}, {"name", required_argument, NULL, 'n'},      \
	    {"reserve", required_argument, NULL, 'R'},                                            \
	    {"max-size", required_argument, NULL, RUN_OPTION_MAX_SIZE},                           \
	    {"buffer", required_argument, NULL, 'b'},                                             \
	    {"sandbox", required_argument, NULL, RUN_OPTION_SANDBOX},                             \
	    {"lease", optional_argument, NULL, RUN_OPTION_LEASE},                                 \
	    {"detach", no_argument, NULL, RUN_OPTION_DETACH},                                     \
	    {"flows", required_argument, NULL, RUN_OPTION_FLOWS},                                 \
	    {"keys", required_argument, NULL, RUN_OPTION_KEYS},                                   \
	    {"drops", no_argument, NULL, RUN_OPTION_DROPS},                                       \
	    {"token", required_argument, NULL, RUN_OPTION_TOKEN},                                 \
	    {"by", required_argument, NULL, RUN_OPTION_BY},                                       \
	    {"wait", required_argument, NULL, RUN_OPTION_WAIT},                                   \
	    {"with-ssh", no_argument, NULL, RUN_OPTION_WITH_SSH},                                 \
	    {"rolling", required_argument, NULL, RUN_OPTION_ROLLING},                             \
	    {"on", required_argument, NULL, RUN_OPTION_ON},                                       \
	{                                                                                         \
		"audit", required_argument, NULL, RUN_OPTION_AUDIT                                \
	}
/* For --help. */
#define RUN_OPTIONS_HELP                                                                    \
	"  -i, --interface iface   capture there; may be repeated (all with an address)\n"  \
	"      --wait iface        capture there as soon as it is there and up\n"           \
	"  -f, --filter prog       a program in a file, or a job on standard input (-)\n"   \
	"  -S, --service service   of that, the packets of this service alone\n"            \
	"      --with-ssh          without a program, the ssh connection itself as well\n"  \
	"  -c, --count count       packets per core\n"                                      \
	"  -t, --time time         stop after this time; a bare number means minutes\n"     \
	"  -s, --snaplen snaplen   bytes kept of each packet, or headers: no payload\n"     \
	"  -w, --write dir         directory to make, or - for standard output\n"           \
	"  -C, --file-size size    begin another file when one would be larger\n"           \
	"  -W, --files files       with -C: keep only that many of each core, the newest\n" \
	"      --rolling time      keep only that long, in files of an eighth of it\n"      \
	"  -n, --name name         of this engine, recorded with each interface\n"          \
	"  -R, --reserve size      disk space that stays free (1G, or 10 % of the disk)\n"  \
	"      --max-size size     of all files (a quarter of what is free above that)\n"   \
	"  -b, --buffer size       ring memory in all\n"                                    \
	"      --lease[=time]      end with stdin, or after this time without any\n"        \
	"      --sandbox mode      enforce (the default), log or off\n"                     \
	"      --detach            return once packets are being captured\n"                \
	"      --token token       what vcap-host calls the capture by, 16 hex digits\n"    \
	"      --on trigger        count for the status: log:REGEX, file:PATH:REGEX or\n"   \
	"                          packets:N/TIME:PROG\n"                                   \
	"      --by word           who asks for the capture, for its status and the log\n"  \
	"      --audit required    do not start what cannot be logged\n"                    \
	"      --flows source      keep pairs, and for filter as /dev/fd/3 (vcap-flows):\n" \
	"                          conntrack, haproxy:SOCKET or log:FILE\n"                 \
	"      --keys source       keep the TLS keys of what is captured (vcap-keys):\n"    \
	"                          haproxy:SOCKET or file:PATH\n"                           \
	"      --drops             keep what the kernel drops, and why (vcap-drops)\n"
/* clang-format on */

/* Takes one of these options; word is its argument, borrowed. -1: the argument is malformed. */
int run_options_set(struct run_options *options, int option, const char *word, struct failure *why);

/* The rule of the interfaces that are named, whose names stay the options'. */
struct ifrule run_options_rule(const struct run_options *options);

/* After the last one, with session.filter set: checks that the options go together, and turns
 * session.path "-" into NULL. -1 with why: wrong usage. */
int run_options_check(struct run_options *options, struct failure *why);

#endif
