/*
 * What a user asks vcap-filter for, as options and SPECs. Take each option, set selection.service,
 * then call filter_options_decide().
 */
#ifndef VCAP_FILTER_OPTIONS_H
#define VCAP_FILTER_OPTIONS_H

#include "base/failure.h"
#include "filter/selection.h"
#include "packet/bpf.h"

#include <stdbool.h>

struct filter_options {
	struct selection selection;
	enum bpf_form form;
	const char *in, *out; /* capture files, "-" for standard input and output; or NULL */
	bool is_verbose;      /* to say what the selection's facts are */
	bool cuts;            /* a file's packets to their headers */
	bool mixes_linktypes; /* of a file, whose interfaces may differ in link type */
	bool keeps_keys;      /* of a file: the TLS keys of what belongs */
	/* Private. */
	const char *specs;
	unsigned dumps;
	bool comma;
};

#define FILTER_OPTIONS_INIT ((struct filter_options){.selection = SELECTION_INIT})

/* For getopt_long. */
enum {
	FILTER_OPTION_COMMA = 256,
	FILTER_OPTION_CUT,
	FILTER_OPTION_KEYS,
	FILTER_OPTION_MIXED,
	FILTER_OPTION_SPECS,
	FILTER_OPTION_WIDEN
};
/* clang-format off */
#define FILTER_LETTERS "m:Pvxe:y:dr:w:"
#define FILTER_OPTIONS \
	{"monitors", required_argument, NULL, 'm'}, \
	{"per-packet", no_argument, NULL, 'P'}, \
	{"exclude", no_argument, NULL, 'x'}, \
	{"expression", required_argument, NULL, 'e'}, \
	{"linktype", required_argument, NULL, 'y'}, \
	{"verbose", no_argument, NULL, 'v'}, \
	{"widen", no_argument, NULL, FILTER_OPTION_WIDEN}, \
	{"dump", no_argument, NULL, 'd'}, \
	{"comma", no_argument, NULL, FILTER_OPTION_COMMA}, \
	{"read", required_argument, NULL, 'r'}, \
	{"write", required_argument, NULL, 'w'}, \
	{"cut", no_argument, NULL, FILTER_OPTION_CUT}, \
	{"keys", no_argument, NULL, FILTER_OPTION_KEYS}, \
	{"mixed", no_argument, NULL, FILTER_OPTION_MIXED}, \
	{"specs", required_argument, NULL, FILTER_OPTION_SPECS}
/* clang-format on */

/* Takes an option; value is borrowed. 1: taken, 0: not one of these, -1: value is
 * wrong. */
int filter_options_take(struct filter_options *options, int letter, const char *value,
			struct failure *why);

/* Adds the addresses in words, a NULL-ended list, and makes the filter (selection_decide). -1:
 * wrong usage. */
int filter_options_decide(struct filter_options *options, char *const *words, struct failure *why);

#endif
