/*
 * The files of one core of a capture: core-N.pcapng; or, where a file may have only so many bytes,
 * core-N.0.pcapng, core-N.1.pcapng and so on, of which only the newest may be kept. Each is a whole
 * capture file. A livestream on a descriptor is a series of one.
 *
 * One thread at a time may use a series.
 */
#ifndef VCAP_ROTATION_H
#define VCAP_ROTATION_H

#include "base/diskquota.h"
#include "base/failure.h"
#include "capfile/pcapng_write.h"
#include "capture/filewriter.h"
#include "capture/rundir.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The smallest file and the most files that a series can be told to have. */
#define ROTATION_SIZE_MIN  (64u << 10)
#define ROTATION_FILES_MAX 65536u

struct rotation {
	/* Set by the caller before rotation_open */
	const struct rundir *dir; /* NULL: a livestream on fd */
	int fd;                   /* taken over; -1 with a directory */
	struct diskquota *quota;  /* NULL: none */
	unsigned core;
	uint64_t file_size;    /* bytes a file may have; 0: one file holds all */
	unsigned files;        /* how many are kept; 0: all */
	uint32_t end_room;     /* what the blocks at a file's end take at most */
	const bool *abandon;   /* as in struct filewriter */
	struct blocks headers; /* what each file begins with; owned */
	/* Its own */
	struct filewriter recording; /* the newest file */
	uint64_t oldest, newest;     /* numbers */
	uint64_t *sizes;             /* of the files that are kept, by number modulo files */
};

#define ROTATION_INIT ((struct rotation){.fd = -1, .recording = FILEWRITER_INIT})

/* Opens the first file; a file's headers are written, a livestream's are only added. -1: fd is
 * still the caller's. */
int rotation_open(struct rotation *series, struct failure *why);

/* Ends the newest file with these blocks and begins another; the oldest makes room where only so
 * many are kept. All that was added must have been written. -1: the recording has stopped, and says
 * why. */
int rotation_next(struct rotation *series, const void *end, size_t size);

/* Closes, with these blocks at the end of the newest file, which is then on disk. -1: they are not
 * there. The numbers and what stopped the recording can still be read. */
int rotation_end(struct rotation *series, const void *end, size_t size);

void rotation_release(struct rotation *series);

#endif
