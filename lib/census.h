/*
 * How many packets there are of each origin (engine, interface, side), and when: what vcap-stat
 * shows. Packets may come in any order.
 */
#ifndef VCAP_CENSUS_H
#define VCAP_CENSUS_H

#include "failure.h"
#include "label.h"
#include "packet.h"

#include <stddef.h>
#include <stdint.h>

struct census_row {
	struct label label;
	uint64_t packets, bytes;   /* bytes as on the wire */
	int64_t first_ns, last_ns; /* only if there are packets */
	/* Of the interface, on its row without a side; dropped is all that was lost. */
	struct statistics counters;
};

/* The packets of a row within [start_ns, start_ns + bin). */
struct census_bin {
	int64_t start_ns;
	uint32_t row;
	uint64_t packets, bytes;
};

struct census {
	struct census_row *rows; /* sorted by label once it has ended */
	size_t row_count;
	struct census_bin *bins; /* sorted by time and row */
	size_t bin_count, bin_room;
};

#define CENSUS_INIT ((struct census){0})

void census_release(struct census *census);

/* Counts a merge's source to its end; bin_ns is the length of a bin, or 0 for none. Rows that have
 * neither packets nor counters beside others of their interface are left out. -1: no memory, or the
 * source cannot go on. */
int census_take(struct census *census, struct source *source, int64_t bin_ns, struct failure *why);

#endif
