/*
 * A pcapng file or stream that a capture writes. Blocks are buffered and written whole: after
 * every write the file ends at a block boundary, also when the disk is full.
 *
 * One thread at a time may use a writer.
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

/* Why a writer stopped before filewriter_end. */
enum filewriter_stop {
	FILEWRITER_NOT_STOPPED,
	FILEWRITER_SIZE,      /* quota: the size cap */
	FILEWRITER_RESERVE,   /* quota: the reserve */
	FILEWRITER_DISK_FULL, /* the file system refused */
	FILEWRITER_CLOSED,    /* the stream has lost its reader */
	FILEWRITER_ERROR,     /* anything else: errno in error */
};

enum filewriter_kind {
	FILEWRITER_FILE,   /* can be cut back and synced */
	FILEWRITER_STREAM, /* a pipe or the like: what was written is gone */
};

struct filewriter {
	int fd;
	bool is_stream;
	struct diskquota *quota; /* borrowed; NULL: none */
	unsigned char *bytes;    /* whole blocks not yet written; heap, owned */
	size_t used, capacity;
	size_t room;         /* of the capacity, what may be used before it must be written */
	bool has_packets;    /* some were added */
	uint64_t size;       /* bytes in the file */
	uint32_t end_room;   /* bytes of the file kept free for filewriter_end */
	uint64_t max_size;   /* bytes of the file, end_room included; 0: no limit */
	const bool *abandon; /* set by another thread: a stream whose write was interrupted is
				given up; NULL: never */
	/* Gives space back to the quota. False: it cannot. NULL: never can. */
	bool (*free_space)(void *context);
	void *context;
	enum filewriter_stop stop;
	int error; /* errno that stopped it, or 0 */
};

#define FILEWRITER_INIT ((struct filewriter){.fd = -1})

/* Takes over fd, which filewriter_end closes. On failure, for want of memory, fd is still the
 * caller's. */
int filewriter_open(struct filewriter *writer, int fd, enum filewriter_kind kind,
		    struct diskquota *quota, struct failure *why);

/* Limits the file to max_size bytes (0: no limit), of which end_room are for filewriter_end. Call
 * before anything is added. */
void filewriter_limit(struct filewriter *writer, uint64_t max_size, uint32_t end_room);

enum { FILEWRITER_FULL = 1 };

/*
 * Adds a packet of interface id; may write first, to make room. 0; -1: the writer has stopped, and
 * stop says why; nothing is added from then on. FILEWRITER_FULL: the file has reached its limit;
 * nothing was added. A file without packets takes any block.
 */
int filewriter_packet(struct filewriter *writer, uint32_t id, const struct packet *packet);
/* Adds whole blocks, of size bytes, in the same way. */
int filewriter_blocks(struct filewriter *writer, const void *bytes, size_t size);

/* Writes what was added. -1: the writer has stopped, and filewriter_next_unwritten lists what did
 * not reach the file. */
int filewriter_flush(struct filewriter *writer);

/* The next unwritten packet from *at, which starts at 0 and is advanced: its interface and lengths.
 * False: there is none. */
bool filewriter_next_unwritten(const struct filewriter *writer, size_t *at, uint32_t *id,
			       uint32_t *caplen, uint32_t *len);

enum filewriter_sync { FILEWRITER_NO_SYNC, FILEWRITER_SYNC };

/* Writes the last blocks regardless of stop and quota, syncs the file to disk if asked to, and
 * closes it. What was added and not flushed is lost; stop and error stay. -1: the blocks, or the
 * sync, failed; a file then ends before the blocks. */
int filewriter_end(struct filewriter *writer, const void *bytes, size_t size,
		   enum filewriter_sync sync);

#endif
