/*
 * Pairs of the kernel's connection tracking: connections whose destination was translated, with
 * both of their tuples. First those that there are, then each that begins (`new`) or ends (`end`).
 * The only module that knows libnetfilter_conntrack.
 *
 * Events are subscribed to before the table is asked for, so that none is missed between; what
 * begins meanwhile may be told twice. When events come faster than they are taken the kernel drops
 * some: a note says so, and the table is asked for again.
 *
 * Needs CAP_NET_ADMIN, to open and from then on.
 */
#ifndef VCAP_CONNTRACK_H
#define VCAP_CONNTRACK_H

#include "flows/pairsource.h"

struct pairsource *conntrack_open(pairsource_report *report, void *context, struct failure *why);

#endif
