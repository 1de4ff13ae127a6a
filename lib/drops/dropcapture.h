/*
 * A capture of dropped packets of a service: from the kernel's program to a pcapng file or stream.
 *
 *	dropcapture_open -> drop the privileges -> dropcapture_run -> dropcapture_close
 *
 * Its interfaces are `ENGINE/dropped/SIDE`, and `ENGINE/dropped` for the counts (enum dropcapture_labels).
 */
#ifndef VCAP_DROPCAPTURE_H
#define VCAP_DROPCAPTURE_H

#include "base/diskquota.h"
#include "base/failure.h"
#include "filter/selection.h"
#include "packet/bpf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct dropcapture;

/* On which interfaces packets are. */
enum dropcapture_labels {
	DROPCAPTURE_SIDES, /* ENGINE/dropped/SIDE, but for the counts */
	DROPCAPTURE_ENGINE, /* ENGINE/dropped: who merges the file tells the sides, as of a capture's others */
};

struct dropcapture_options {
	const struct selection *selection; /* decided, with a service */
	const struct bpf *program;         /* what of that it accepts; NULL, or empty: all */
	enum dropcapture_labels labels;
	uint32_t snaplen;    /* bytes kept of a packet, as far as there are; 0: all */
	bool cuts;           /* packets to their headers (packet/headers.h) */
	const char *engine;  /* NULL: the host's name */
	int64_t duration_ns; /* 0: no limit */
	uint64_t count;      /* packets; 0: no limit */
	int fd;              /* to write to; not of a ring */
	int64_t
	    rolling_ns; /* a ring that keeps this time (dropring.h), ENGINE/dropped alone; 0: none */
	int dir;        /* of a ring: the directory of its files */
	FILE *told;     /* ... which is told how it goes on; NULL: nobody is */
	int life; /* the capture ends when it polls readable, or its other end is closed; -1: none */
	bool
	    is_file; /* on a disk that is not to be filled; else a stream, with a heartbeat each second */
	/* Of a file, in bytes, as diskquota_init takes them. */
	uint64_t max_size, reserve;
};

#define DROPCAPTURE_OPTIONS_INIT       \
	((struct dropcapture_options){ \
	    .fd = -1, .dir = -1, .life = -1, .reserve = DISKQUOTA_DEFAULT})

enum dropcapture_end {
	DROPCAPTURE_FAILED,
	DROPCAPTURE_DONE, /* by time, count, a signal or options.life */
	DROPCAPTURE_FULL, /* the file's disk has no more room than is reserved */
};

struct dropcapture_counts {
	uint64_t written; /* packets in the file, or the files */
	uint64_t bytes;   /* of them, as far as they were kept */
	uint64_t beyond;  /* counted only: more than DROPPROBE_RATE a second of their reason */
	uint64_t lost;    /* counted only: this program was not quick enough */
};

/* Begins: from now on packets are taken, and SIGINT, SIGTERM and SIGHUP end the capture. options, and
 * what it points to, stay the caller's and unchanged. Takes what dropprobe_open does. NULL with why. */
struct dropcapture *dropcapture_open(const struct dropcapture_options *options,
				     struct failure *why);
/* Runs to the end. All is written then, but the file not closed; those of a ring are. */
enum dropcapture_end dropcapture_run(struct dropcapture *capture, struct dropcapture_counts *counts,
				     struct failure *why);
void dropcapture_close(struct dropcapture *capture);

#endif
