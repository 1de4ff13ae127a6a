/*
 * The output of one thread: the rotated files of a core, or a stream, and the counts of what
 * went there. The limits on packets are applied here: the count per core, the snaplen, and the time
 * at which the capture was stopped.
 *
 * Counts are those of counts.h.
 */
#ifndef VCAP_OUTPUT_H
#define VCAP_OUTPUT_H

#include "base/failure.h"
#include "capfile/pcapng_write.h"
#include "capture/counts.h"
#include "capture/hellotap.h"
#include "capture/iftable.h"
#include "capture/losses.h"
#include "capture/rotation.h"
#include "capture/runstate.h"
#include "packet/packet.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keeps apart by a cache line what different threads write for every packet. */
#define OUTPUT_ALIGNED __attribute__((aligned(128)))

/* A core, and its packets as far as they count for the limit. */
struct core {
	uint32_t number;
	uint64_t packets;
	int64_t full_ns; /* the time of the packet that reached the limit, or 0; read atomically */
} OUTPUT_ALIGNED;

/* The counts of one interface on one core. */
struct counters {
	struct counts counts;     /* of the output's thread */
	struct counts published;  /* a copy for other threads; under the output's lock */
	uint64_t received_before; /* counts.received, as of the last drops */
} OUTPUT_ALIGNED;

/* Appends the blocks that describe the interface with this number. -1: out of memory. */
typedef int output_describe(void *context, uint32_t interface, struct blocks *blocks);

/* Brings received and dropped of all counters whose core is not full up to date. */
typedef void output_refresh(void *context);

struct output {
	/* Set by the caller before output_open */
	const struct iftable *interfaces; /* may grow */
	uint32_t described;               /* of them, in the headers of the rotation */
	struct counters *counters;        /* [core * interfaces->room + interface]; borrowed */
	struct core *cores;               /* whose counters these are; borrowed */
	unsigned core_count;
	uint64_t count;       /* packets per core; 0: no limit */
	uint32_t snaplen;     /* 1 or more */
	bool cuts;            /* packets to their headers */
	struct hellotap *tap; /* is told of TLS sessions; borrowed; NULL: nobody is */
	struct runstate *runstate;
	enum stop_reason closed_reason; /* to stop with when the reader of a stream has gone */
	output_refresh *refresh;
	void *refresh_context;
	output_describe *describe;
	void *describe_context;
	struct losses *losses; /* of the host; borrowed; NULL: none are told */
	struct rotation rotation;
	/* Set by the thread that uses the output, at any time */
	int64_t end_ns;       /* packets after this time are skipped; INT64_MAX: none */
	char *filter_comment; /* heap, owned: added to the last statistics' comment; or NULL */
	char *always_comment; /* heap, owned: added to that of all statistics; or NULL */
	/* Private */
	bool is_complete; /* all that was added, and the last blocks, were written: at the end */
	struct blocks scratch;
	char *lost;           /* heap: what the last statistics' comment says of losses; or NULL */
	uint64_t oldest_file; /* as far as `removed` counts */
	int64_t last_flush, last_publish, last_heartbeat; /* CLOCK_MONOTONIC */
	int64_t reached_ns; /* of what was added: no packet before this time follows */
	/* For other threads; accessed atomically. CLOCK_REALTIME */
	int64_t written_ns; /* reached_ns, as far as it is in the file */
	int64_t since_ns;   /* of a ring: when its oldest file was begun; 0: it is the first */
	pthread_mutex_t lock;
	pthread_cond_t finished;
	bool is_finished; /* under the lock */
} OUTPUT_ALIGNED;

#define OUTPUT_INIT ((struct output){.rotation = ROTATION_INIT, .end_ns = INT64_MAX})

/* Opens the rotation. What the caller has set, and what it points to, must stay. On failure
 * output_release frees it. */
int output_open(struct output *output, struct failure *why);
/* Closes and frees what is left; output_finish comes before if the output is to be complete. */
void output_release(struct output *output);

/* The core of a packet, and the counters of an interface on it, in the arrays of this output. */
struct core *output_core(const struct output *output, unsigned core);
struct counters *output_counters(const struct output *output, unsigned core, uint32_t interface);

/* Writes the packet, cut to the snaplen or its headers, or counts it as skipped. Called for every packet, whose
 * core and interface are numbered as those of the capture. */
void output_packet(struct output *output, struct packet *packet);

/* The bytes at the end of a file for this many interfaces: their statistics, what a filter command
 * says at its end, and what was lost. */
#define OUTPUT_END_ROOM(interfaces) (256 * (interfaces) + 1024 + LOSSES_COMMENT_MAX)

/* Writes a heartbeat to a stream, or to the files of a rolling capture, if the last one was long enough
 * ago: statistics that say that no packet older than the watermark (CLOCK_REALTIME, ns) follows. now is
 * CLOCK_MONOTONIC. */
void output_heartbeat(struct output *output, int64_t now, int64_t watermark);

/* What is due at now (CLOCK_MONOTONIC): publishes the counts, writes out packets that have
 * waited long enough, those of a stream at once, and begins and removes files by their time. */
void output_tick(struct output *output, int64_t now);

/* Writes what is left and the last statistics, syncs and closes. */
void output_finish(struct output *output);

/* Waits, on another thread, for the end of output_finish, when the counts are final; for ns
 * nanoseconds at most. */
void output_wait(struct output *output, int64_t ns);

/* Adds the counts of these counters, as last published, to *to. Any thread. */
void output_read(struct output *output, const struct counters *counters, struct counts *to);

#endif
