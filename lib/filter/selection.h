/*
 * What a user selects with -S, -m, -P, -x, -e and SPECs, and the filter that this comes to. Fill
 * in the first members and add the specs, then selection_decide().
 */
#ifndef VCAP_SELECTION_H
#define VCAP_SELECTION_H

#include "base/failure.h"
#include "controller/config.h"
#include "filter/filter.h"
#include "filter/service.h"
#include "packet/addrset.h"
#include "packet/linktype.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

struct selection {
	struct service service;
	bool has_service;
	enum monitor_mode monitors;
	bool per_packet, exclude;
	const char *expression; /* NULL: none. The caller's */
	uint16_t linktype;
	bool from_file; /* packets are judged by selection_judge, and of any link type */
	/* What is made of them. */
	struct addrset set;
	bool has_specs;
	struct filter filter; /* made of all this */
	/* By link type; the others if from_file, or why the expression does not suit them. */
	struct filter_expression compiled[LINKTYPE_COUNT];
	struct failure unsuited[LINKTYPE_COUNT];
	/* What the user should know about it, a line each. */
	struct failure remarks[5];
	unsigned remark_count;
	/* Why selection_judge lets nothing through any more. */
	struct failure why;
};

#define SELECTION_INIT ((struct selection){.linktype = LINKTYPE_EN10MB})

void selection_release(struct selection *selection);

/* The options of a command that selects: for getopt_long, and to take one. 1 if the letter is one
 * of them, 0 if not, -1 if its value is no good. */
/* clang-format off */
#define SELECTION_LETTERS "S:m:Pxe:y:"
#define SELECTION_OPTIONS \
	{"service", required_argument, NULL, 'S'}, \
	{"monitors", required_argument, NULL, 'm'}, \
	{"per-packet", no_argument, NULL, 'P'}, \
	{"exclude", no_argument, NULL, 'x'}, \
	{"expression", required_argument, NULL, 'e'}, \
	{"linktype", required_argument, NULL, 'y'}
/* clang-format on */
int selection_option(struct selection *selection, int letter, const char *value,
		     config_variable *variable, struct failure *why);

/* Adds the list in a file (NULL: none), and words: each an address, range or subnet, or "-" for the
 * list on standard input, which may not be the capture as well. */
int selection_add(struct selection *selection, const char *file, char *const *words,
		  bool stdin_is_taken, struct failure *why);

/*
 * Decides on the kind of filter: addresses of packets (-P, or no service), or transactions, for
 * which the end that varies counts. -1: the selection makes no sense, or cannot be had without
 * vcap-join.
 */
int selection_decide(struct selection *selection, struct failure *why);

/* The program for the link type. With widen a set that does not fit is widened, and a remark added
 * that says so. */
int selection_compile(struct selection *selection, bool widen, struct bpf *program,
		      struct failure *why);

/* Whether the packet belongs: a copy_judge (sieve.h) with the selection as its context. If the
 * expression does not suit its link type, nothing belongs and selection->why says so. */
bool selection_judge(void *selection, const struct packet *packet, uint16_t linktype);

#endif
