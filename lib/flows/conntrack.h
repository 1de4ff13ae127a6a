/*
 * Connection pairs from the kernel's connection tracking: connections whose destination was
 * translated, by both of their tuples. The existing ones are reported first, then each that begins
 * (`new`) or ends (`end`). One that begins meanwhile may be reported twice.
 *
 * There are two of this module with the same interface: conntrack.c by libnetfilter_conntrack, and
 * conntrack_tool.c, for static programs, by the `conntrack` command. The Makefile chooses.
 *
 * Needs CAP_NET_ADMIN, to open and from then on.
 */
#ifndef VCAP_CONNTRACK_H
#define VCAP_CONNTRACK_H

#include "flows/pairsource.h"

/* NULL on failure, with why filled: no connection tracking in the kernel, or no privilege. */
struct pairsource *conntrack_open(connpair_report *report, void *context, struct failure *why);

#endif
