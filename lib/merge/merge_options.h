/*
 * The options of vcap-merge, for getopt_long: a command puts MERGE_OPTIONS into its table and hands
 * each option to merge_options_set. Words of the command line are kept, not copied.
 */
#ifndef VCAP_MERGE_OPTIONS_H
#define VCAP_MERGE_OPTIONS_H

#include "base/failure.h"
#include "merge/merge_cmd.h"
#include "merge/merge_live.h"

#include <getopt.h>

enum merge_option {
	MERGE_OPTION_COMMENT = 0x100,
	MERGE_OPTION_MIXED,
	MERGE_OPTION_WINDOW,
	MERGE_OPTION_LIVE,
	MERGE_OPTION_ANNOUNCE,
	MERGE_OPTION_STALL,
	MERGE_OPTION_CONTROL,
	MERGE_OPTION_REGION,
	MERGE_OPTION_ENGINES,
	MERGE_OPTION_ONLY,
	MERGE_OPTION_STRICT,
	MERGE_OPTION_COMPLETE,
	MERGE_OPTION_CUT,
	MERGE_OPTION_SINCE,
	MERGE_OPTION_UNTIL,
	MERGE_OPTION_KEYS,
};

#define MERGE_OPTIONS_LETTERS "w:F:S:o:z"
/* clang-format off */
#define MERGE_OPTIONS \
	{"write", required_argument, NULL, 'w'}, \
	{"format", required_argument, NULL, 'F'}, \
	{"service", required_argument, NULL, 'S'}, \
	{"offset", required_argument, NULL, 'o'}, \
	{"zstd", no_argument, NULL, 'z'}, \
	{"comment", required_argument, NULL, MERGE_OPTION_COMMENT}, \
	{"mixed", no_argument, NULL, MERGE_OPTION_MIXED}, \
	{"window", required_argument, NULL, MERGE_OPTION_WINDOW}, \
	{"live", no_argument, NULL, MERGE_OPTION_LIVE}, \
	{"announce", no_argument, NULL, MERGE_OPTION_ANNOUNCE}, \
	{"stall", required_argument, NULL, MERGE_OPTION_STALL}, \
	{"control", required_argument, NULL, MERGE_OPTION_CONTROL}, \
	{"region", required_argument, NULL, MERGE_OPTION_REGION}, \
	{"engines", required_argument, NULL, MERGE_OPTION_ENGINES}, \
	{"only", required_argument, NULL, MERGE_OPTION_ONLY}, \
	{"strict", no_argument, NULL, MERGE_OPTION_STRICT}, \
	{"cut", no_argument, NULL, MERGE_OPTION_CUT}, \
	{"keys", required_argument, NULL, MERGE_OPTION_KEYS}, \
	{"complete", no_argument, NULL, MERGE_OPTION_COMPLETE}, \
	{"since", required_argument, NULL, MERGE_OPTION_SINCE}, \
	{"until", required_argument, NULL, MERGE_OPTION_UNTIL}
/* clang-format on */

struct merge_options {
	struct merge_cmd *cmd;
	struct merge_live *live; /* becomes cmd->live by --live */
	struct merge_keys *keys; /* ... cmd->keys by --keys */
	const char *service;     /* set by -S: the name of the service to load; NULL: none */
};

/* Applies an option to *options->cmd. 1, 0 if it is none of these, or -1: its argument is wrong.
 * arg may be changed. */
int merge_options_set(struct merge_options *options, int option, char *arg, struct failure *why);

/* Whether the options go together: 0, or -1 with why saying which do not. */
int merge_options_check(const struct merge_cmd *cmd, struct failure *why);

#endif
