/*
 * Connection pairs in lines of the `conntrack` tool: of `conntrack -L`, and of `conntrack -E -o
 * timestamp` (conntrack(8); as libnetfilter_conntrack's snprintf_default.c writes them):
 *
 *	tcp      6 9 CLOSE src=10.1.0.2 dst=192.0.2.10 sport=39924 dport=80
 *		src=10.2.0.2 dst=10.2.0.1 sport=8080 dport=56604 [ASSURED] mark=0 use=1
 *	[1795663961.389924]	    [NEW] tcp      6 120 SYN_SENT src=... [UNREPLIED] src=...
 *	[1795663963.063875]	[DESTROY] tcp      6 8 CLOSE src=... src=... [ASSURED]
 *
 * each on one line, with more words (counters, marks, zones) in between and after.
 */
#ifndef VCAP_CONNTRACK_LINE_H
#define VCAP_CONNTRACK_LINE_H

#include "base/failure.h"
#include "flows/connpair.h"

#include <stdint.h>

enum conntrack_line {
	CONNTRACK_LINE_PAIR,  /* pair is filled */
	CONNTRACK_LINE_OTHER, /* a connection that is not translated, or has no ports; or an event
				that neither begins nor ends one */
	CONNTRACK_LINE_BAD,   /* not a line of the tool, and why says so */
};

/* Parses a line. time_ns (nanoseconds since 1970) is the pair's time if the line has none. pair is
 * unchanged unless it returns CONNTRACK_LINE_PAIR. */
enum conntrack_line conntrack_line_parse(struct connpair *pair, const char *line, int64_t time_ns,
					 struct failure *why);

#endif
