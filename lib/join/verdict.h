/*
 * What a join says of a packet or a connection.
 */
#ifndef VCAP_VERDICT_H
#define VCAP_VERDICT_H

enum join_verdict {
	JOIN_OUT,    /* another service's, or monitors that -m drops */
	JOIN_OTHER,  /* this service's, but not of the set */
	JOIN_WANTED, /* of the set */
	/* These may change when more evidence comes: */
	JOIN_UNDECIDED,
	JOIN_PRESUMED, /* of the set, unless it turns out to be another service's, or a health check */
};

#endif
