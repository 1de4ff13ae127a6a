/*
 * What a user selects with -S, -m, -P, -x, -e and SPECs, and the filter made of it. Set the members
 * before the results, and call selection_decide().
 */
#ifndef VCAP_SELECTION_H
#define VCAP_SELECTION_H

#include "base/failure.h"
#include "base/strvec.h"
#include "filter/filter.h"
#include "filter/service.h"
#include "packet/addrset.h"
#include "packet/linktype.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

struct selection {
	const struct service *service; /* NULL: packets of any service. The caller's */
	enum monitor_mode monitors;
	bool per_packet, exclude;
	bool widen;             /* widen a set that does not fit into a program */
	const char *expression; /* NULL: none. The caller's */
	uint16_t linktype;
	bool may_be_all; /* without addresses, service and expression it selects all packets */
	bool from_file;  /* for selection_judge, which takes packets of any link type */
	struct addrset set;
	bool has_specs; /* there are SPECs, though set may be empty */
	/* Results. */
	struct filter filter;
	/* What is to be said, a line each. */
	struct strvec warnings; /* what the user should change */
	struct strvec notes;    /* what is left to do for who uses the program */
	struct strvec facts;    /* how packets are judged */
	/* The expression by link type, for all of them if from_file; or why it cannot be had. */
	struct filter_expression compiled[LINKTYPE_COUNT];
	struct failure unsuited[LINKTYPE_COUNT];
	/* Set by selection_judge on its first failure; later calls return false. */
	struct failure why;
};

#define SELECTION_INIT ((struct selection){.linktype = LINKTYPE_EN10MB})

/* Frees the set and the results; what is the caller's stays. */
void selection_release(struct selection *selection);

/*
 * Makes the filter: one by the addresses of packets (-P, or no service), or one of transactions, by
 * the variable end. -1: the selection makes no sense, or takes vcap-join.
 */
int selection_decide(struct selection *selection, struct failure *why);

/* Makes the program for the link type. If the set had to be widened, a remark says so. On failure
 * program is unchanged. */
int selection_compile(struct selection *selection, struct bpf *program, struct failure *why);

/* A copy_judge (copy.h) whose context is the selection: whether the filter accepts the packet. If
 * the expression cannot be compiled for its link type, it is not accepted, and selection->why says
 * why. */
bool selection_judge(void *selection, const struct packet *packet, uint16_t linktype);

#endif
