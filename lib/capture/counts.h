/*
 * What the counts of a capture mean: the filter of a ring passes `received` packets, of which `dropped` found no
 * room in the ring. Of those that come to an output (output.h), `packets` are written, and `skipped` are not: the
 * core was full, the capture had been stopped, or the output had. `removed` ones were written to files
 * that have been removed since to make room for newer ones.
 */
#ifndef VCAP_COUNTS_H
#define VCAP_COUNTS_H

#include <stdint.h>

struct counts {
	uint64_t packets, bytes; /* written; bytes as captured */
	uint64_t truncated;      /* of these packets, shorter than on the wire */
	uint64_t removed, removed_bytes;
	uint64_t received, dropped, skipped;
};

/* Adds each of counts to *to. */
void counts_add(struct counts *to, const struct counts *counts);

#endif
