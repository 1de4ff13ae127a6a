/*
 * How many packets there are of each origin (engine, interface, side), and when: what vcap-stat
 * shows. Packets may come in any order.
 */
#ifndef VCAP_SUMMARY_H
#define VCAP_SUMMARY_H

#include "base/failure.h"
#include "merge/label.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

struct summary_row {
	struct label label;
	uint64_t packets, bytes;   /* bytes as on the wire */
	int64_t first_ns, last_ns; /* only if there are packets */
	/* Of the interface, on its row without a side; dropped is all that was lost. */
	struct statistics counters;
};

/* The packets of a row within [start_ns, start_ns + bin). */
struct summary_bin {
	int64_t start_ns;
	uint32_t row;
	uint64_t packets, bytes;
};

struct summary {
	struct summary_row *rows; /* sorted by label once it has ended */
	size_t row_count;
	struct summary_bin *bins; /* sorted by time and row */
	size_t bin_count, bin_room;
};

#define SUMMARY_INIT ((struct summary){0})

void summary_release(struct summary *census);

/* Counts a merge's source to its end; bin_ns is the length of a bin, or 0 for none. Rows that have
 * neither packets nor counters beside others of their interface are left out. -1: no memory, or the
 * source cannot go on. */
int summary_take(struct summary *census, struct source *source, int64_t bin_ns,
		 struct failure *why);

#endif
