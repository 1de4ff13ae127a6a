/*
 * Where the packets of some cores go, on one thread: a series of files, or a livestream, and the
 * accounts of what is kept there. The limits that hold for packets are applied here: the count of
 * each core, the snaplen, the moment at which the capture ended.
 *
 * How packets are accounted: a ring's filter passes `received`; of these `dropped` found no room in
 * it; of those that came here `packets` are kept and `skipped` are not, because their core was
 * full, or the capture had ended, or the recording had. `removed` ones were kept, in files that
 * have made room for newer ones since.
 */
#ifndef VCAP_OUTPUT_H
#define VCAP_OUTPUT_H

#include "base/failure.h"
#include "capfile/pcapng_write.h"
#include "capture/rotation.h"
#include "capture/runstate.h"
#include "packet/packet.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account {
	uint64_t packets, bytes; /* kept; bytes as captured */
	uint64_t truncated;      /* of these, shorter than on the wire */
	uint64_t removed, removed_bytes;
	uint64_t received, dropped, skipped;
};

/* Adds one account to another. */
void account_add(struct account *to, const struct account *account);

/* What threads write for every packet is a cache line apart. */
#define OUTPUT_APART __attribute__((aligned(128)))

/* A core, and where its count stands. */
struct core {
	uint32_t number;
	uint64_t packets;
	int64_t full_ns; /* the time of the packet that filled it, or 0; read atomically */
} OUTPUT_APART;

/* The accounts of an interface on a core. */
struct counters {
	struct core *core;
	struct account account;   /* the outlet's own */
	struct account published; /* as of the last time; under the outlet's lock */
} OUTPUT_APART;

/* Brings received and dropped of all ledgers whose core is not full up to date. */
typedef void output_count(void *context);

struct output {
	/* Set by the caller before output_open */
	struct counters
	    *ledgers; /* of core c of these and interface i: [c * interface_count + i] */
	size_t ledger_count;
	uint32_t interface_count;
	uint64_t count;   /* packets per core; 0: no limit */
	uint32_t snaplen; /* 1 or more */
	struct runstate *control;
	enum stop_reason closed; /* what it means that nobody reads the livestream any more */
	output_count *counter;
	void *context;
	struct rotation series;
	/* Its own */
	int64_t end_ns; /* packets after this are not kept */
	char *remark;   /* heap, owned: what else the last statistics say, a line each; or NULL */
	bool whole;     /* how it ended */
	struct blocks scratch;
	uint64_t oldest; /* file, as far as the accounts know */
	struct account
	    *endings; /* of each file that is kept and each ledger: the account at its end */
	int64_t flushed, published, beaten; /* when, on CLOCK_MONOTONIC */
	pthread_mutex_t lock;
	pthread_cond_t finished;
	bool is_finished; /* under the lock */
} OUTPUT_APART;

#define OUTPUT_INIT ((struct output){.series = ROTATION_INIT, .end_ns = INT64_MAX})

/* Opens its series. What the caller has set, and what it points to, must stay. */
int output_open(struct output *outlet, struct failure *why);
void output_release(struct output *outlet);

/* Keeps the packet, cut to the snaplen, or accounts why not. The per-packet path. */
void output_keep(struct output *outlet, struct counters *ledger, struct packet *packet);

/* Says in a livestream that no packet older than settled follows, if it is time to say so. */
void output_heartbeat(struct output *outlet, int64_t now, int64_t settled);

/* What is due by the clock (CLOCK_MONOTONIC): accounts are published, bytes that have waited long
 * enough are written; a livestream's at once. */
void output_tend(struct output *outlet, int64_t now);

/* Everything that was kept, and how it ended, is written and on disk. */
void output_finish(struct output *outlet);

/* Waits until output_finish is through, on another thread, and the accounts are final; ns at most.
 */
void output_await(struct output *outlet, int64_t ns);

/* Adds the ledger's numbers, as last published, to *to. Any thread. */
void output_read(struct output *outlet, const struct counters *ledger, struct account *to);

#endif
