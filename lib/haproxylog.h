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
#ifndef VCAP_HAPROXYLOG_H
#define VCAP_HAPROXYLOG_H

#include "failure.h"
#include "pairing.h"

#define HAPROXYLOG_FORMAT "vcap=%[date(0,us)],%ci,%cp,%fi,%fp,%bi,%bp,%si,%sp"

enum haproxylog_line {
	HAPROXYLOG_PAIR,  /* pairing is filled */
	HAPROXYLOG_OTHER, /* there is no pair in it, or no server was asked */
	HAPROXYLOG_BAD,   /* it has the mark, and why says what is wrong after it */
};

/* Reads a line. pairing is unchanged unless it is HAPROXYLOG_PAIR. */
enum haproxylog_line haproxylog_parse(struct pairing *pairing, const char *line,
				      struct failure *why);

#endif
