/*
 * What vcap-live and its vcap-merge tell each other while streams are merged: over a socket between them, a
 * message each. Nothing here waits. Both are of one version, being installed together.
 */
#ifndef VCAP_MERGECONTROL_H
#define VCAP_MERGECONTROL_H

#include <stdint.h>

#define MERGECONTROL_NAME 80 /* bytes, with the NUL */

enum mergecontrol_kind {
	/* To the merge, of an input: */
	MERGECONTROL_STREAM, /* goes on from fd when its stream has ended */
	MERGECONTROL_OFFSET, /* its clock: offset_ns is added to its times from now on */
	MERGECONTROL_END,    /* is complete when its stream has ended */
	/* From the merge: */
	MERGECONTROL_BEGUN, /* an interface has come of its stream */
	MERGECONTROL_ENDED, /* cannot go on: its stream is no capture, or not like the others' */
	MERGECONTROL_KINDS
};

struct mergecontrol {
	enum mergecontrol_kind kind;
	char name[MERGECONTROL_NAME]; /* of the input (NAME=INPUT) */
	int64_t offset_ns;
	int fd; /* of a MERGECONTROL_STREAM; else -1 */
};

/* A message about an input; a name that does not fit is cut. */
struct mergecontrol mergecontrol_of(enum mergecontrol_kind kind, const char *name);

/* Makes the two ends, close-on-exec. -1 with errno. */
int mergecontrol_pair(int ends[2]);

/* Sends a message, with a duplicate of its fd. -1 with errno; EAGAIN: the other end has to receive what was
 * sent before. */
int mergecontrol_send(int socket, const struct mergecontrol *message);

/* Receives the next message, whose fd is the caller's, close-on-exec. 1; 0: the other end is closed; -1
 * with errno: EAGAIN: there is none; EBADMSG: not one of these. */
int mergecontrol_receive(int socket, struct mergecontrol *message);

#endif
