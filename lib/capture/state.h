/*
 * The state of a capture: what was asked for, the parts it is made of, and the counts of what has
 * been captured. capture/setup builds it, capture/capture runs it; the status file and the headers
 * of capture files are written from it.
 */
#ifndef VCAP_STATE_H
#define VCAP_STATE_H

#include "base/diskquota.h"
#include "capture/capture_loop.h"
#include "capture/dropproc.h"
#include "capture/filterproc.h"
#include "capture/flowproc.h"
#include "capture/ifrule.h"
#include "capture/iftable.h"
#include "capture/ifwatch.h"
#include "capture/keyproc.h"
#include "capture/losses.h"
#include "capture/output.h"
#include "capture/rundir.h"
#include "capture/runstate.h"
#include "capture/triggers.h"
#include "packet/bpf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_options {
	const struct ifaces *interfaces; /* those marked as taken are captured on */
	const struct ifrule *rule;       /* that marked them; what it takes later is, too */
	const struct bpf *program;       /* packet filter; NULL or empty: every packet */
	const char *name;                /* of this engine; NULL: none */
	const char *by;                  /* who asked for it (caller.h); NULL: not said */
	uint64_t count;                  /* packets per core; 0: no limit */
	int64_t duration_ns;             /* 0: no limit */
	uint32_t snaplen;                /* bytes kept of a packet; 0: all */
	bool cuts;                       /* packets to their headers (packet/headers.h) */
	uint64_t ring_bytes;             /* memory of all rings together; 0: the default */
	uint64_t file_size;              /* bytes per file; 0: one file per core */
	unsigned files;                  /* files kept per core; 0: all */
	int64_t rolling_ns;        /* time that is kept, at least ROTATION_ROLLING_MIN; 0: all */
	uint64_t max_size;         /* bytes of all files together; 0: the default */
	uint64_t reserve;          /* bytes that stay free, or DISKQUOTA_DEFAULT */
	const struct rundir *dir;  /* NULL: a stream on standard output */
	struct filterproc *filter; /* filter command, started; NULL: none */
	struct flowproc *flows;    /* vcap-flows for that command, started; NULL: none */
	struct triggers *triggers; /* what is watched for, started; NULL: nothing */
	struct keyproc *keys;      /* vcap-keys, started; NULL: none */
	struct dropproc *drops;    /* vcap-drops, started; NULL: none */
	int signal_fd;             /* signalfd(2) that ends the capture; -1: none */
	bool has_lease;            /* end of file on standard input ends the capture */
	int64_t lease_ns;          /* and so does this long without input; 0: never */
	bool is_detached;          /* a signal is not its user's */
};

/*
 * Arrays of counters are indexed by [core * interfaces.room + interface]. Cores are numbered like
 * CPUs, from 0, including CPUs that are absent.
 *
 * If the rule can take interfaces that come later, there is one ring a core, of all interfaces, and
 * the choice is made packet by packet (ifwatch). Otherwise each core has a ring of each interface.
 */
struct capture {
	struct capture_options options;
	struct iftable interfaces;
	bool *is_deleted; /* of rings of one interface: it is gone; by the interface's number */
	struct ifwatch watch;
	bool is_watching;
	bool has_missed; /* the table has had no room for an interface: it was said */
	struct core *cores;
	unsigned core_count;
	uint32_t ring_snaplen;     /* 0: whole packets */
	struct ring_input *inputs; /* [core * rings_per_core + ring] */
	uint32_t rings_per_core;
	struct counters *counters; /* per core and interface: packets in the files or stream */
	struct output *outputs;    /* one per core, or a single stream */
	unsigned output_count;
	/* With a filter command: the stream to its standard input. These cores never fill. */
	struct output filter_input;
	struct core *filter_input_cores;
	struct counters *filter_input_counters;
	struct capture_loop *loops; /* one per core, or a single one for all */
	unsigned loop_count;
	pthread_t *threads; /* one per loop, and one for the filter command's output */
	unsigned thread_count;
	struct runstate runstate;
	struct losses losses;
	struct diskquota quota;
	int64_t lease_end;    /* CLOCK_MONOTONIC, or INT64_MAX */
	int64_t duration_end; /* CLOCK_MONOTONIC, or INT64_MAX */
	char message[512];    /* what is missing from the result; empty: nothing */
};

#define CAPTURE_INIT                              \
	((struct capture){.watch = IFWATCH_INIT,  \
			  .runstate.stop_fd = -1, \
			  .losses = LOSSES_INIT,  \
			  .filter_input = OUTPUT_INIT})

/* Whether the program leaves room for what a ring of all interfaces puts before it. */
bool capture_can_follow(const struct capture_options *options);

/* How old what a rolling capture has on its disk may be: a file goes when all of it is too old. 0: it is none. */
int64_t capture_kept_ns(const struct capture_options *options);

/* Sets *counts to the counts of one core and interface, as last published. Any thread, between
 * capture_open and capture_close. */
void capture_counts(struct capture *capture, unsigned core, uint32_t interface,
		    struct counts *counts);

/* Of a ring: since when all cores are complete, and what is dropped beside them, in ns since 1970. The thread of
 * capture_wait. */
int64_t capture_complete_since(const struct capture *capture);

/* Up to when all that is in the files, likewise; 0: nothing is. */
int64_t capture_written(const struct capture *capture);

/* Likewise, the sum over all cores and interfaces. */
void capture_total(struct capture *capture, struct counts *total);

#endif
