/*
 * The files of one core of a capture, or of what is dropped beside it: core-N.pcapng, or, if the size of a file or its time is limited,
 * core-N.0.pcapng, core-N.1.pcapng and so on, of which the oldest may be removed: beyond a number of
 * files, or what was over a time ago. Each is a complete capture file. A stream is handled as a single
 * file on a descriptor.
 *
 * One thread at a time may use a rotation.
 */
#ifndef VCAP_ROTATION_H
#define VCAP_ROTATION_H

#include "base/clock.h"
#include "base/diskquota.h"
#include "base/failure.h"
#include "capfile/pcapng_write.h"
#include "capture/filewriter.h"
#include "capture/keptfiles.h"
#include "capture/rundir.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of what may be asked for: bytes of a file, and files. */
#define ROTATION_SIZE_MIN  (64u << 10)
#define ROTATION_FILES_MAX 65536u
/* Of a time that is kept: a file is of an eighth of it, or of this if that is less. */
#define ROTATION_ROLLING_MIN (2 * NS_PER_SECOND)
#define ROTATION_PERIOD_MAX  NS_PER_MINUTE

struct rotation {
	/* Set by the caller before rotation_open */
	const struct rundir *dir; /* borrowed; NULL: a stream on fd */
	int fd;                   /* taken over; -1 with a directory */
	struct diskquota *quota;  /* borrowed; NULL: none */
	unsigned core;
	const char *stem;   /* what the names begin with, of this alone; NULL: core-N */
	uint64_t file_size; /* bytes per file; 0: a single file */
	unsigned files;     /* number of files kept; 0: all */
	int64_t
	    rolling_ns;  /* how long a file is kept after its end, by CLOCK_BOOTTIME; 0: for ever */
	int64_t boot_ns; /* CLOCK_BOOTTIME, as of now; set before each call */
	uint32_t end_room;     /* most bytes of the blocks at a file's end */
	const bool *abandon;   /* as in struct filewriter */
	struct blocks headers; /* the blocks at a file's start; owned */
	/* Private */
	struct filewriter writer; /* of the newest file */
	uint64_t newest;          /* its number */
	struct keptfiles kept;    /* if files or rolling_ns is set; the last one is the newest */
};

#define ROTATION_INIT ((struct rotation){.fd = -1, .writer = FILEWRITER_INIT})

/* Whether files are removed while others come. */
static inline bool
rotation_is_ring(const struct rotation *rotation)
{
	return rotation->files || rotation->rolling_ns;
}

/* Opens the first file and writes its headers; those of a stream are buffered only. On failure
 * fd is still the caller's unless writer.fd is fd. rotation_release frees the rest either way. */
int rotation_open(struct rotation *rotation, struct failure *why);

/* Ends the newest file with these blocks and begins another; removes the oldest if there are too
 * many. The writer must be flushed. On failure the writer has stopped, and its stop says why. */
int rotation_next(struct rotation *rotation, const void *end, size_t size);

/* After a failure for want of room: begins another file, the only one then. -1: there is still none, or
 * something else is wrong, as the writer's stop says. */
int rotation_retry(struct rotation *rotation);

/* Whether the newest file has lasted as long as one may. */
bool rotation_is_due(const struct rotation *rotation);

/* Removes the files that were over rolling_ns ago. */
void rotation_expire(struct rotation *rotation);

/* Removes all files but the newest. */
void rotation_shed(struct rotation *rotation);

/* Ends the newest file with these blocks, syncs and closes it. -1: the blocks or the sync failed.
 * The numbers and the writer's stop stay readable. */
int rotation_end(struct rotation *rotation, const void *end, size_t size);

/* Syncs and closes the newest file as it is, and frees everything. */
void rotation_release(struct rotation *rotation);

#endif
