/*
 * A pcapng file or livestream being written by a capture. Only whole blocks reach it: what is in
 * the file ends at a block boundary after every write, also when the disk is full.
 *
 * There is no thread that writes on behalf of the one that reads the ring: while a write waits, the
 * ring itself holds what comes, and memory given to it (-b) does so without a copy. See
 * tests/bench/README.md.
 *
 * One thread at a time may use a recording.
 */
#ifndef VCAP_FILEWRITER_H
#define VCAP_FILEWRITER_H

#include "base/diskquota.h"
#include "base/failure.h"
#include "capfile/pcapng_write.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a recording ended before it was told to. */
enum filewriter_stop {
	FILEWRITER_GOES_ON,
	FILEWRITER_SIZE,      /* quota: the size cap */
	FILEWRITER_RESERVE,   /* quota: the reserve */
	FILEWRITER_DISK_FULL, /* the file system refused */
	FILEWRITER_CLOSED,    /* nobody reads the livestream any more */
	FILEWRITER_ERROR,     /* anything else: errno in error */
};

struct filewriter {
	int fd;
	bool is_stream;
	struct diskquota *quota; /* NULL: none */
	unsigned char *bytes;    /* whole blocks not yet written */
	size_t used, capacity;
	size_t room;         /* of the capacity, what may be used before it must be written */
	bool has_packets;    /* now or once */
	uint64_t size;       /* bytes in the file */
	uint32_t end_room;   /* held back in the file for what filewriter_end writes */
	uint64_t most;       /* bytes the file may have, end_room included; 0: no limit */
	const bool *abandon; /* set by another thread: a livestream that blocks is given up */
	/* Gives back something of the quota, if it can; NULL: nothing can be. */
	bool (*relieve)(void *context);
	void *context;
	enum filewriter_stop stop;
	int error;
};

#define FILEWRITER_INIT ((struct filewriter){.fd = -1})

/* Takes fd. quota may be NULL. -1: no memory; fd is still open. */
int filewriter_open(struct filewriter *recording, int fd, bool is_stream, struct diskquota *quota,
		    struct failure *why);

/* Bounds the file to most bytes, of which end_room are for filewriter_end. Before anything is
 * added.
 */
void filewriter_bound(struct filewriter *recording, uint64_t most, uint32_t end_room);

/*
 * Adds a packet of interface id, or whole blocks. May write first, to make room. -1: the recording
 * has stopped, and stop says why; nothing was added then, and nothing ever will be.
 * FILEWRITER_FULL: the file has all it may have; nothing was added. A file that has nothing yet
 * takes any block.
 */
enum { FILEWRITER_FULL = 1 };
int filewriter_packet(struct filewriter *recording, uint32_t id, const struct packet *packet);
int filewriter_blocks(struct filewriter *recording, const void *bytes, size_t size);

/* Writes what was added. -1: it stopped, and what did not reach the file is left in bytes, from
 * whose start filewriter_next_lost goes through it. */
int filewriter_flush(struct filewriter *recording);

/* The next packet block at *at among those left over: its interface and caplen. False: no more. */
bool filewriter_next_lost(const struct filewriter *recording, size_t *at, uint32_t *id,
			  uint32_t *caplen, uint32_t *len);

/* Writes the last blocks, whatever stopped it and whatever quota says, with sync brings a file to
 * disk, and closes; what was not flushed is lost. stop and error stay. -1: the blocks did not fit,
 * and the file stays without them. */
int filewriter_end(struct filewriter *recording, const void *bytes, size_t size, bool sync);

#endif
