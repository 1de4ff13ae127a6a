/*
 * What vcap-host answers to requests about the captures of an engine. Each removes what has expired
 * beside the capture (runlist.h), and prints that.
 */
#ifndef VCAP_HOSTREPLY_H
#define VCAP_HOSTREPLY_H

#include "base/failure.h"
#include "capture/notices.h"

#include <stdio.h>

#define HOSTREPLY_LIST_MAX 500 /* captures that are listed; the controller takes in 256 KiB */

/*
 * operands are a directory and, or NULL, a token (rundir.h; list has none, clock neither). Writes the answer to
 * out. -1 with why: the request failed.
 */
typedef int hostreply(char *const *operands, FILE *out, notices_print *print, struct failure *why);

hostreply hostreply_status, hostreply_stop, hostreply_remove, hostreply_list;

/* Takes a snapshot (snapshot.h) and prints its status. operands: the ring's directory, the snapshot's, the
 * ends of the window as seconds or `-`, the ring's token or `-`, the snapshot's; all but two may be missing. */
hostreply hostreply_snapshot;

/* Writes the pairs that the capture has kept, as they are; none if it has kept none. */
hostreply hostreply_pairs;
/* The TLS keys that it has kept, likewise. */
hostreply hostreply_keys;

/* Answers the requests of a session about the directory (followreply.h), from standard input. What has
 * expired stays. */
hostreply hostreply_follow;

/* Answers each line of standard input with the time (timereply.h). */
hostreply hostreply_clock;

#endif
