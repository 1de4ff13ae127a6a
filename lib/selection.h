/*
 * What a user selects with -S, -m, -P, -x, -e and SPECs, and the filter that this comes to. Fill
 * in the first members and add the specs, then selection_decide().
 */
#ifndef VCAP_SELECTION_H
#define VCAP_SELECTION_H

#include "addrset.h"
#include "failure.h"
#include "filter.h"
#include "packet.h"
#include "service.h"

#include <stdbool.h>
#include <stdint.h>

struct selection {
	struct service service;
	bool has_service;
	enum monitor_mode monitors;
	bool per_packet, exclude;
	const char *expression; /* NULL: none. The caller's */
	uint16_t linktype;
	/* What is made of them. */
	struct addrset set;
	bool has_specs;
	struct filter filter; /* made of all this */
	struct filter_expression compiled;
	/* What the user should know about it, a line each. */
	struct failure remarks[2];
	unsigned remark_count;
	/* Why selection_judge lets nothing through any more. */
	struct failure why;
};

#define SELECTION_INIT ((struct selection){.linktype = LINKTYPE_EN10MB})

void selection_release(struct selection *selection);

/* Adds an address, range or subnet; or the lists on standard input ("-") or in a file. */
int selection_add(struct selection *selection, const char *spec, struct failure *why);
int selection_add_file(struct selection *selection, const char *path, struct failure *why);

/*
 * Decides on the kind of filter: addresses of packets (-P, or no service), or transactions, for
 * which the end that varies counts. -1: the selection makes no sense, or cannot be had without
 * vcap-join.
 */
int selection_decide(struct selection *selection, struct failure *why);

/* Whether the packet belongs: a sieve_judge (sieve.h) with the selection as its context. The
 * expression is compiled anew for a link type other than the one expected; if it does not suit
 * that, nothing belongs and selection->why says so. */
bool selection_judge(void *selection, const struct packet *packet, uint16_t linktype);

#endif
