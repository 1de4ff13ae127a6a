/*
 * Connection pairs in the log of HAProxy: a line that has, at its beginning or after a blank,
 *
 *	vcap=MICROSECONDS,CLIENT,PORT,VIP,PORT,SOURCE,PORT,SERVER,PORT [STATUS END [TIMER]]
 *
 * which this log-format makes (HAProxy configuration manual, 8.2.4 and 7.3.1):
 *
 *	vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp %ST %tsc %Tt
 *
 * (without the last three words before 0.2.0; there may be commas in the place of blanks). A timer
 * that begins with `+` is one of a line that was written before the end (option logasap): what became
 * of it is then not known. A line without a server says what became of the request, or is none.
 *
 * The first match in a line counts, whatever surrounds it: what precedes it is the syslog daemon's,
 * whereas what follows may be chosen by a client.
 */
#ifndef VCAP_HAPROXY_LOG_H
#define VCAP_HAPROXY_LOG_H

#include "base/failure.h"
#include "flows/connpair.h"

#define HAPROXY_LOG_FORMAT "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp %ST %tsc %Tt"

enum haproxy_log_line {
	HAPROXY_LOG_PAIR,  /* pair is filled */
	HAPROXY_LOG_OTHER, /* no pair in it, or neither a server nor what became of it */
	HAPROXY_LOG_BAD,   /* it has "vcap=", and why says what is wrong after it */
};

/* Parses a line. pair is unchanged unless it returns HAPROXY_LOG_PAIR. */
enum haproxy_log_line haproxy_log_parse(struct connpair *pair, const char *line,
					struct failure *why);

#endif
