/*
 * A pcapng file or stream being written by a capture. Only whole blocks reach it: what is in the
 * file ends at a block boundary after every write, also when the disk is full.
 *
 * There is no thread that writes on behalf of the one that reads the ring: while a write waits, the
 * ring itself holds what comes, and memory given to it (-b) does so without a copy. See
 * tests/bench/README.md.
 *
 * One thread at a time may use a recording.
 */
#ifndef VCAP_RECORDING_H
#define VCAP_RECORDING_H

#include "failure.h"
#include "packet.h"
#include "pcapng.h"
#include "quota.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a recording ended before it was told to. */
enum recording_stop {
	RECORDING_GOES_ON,
	RECORDING_SIZE,      /* quota: the size cap */
	RECORDING_RESERVE,   /* quota: the reserve */
	RECORDING_DISK_FULL, /* the file system refused */
	RECORDING_CLOSED,    /* nobody reads the stream any more */
	RECORDING_ERROR,     /* anything else: errno in error */
};

struct recording {
	int fd;
	bool is_stream;
	struct quota *quota;  /* NULL: none */
	unsigned char *bytes; /* whole blocks not yet written */
	size_t used, capacity;
	size_t room;         /* of the capacity, what may be used before it must be written */
	bool has_packets;    /* now or once */
	uint64_t size;       /* bytes in the file */
	uint32_t end_room;   /* held back in the file for what recording_end writes */
	uint64_t most;       /* bytes the file may have, end_room included; 0: no limit */
	const bool *abandon; /* set by another thread: a stream that blocks is given up */
	/* Gives back something of the quota, if it can; NULL: nothing can be. */
	bool (*relieve)(void *context);
	void *context;
	enum recording_stop stop;
	int error;
};

#define RECORDING_INIT ((struct recording){.fd = -1})

/* Takes fd. quota may be NULL. -1: no memory; fd is still open. */
int recording_open(struct recording *recording, int fd, bool is_stream, struct quota *quota,
		   struct failure *why);

/* Bounds the file to most bytes, of which end_room are for recording_end. Before anything is added.
 */
void recording_bound(struct recording *recording, uint64_t most, uint32_t end_room);

/*
 * Adds a packet of interface id, or whole blocks. May write first, to make room. -1: the recording
 * has stopped, and stop says why; nothing was added then, and nothing ever will be. RECORDING_FULL:
 * the file has all it may have; nothing was added. A file that has nothing yet takes any block.
 */
enum { RECORDING_FULL = 1 };
int recording_packet(struct recording *recording, uint32_t id, const struct packet *packet);
int recording_blocks(struct recording *recording, const void *bytes, size_t size);

/* Writes what was added. -1: it stopped, and what did not reach the file is left in bytes, from
 * whose start recording_next_lost goes through it. */
int recording_flush(struct recording *recording);

/* The next packet block at *at among those left over: its interface and caplen. False: no more. */
bool recording_next_lost(const struct recording *recording, size_t *at, uint32_t *id,
			 uint32_t *caplen, uint32_t *len);

/* Writes the last blocks, whatever stopped it and whatever quota says, with sync brings a file to
 * disk, and closes; what was not flushed is lost. stop and error stay. -1: the blocks did not fit,
 * and the file stays without them. */
int recording_end(struct recording *recording, const void *bytes, size_t size, bool sync);

#endif
