/*
 * What a user asks vcap-join for, as options and SPECs. Take each option, set config.service, then
 * call join_options_decide().
 */
#ifndef VCAP_JOIN_OPTIONS_H
#define VCAP_JOIN_OPTIONS_H

#include "base/clock.h"
#include "base/failure.h"
#include "base/strvec.h"
#include "join/join_cmd.h"
#include "join/join_config.h"
#include "packet/addrset.h"
#include "packet/bpf.h"

#include <stdbool.h>

struct join_options {
	struct join_config config;
	const char *in, *out; /* "-" is standard input and output */
	struct strvec tables; /* paths */
	enum join_mode mode;
	bool mixes_linktypes; /* interfaces may differ in link type */
	enum join_keys keys;
	/* Private. */
	struct addrset set;
	struct bpf program;
	const char *program_file, *specs, *undecided;
};

#define JOIN_OPTIONS_INIT       \
	((struct join_options){ \
	    .in = "-",          \
	    .out = "-",         \
	    .config = {.memory = (size_t)64 << 20, .hold_ns = 3 * NS_PER_SECOND}})

/* Frees what the options own. */
void join_options_release(struct join_options *options);

/* For getopt_long. */
enum {
	JOIN_OPTION_BYTECODE = 256,
	JOIN_OPTION_HEADER,
	JOIN_OPTION_KEYS,
	JOIN_OPTION_UNDECIDED,
	JOIN_OPTION_LIVE,
	JOIN_OPTION_MEMORY,
	JOIN_OPTION_HOLD,
	JOIN_OPTION_MIXED,
	JOIN_OPTION_SPECS
};
/* clang-format off */
#define JOIN_LETTERS "t:m:Pxf:r:w:"
#define JOIN_OPTIONS \
	{"table", required_argument, NULL, 't'}, \
	{"monitors", required_argument, NULL, 'm'}, \
	{"per-packet", no_argument, NULL, 'P'}, \
	{"exclude", no_argument, NULL, 'x'}, \
	{"filter", required_argument, NULL, 'f'}, \
	{"read", required_argument, NULL, 'r'}, \
	{"write", required_argument, NULL, 'w'}, \
	{"bytecode", required_argument, NULL, JOIN_OPTION_BYTECODE}, \
	{"keys", no_argument, NULL, JOIN_OPTION_KEYS}, \
	{"header", required_argument, NULL, JOIN_OPTION_HEADER}, \
	{"undecided", required_argument, NULL, JOIN_OPTION_UNDECIDED}, \
	{"live", no_argument, NULL, JOIN_OPTION_LIVE}, \
	{"memory", required_argument, NULL, JOIN_OPTION_MEMORY}, \
	{"hold", required_argument, NULL, JOIN_OPTION_HOLD}, \
	{"mixed", no_argument, NULL, JOIN_OPTION_MIXED}, \
	{"specs", required_argument, NULL, JOIN_OPTION_SPECS}
/* clang-format on */

/* Takes an option; value is borrowed. 1: taken, 0: not one of these, -1: value is
 * wrong. */
int join_options_take(struct join_options *options, int letter, const char *value,
		      struct failure *why);

/* Reads NAME [HOPS], of --header, into *header, whose name is freed. -1: header is unchanged. */
int join_options_parse_header(struct service_header *header, const char *value,
			      struct failure *why);

/* Adds the addresses in words, a NULL-ended list, and completes config. -1: wrong usage. */
int join_options_decide(struct join_options *options, char *const *words, struct failure *why);

/* Reads the program of -f, if there is one. 0, or -1 with why: it cannot be read, or is not a
 * program. */
int join_options_load_program(struct join_options *options, struct failure *why);

#endif
