/*
 * Pairs in the log of HAProxy: a line that has, at its beginning or after a blank,
 *
 *	vcap=MICROSECONDS,CLIENT,PORT,VIP,PORT,SOURCE,PORT,SERVER,PORT
 *
 * which this log-format makes (HAProxy configuration manual, 8.2.4 and 7.3.1):
 *
 *	vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp
 *
 * The first place in a line that looks so counts, whatever stands before and after it: what a
 * syslog daemon has put in front is not a client's, what follows may be.
 */
#ifndef VCAP_HAPROXY_LOG_H
#define VCAP_HAPROXY_LOG_H

#include "base/failure.h"
#include "flows/connpair.h"

#define HAPROXY_LOG_FORMAT "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp"

enum haproxy_log_line {
	HAPROXY_LOG_PAIR,  /* pairing is filled */
	HAPROXY_LOG_OTHER, /* there is no pair in it, or no server was asked */
	HAPROXY_LOG_BAD,   /* it has the mark, and why says what is wrong after it */
};

/* Reads a line. pairing is unchanged unless it is HAPROXY_LOG_PAIR. */
enum haproxy_log_line haproxy_log_parse(struct connpair *pairing, const char *line,
					struct failure *why);

#endif
