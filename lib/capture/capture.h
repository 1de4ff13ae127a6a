/*
 * A capture on this host: rings on every chosen interface for every CPU, a thread for every CPU (or
 * one, for a livestream), limits, and the status file. Packets may pass through a command on their
 *way: then one thread feeds it all of them, and another keeps what it gives back.
 *
 * The calling sequence is that of privileges:
 *
 *	capture_open   needs CAP_NET_RAW; opens rings, which accept nothing yet, and files
 *	               [the caller drops everything]
 *	capture_filter sets the filters: from here on packets are captured
 *	               [the caller confines itself to the directory]
 *	capture_start  starts the threads, which wait
 *	               [the caller confines all threads]
 *	capture_begin  lets them look at packets
 *	capture_wait   until it ends, and all is on disk
 *	capture_close
 */
#ifndef VCAP_CAPTURE_H
#define VCAP_CAPTURE_H

#include "base/diskquota.h"
#include "base/failure.h"
#include "capture/capture_loop.h"
#include "capture/filterproc.h"
#include "capture/flowproc.h"
#include "capture/iface.h"
#include "capture/output.h"
#include "capture/rundir.h"
#include "capture/runstate.h"
#include "packet/bpf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_options {
	const struct ifaces *interfaces; /* those taken */
	const struct bpf *program;       /* NULL or empty: everything */
	const char *name;                /* of this engine; NULL: none */
	uint64_t count;                  /* packets per core; 0: no limit */
	int64_t duration_ns;             /* 0: no limit */
	uint32_t snaplen;                /* 0: whole packets */
	uint64_t ring_bytes;             /* in all; 0: the default */
	uint64_t file_size;              /* bytes of a file; 0: a core has one file */
	unsigned files;                  /* of each core that are kept; 0: all */
	uint64_t max_size;               /* in all; 0: the default */
	uint64_t reserve;                /* DISKQUOTA_DEFAULT, or bytes */
	const struct rundir *dir;        /* NULL: a livestream on standard output */
	struct filterproc *slot;         /* started; NULL: no command */
	struct flowproc *informant;      /* likewise, of the command */
	int signal_fd;                   /* signalfd(2): ends the capture; -1: none */
	bool has_lease;                  /* ends at the end of standard input */
	int64_t lease_ns;                /* ... and when nothing came for so long; 0: no matter */
};

struct capture_interface {
	const struct iface *iface;
	int group;
	bool gone;
};

struct capture {
	struct capture_options options;
	struct capture_interface *interfaces;
	uint32_t interface_count;
	const char **names; /* of the interfaces */
	struct core *cores;
	unsigned core_count;
	uint32_t ring_snaplen;    /* 0: whole packets */
	struct ring_input *lanes; /* of core c and interface i: [c * interface_count + i] */
	struct counters *ledgers; /* likewise: what is kept */
	struct output *outlets;   /* of each core, or of all */
	unsigned output_count;
	/* With a command: what it is fed, whose cores are never full. */
	struct output feed;
	struct core *feed_cores;
	struct counters *feed_ledgers;
	struct capture_loop *collectors;
	unsigned capture_loop_count;
	pthread_t *threads; /* a collector's each, and the slot's */
	unsigned thread_count;
	struct runstate control;
	struct diskquota quota;
	int64_t lease_end;    /* CLOCK_MONOTONIC, or INT64_MAX */
	int64_t duration_end; /* CLOCK_MONOTONIC, or INT64_MAX */
	char message[512];    /* what is missing from the result, in words; empty: nothing */
};

#define CAPTURE_INIT ((struct capture){.control.stop_fd = -1, .feed = OUTPUT_INIT})

/* options, and what it points to, must outlive the capture. */
int capture_open(struct capture *capture, const struct capture_options *options,
		 struct failure *why);
int capture_filter(struct capture *capture, struct failure *why);
int capture_start(struct capture *capture, struct failure *why);
int capture_begin(struct capture *capture, struct failure *why);

/* How a capture ended. */
enum capture_end {
	CAPTURE_DONE,    /* by a limit, or as it was told to */
	CAPTURE_PARTIAL, /* what there is is good; message says what is missing */
	CAPTURE_FAILED,  /* no interface was left, or it could not go on */
};

enum capture_end capture_wait(struct capture *capture);

/* What is kept of a core and an interface, or of everything together, as last published. Any time
 * between capture_open and capture_close. */
void capture_read(struct capture *capture, unsigned core, uint32_t interface,
		  struct account *account);
void capture_total(struct capture *capture, struct account *total);

void capture_close(struct capture *capture);

#endif
