/*
 * The kernel's counters of lost packets, as its files in /proc/net have them. Each function reads the
 * text of one file, pure, and takes nothing from a line that is not of its form: a counter that a
 * kernel does not have stays unknown.
 *
 * Sources: net/ipv4/proc.c (netstat), net/netfilter/nf_conntrack_standalone.c (stat/nf_conntrack),
 * net/core/net-procfs.c (dev, softnet_stat).
 */
#ifndef VCAP_LOSSCOUNTERS_H
#define VCAP_LOSSCOUNTERS_H

#include "packet/loss.h"

#include <stdint.h>

#define LOSSCOUNTERS_UNKNOWN UINT64_MAX

struct losscounters {
	uint64_t values[LOSS_KINDS]; /* or LOSSCOUNTERS_UNKNOWN */
};

/* All unknown. */
void losscounters_init(struct losscounters *counters);

/* Sets those that the file has. */
void losscounters_netstat(struct losscounters *counters, const char *text);
void losscounters_conntrack(struct losscounters *counters, const char *text);
void losscounters_softnet(struct losscounters *counters, const char *text);
/* Those of the interface with this name. */
void losscounters_dev(struct losscounters *counters, const char *text, const char *interface);

#endif
