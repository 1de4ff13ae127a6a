/*
 * The files of dropped packets beside a rolling capture, dropped.K.pcapng in its directory: written, begun and removed
 * by the output of such a capture (capture/output.h), so that snapshots have them as they have the captured ones.
 */
#ifndef VCAP_DROPRING_H
#define VCAP_DROPRING_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stdint.h>
#include <stdio.h>

struct dropring;

/* All borrowed, as long as the ring is open. */
struct dropring_options {
	int dirfd;          /* of the files; none of their names is taken */
	const char *engine; /* whose packets they are */
	int64_t rolling_ns; /* what is kept, at least ROTATION_ROLLING_MIN */
	/* Of all files, in bytes, as diskquota_init takes them. */
	uint64_t max_size, reserve;
	FILE *
	    told; /* gets lines `ring SINCE WRITTEN PACKETS BYTES OLDEST NEWEST` (dropkeep.h); NULL: nobody does */
};

/* Begins the first file. NULL with why. */
struct dropring *dropring_open(const struct dropring_options *options, struct failure *why);
/* Frees it; dropring_finish comes before, or its newest file is cut short. ring may be NULL. */
void dropring_close(struct dropring *ring);

/* Writes a packet of Ethernet, and sets its interface and core, or counts it as skipped where the disk has no room.
 * Packets come in the order of time. */
void dropring_packet(struct dropring *ring, struct packet *packet);

/* What the statistics say from now on: packets that were counted only, and lines for their comment, which are copied;
 * NULL: none. -1: out of memory; those of before stay. */
int dropring_count(struct dropring *ring, uint64_t not_kept, const char *lines);

/* What is due: writes, begins and removes files, and tells of them. No packet before watermark_ns (CLOCK_REALTIME) follows.
 * Call it some times a second. -1 with why: it cannot go on. */
int dropring_tick(struct dropring *ring, int64_t watermark_ns, struct failure *why);

/* Ends the newest file. What is in all files is stored in *packets and *bytes. -1 with why: it is not whole. */
int dropring_finish(struct dropring *ring, uint64_t *packets, uint64_t *bytes, struct failure *why);

#endif
