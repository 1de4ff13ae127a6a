/*
 * A pcapng file or stream being written by a capture. Only whole blocks reach it: what is in the
 * file ends at a block boundary after every write, also when the disk is full.
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
	size_t used, room;
	uint64_t size;       /* bytes in the file */
	uint32_t end_room;   /* held back in the file for what recording_end writes */
	const bool *abandon; /* set by another thread: a stream that blocks is given up */
	enum recording_stop stop;
	int error;
};

#define RECORDING_INIT ((struct recording){.fd = -1})

/* Takes fd. quota may be NULL. -1: no memory; fd is still open. */
int recording_open(struct recording *recording, int fd, bool is_stream, struct quota *quota,
		   struct failure *why);

/*
 * Adds a packet of interface id, or whole blocks. May write first, to make room. -1: the recording
 * has stopped, and stop says why; nothing was added then, and nothing ever will be.
 */
int recording_packet(struct recording *recording, uint32_t id, const struct packet *packet);
int recording_blocks(struct recording *recording, const void *bytes, size_t size);

/* Writes what was added. -1: it stopped, and what did not reach the file is left in bytes, from
 * whose start recording_next_lost goes through it. */
int recording_flush(struct recording *recording);

/* The next packet block at *at among those left over: its interface and caplen. False: no more. */
bool recording_next_lost(const struct recording *recording, size_t *at, uint32_t *id,
			 uint32_t *caplen, uint32_t *len);

/* Writes the last blocks, whatever stopped it and whatever quota says, syncs a file to disk, and
 * closes. -1: they did not fit, and the file stays without them. */
int recording_end(struct recording *recording, const void *bytes, size_t size);

#endif
