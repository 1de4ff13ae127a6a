/*
 * Where the packets of some cores go, on one thread: a series of files, or a stream, and the
 * accounts of what is kept there. The limits that hold for packets are applied here: the count of
 * each core, the snaplen, the moment at which the capture ended.
 *
 * How packets are accounted: a ring's filter passes `received`; of these `dropped` found no room in
 * it; of those that came here `packets` are kept and `skipped` are not, because their core was
 * full, or the capture had ended, or the recording had. `removed` ones were kept, in files that
 * have made room for newer ones since.
 */
#ifndef VCAP_OUTLET_H
#define VCAP_OUTLET_H

#include "control.h"
#include "failure.h"
#include "packet.h"
#include "pcapng.h"
#include "series.h"

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
#define OUTLET_APART __attribute__((aligned(128)))

/* A core, and where its count stands. */
struct core {
	uint32_t number;
	uint64_t packets;
	int64_t full_ns; /* the time of the packet that filled it, or 0; read atomically */
} OUTLET_APART;

/* The accounts of an interface on a core. */
struct ledger {
	struct core *core;
	struct account account;   /* the outlet's own */
	struct account published; /* as of the last time; under the outlet's lock */
} OUTLET_APART;

/* Brings received and dropped of all ledgers whose core is not full up to date. */
typedef void outlet_count(void *context);

struct outlet {
	/* Set by the caller before outlet_open */
	struct ledger *ledgers; /* of core c of these and interface i: [c * interface_count + i] */
	size_t ledger_count;
	uint32_t interface_count;
	uint64_t count;   /* packets per core; 0: no limit */
	uint32_t snaplen; /* 1 or more */
	struct control *control;
	enum stop_reason closed; /* what it means that nobody reads the stream any more */
	outlet_count *counter;
	void *context;
	struct series series;
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
} OUTLET_APART;

#define OUTLET_INIT ((struct outlet){.series = SERIES_INIT, .end_ns = INT64_MAX})

/* Opens its series. What the caller has set, and what it points to, must stay. */
int outlet_open(struct outlet *outlet, struct failure *why);
void outlet_release(struct outlet *outlet);

/* Keeps the packet, cut to the snaplen, or accounts why not. The per-packet path. */
void outlet_keep(struct outlet *outlet, struct ledger *ledger, struct packet *packet);

/* Says in a stream that no packet older than settled follows, if it is time to say so. */
void outlet_beat(struct outlet *outlet, int64_t now, int64_t settled);

/* What is due by the clock (CLOCK_MONOTONIC): accounts are published, bytes that have waited long
 * enough are written; a stream's at once. */
void outlet_tend(struct outlet *outlet, int64_t now);

/* Everything that was kept, and how it ended, is written and on disk. */
void outlet_finish(struct outlet *outlet);

/* Waits until outlet_finish is through, on another thread, and the accounts are final; ns at most.
 */
void outlet_await(struct outlet *outlet, int64_t ns);

/* Adds the ledger's numbers, as last published, to *to. Any thread. */
void outlet_read(struct outlet *outlet, const struct ledger *ledger, struct account *to);

#endif
