/*
 * A source that sorts another one, for inputs that can be read only once: a packet is held until a
 * packet is read that is newer by window_ns, or until REORDER_BYTES are held. What is out of order
 * by more is yielded late. Packets of one time are sorted by engine and core, as a merge has them, and keep their
 * order if these are the same.
 */
#ifndef VCAP_REORDER_H
#define VCAP_REORDER_H

#include "base/failure.h"
#include "merge/label.h"
#include "packet/packet.h"

#include <stdint.h>

#define REORDER_BYTES (32u << 20) /* of packets with their bookkeeping */

struct reorder;

/* from is the caller's and outlives it, as do the texts of hint, which says whose its packets are. window_ns is in
 * nanoseconds. NULL: out of memory. */
struct reorder *reorder_new(struct source *from, const struct label_hint *hint, int64_t window_ns,
			    struct failure *why);
/* reorder may be NULL. */
void reorder_free(struct reorder *reorder);
/* The sorted source, valid until reorder_free. It cannot be revisited. */
struct source *reorder_source(struct reorder *reorder);

#endif
