/*
 * A source that puts another's packets in order within a window of time, for those that can be read
 * only once: a packet is held until one is read that is newer by the window, or until WINDOW_BYTES
 * are held. What comes later than that passes late. Packets of one time keep their order.
 */
#ifndef VCAP_WINDOW_H
#define VCAP_WINDOW_H

#include "failure.h"
#include "packet.h"

#include <stdint.h>

#define WINDOW_BYTES (32u << 20)

struct window;

/* from is the caller's and outlives it. NULL: no memory. */
struct window *window_new(struct source *from, int64_t window_ns, struct failure *why);
void window_free(struct window *window);
struct source *window_source(struct window *window);

#endif
