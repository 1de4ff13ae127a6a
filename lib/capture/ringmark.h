/*
 * The mark of a file of a ring, a comment in its section header: `complete-since SECONDS.NANOSECONDS`, when
 * it was begun. Of the core whose oldest file it is, nothing is missing since then: a packet that came
 * later is in that file or a later one.
 */
#ifndef VCAP_RINGMARK_H
#define VCAP_RINGMARK_H

#include "capfile/pcapng_write.h"

#include <stdint.h>

#define RINGMARK_KEY   "complete-since"
#define RINGMARK_WIDTH 20 /* digits and point: the same for each file */

/* Puts now_ns into the mark among these blocks, if there is one. */
void ringmark_set(struct blocks *blocks, int64_t now_ns);

/* Reads the mark of a file from its beginning. -1: it has none. */
int ringmark_read(int fd, int64_t *begun_ns);

#endif
