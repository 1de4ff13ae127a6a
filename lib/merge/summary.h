/*
 * How many packets a source has of each engine, interface and side, and when: what vcap-stat
 * prints. Packets may come in any order.
 */
#ifndef VCAP_SUMMARY_H
#define VCAP_SUMMARY_H

#include "base/failure.h"
#include "merge/label.h"
#include "packet/connwatch.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

/* An engine, interface and side. */
struct summary_row {
	struct label label;
	uint64_t packets, bytes;   /* bytes on the wire */
	int64_t first_ns, last_ns; /* unset if there are no packets */
	/* Of the interface, on its row without a side; dropped is the sum of all drops, or
	 * STATISTICS_UNKNOWN. */
	struct statistics counters;
};

/* The packets of a row within [start_ns, start_ns + bin). */
struct summary_bin {
	int64_t start_ns;
	uint32_t row;
	uint64_t packets, bytes;
};

struct summary {
	struct summary_row *rows; /* heap; sorted by label once summary_count has returned */
	size_t row_count;
	struct summary_bin *bins; /* heap; sorted by time and row then */
	size_t bin_count, bin_room;
	/* Takes the packets of the server side, and those whose side is not known. NULL: none; the
	 * caller's. */
	struct connwatch *connwatch;
	/* Sees each packet, too; -1: it is out of memory. NULL: none. */
	int (*see)(void *context, const struct packet *packet);
	void *context; /* of see; the caller's */
	void *tree;    /* private: of the rows, while they are counted */
};

#define SUMMARY_INIT ((struct summary){0})

/* Has it count connects that fail, in summary->connwatch, which is for connwatch_free. */
int summary_watch_connects(struct summary *summary, struct failure *why);

/* Frees all rows and bins; summary is then SUMMARY_INIT. */
void summary_release(struct summary *summary);

/* Counts all packets of source; bin_ns is the length of a bin in nanoseconds, 0: no bins. Rows with
 * neither packets nor counters are left out if others of their interface exist. 0, or -1: out of
 * memory, or SOURCE_CUT. */
int summary_count(struct summary *summary, struct source *source, int64_t bin_ns,
		  struct failure *why);

#endif
