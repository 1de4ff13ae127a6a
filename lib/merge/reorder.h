/*
 * A source that puts another's packets in order within a window of time, for those that can be read
 * only once: a packet is held until one is read that is newer by the window, or until REORDER_BYTES
 * are held. What comes later than that passes late. Packets of one time keep their order.
 */
#ifndef VCAP_REORDER_H
#define VCAP_REORDER_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stdint.h>

#define REORDER_BYTES (32u << 20)

struct reorder;

/* from is the caller's and outlives it. NULL: no memory. */
struct reorder *reorder_new(struct source *from, int64_t window_ns, struct failure *why);
void reorder_free(struct reorder *window);
struct source *reorder_source(struct reorder *window);

#endif
