/*
 * Every conversation of a capture, counted: each connection on either side of the proxy, and what else passed
 * between two ends. A packet that is counted is in one entry. What is asked of a list that is NULL does
 * nothing.
 */
#ifndef VCAP_CONNLIST_H
#define VCAP_CONNLIST_H

#include "base/failure.h"
#include "base/siphash.h"
#include "filter/service.h"
#include "join/flowkey.h"
#include "packet/packet.h"
#include "transactions/transaction.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entries have numbers from 1. */
#define CONNLIST_NONE UINT32_C(0)
/* What there is no room for is summed up. */
#define CONNLIST_REST UINT32_MAX

/* So many entries at most: some 25 MiB. */
#define CONNLIST_MOST 131072

struct connlist_entry {
	struct flowkey
	    ends; /* `one` is the client or, on the server side, the engine; not IP: all zero */
	enum side side;
	uint32_t engine; /* as the caller numbers them */
	int64_t first_ns, last_ns;
	uint64_t packets, bytes;       /* of both directions; bytes on the wire */
	uint64_t transactions, failed; /* told of it */
	uint32_t client;               /* of the server side: the newest that it carried */
	bool is_shared;                /* ... and others before */
	bool is_translated;            /* ... which is the same connection, seen on both sides */
	/* How it ended, if it was followed as a connection. */
	bool has_ending, is_refused;
	enum party who;
	enum ending how;
	int64_t closed_ns; /* EXCHANGE_NEVER: nobody has closed it */
	int64_t silent_ns;
	uint32_t next_in_bucket; /* private */
};

struct connlist;

/* secret, which is random, keys the hash. NULL: out of memory. */
struct connlist *connlist_new(struct siphash_key secret, struct failure *why);
void connlist_free(struct connlist *list);

/* Begins a conversation. Returns its number, or CONNLIST_REST. */
uint32_t connlist_begin(struct connlist *list, const struct flowkey *ends, enum side side,
			uint32_t engine);
/* The number of what passes between these ends and is followed as no connection; the first time it begins. */
uint32_t connlist_between(struct connlist *list, const struct flowkey *ends, enum side side,
			  uint32_t engine);

/* Counts a packet of the entry; CONNLIST_REST is one, too. */
void connlist_count(struct connlist *list, uint32_t number, const struct packet *packet);
/* A row was told of the entry. */
void connlist_tell(struct connlist *list, uint32_t number, const struct transaction *row);

/* The server-side entry carries the client-side one. Either may be CONNLIST_NONE or CONNLIST_REST: then nothing
 * is known. */
void connlist_carry(struct connlist *list, uint32_t server, uint32_t client);
/* These are one connection, whose addresses are translated. */
void connlist_translate(struct connlist *list, uint32_t server, uint32_t client);

/* It has ended as the row of it alone says, by whoever closed it at closed_ns. */
void connlist_end(struct connlist *list, uint32_t number, const struct transaction *row,
		  int64_t closed_ns, bool is_refused);

/* The entries, from the first; *count of them. Valid until one is added. */
const struct connlist_entry *connlist_entries(const struct connlist *list, size_t *count);
/* Packets that are in no entry. */
uint64_t connlist_rest(const struct connlist *list);

#endif
