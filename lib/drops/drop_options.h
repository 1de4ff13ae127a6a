/*
 * The options of vcap-drops: words of a command line to the options of its capture.
 */
#ifndef VCAP_DROP_OPTIONS_H
#define VCAP_DROP_OPTIONS_H

#include "base/failure.h"
#include "drops/dropcapture.h"
#include "drops/dropkeep.h"

struct drop_options {
	struct dropcapture_options capture;
	struct dropkeep keep;
	const char *service; /* its name or path; NULL: not given */
	const char *path;    /* to write to; NULL: not given */
};

#define DROP_OPTIONS_INIT ((struct drop_options){.capture = DROPCAPTURE_OPTIONS_INIT})

/* Options without a letter. */
enum { DROP_OPTION_KEEP = 0x100, DROP_OPTION_ROLLING, DROP_OPTION_MAX_SIZE, DROP_OPTION_BYTECODE };

/* For getopt_long(3). clang-format off */
#define DROP_OPTIONS_LETTERS "S:n:s:t:c:w:"
#define DROP_OPTIONS_LONG                                                                      \
	{"service", required_argument, NULL, 'S'}, {"name", required_argument, NULL, 'n'},     \
	    {"snaplen", required_argument, NULL, 's'}, {"time", required_argument, NULL, 't'}, \
	    {"count", required_argument, NULL, 'c'}, {"write", required_argument, NULL, 'w'},  \
	    {"keep", required_argument, NULL, DROP_OPTION_KEEP},                               \
	    {"rolling", required_argument, NULL, DROP_OPTION_ROLLING},                         \
	    {"max-size", required_argument, NULL, DROP_OPTION_MAX_SIZE},                       \
	{                                                                                      \
		"bytecode", required_argument, NULL, DROP_OPTION_BYTECODE                      \
	}
/* For --help. */
#define DROP_OPTIONS_HELP                                                                \
	"  -S, --service service    packets of this service\n"                           \
	"  -n, --name name          of this engine (the host's name)\n"                  \
	"  -s, --snaplen snaplen    bytes kept of each packet, or headers: no payload\n" \
	"  -t, --time time          stop after this time; a bare number means minutes\n" \
	"  -c, --count count        stop after so many packets\n"                        \
	"  -w, --write file         file to write, or - for standard output\n"           \
	"      --keep reserve       beside a capture of vcap-run, to descriptor 3\n"     \
	"      --rolling time       ... as a ring in this directory, of so much time\n"  \
	"      --max-size size      ... at most that many bytes\n"                       \
	"      --bytecode prog      ... of that, what this program accepts\n"
/* clang-format on */

/* Takes one of these options; word is its argument, borrowed. -1: the argument is malformed. */
int drop_options_set(struct drop_options *options, int option, const char *word,
		     struct failure *why);

/* After the last one: checks that they, and operands, of which there are so many, go together. -1 with why:
 * wrong usage. */
int drop_options_check(const struct drop_options *options, int operands, struct failure *why);

#endif
