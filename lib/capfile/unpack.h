/*
 * Unpacks a compressed input on its way from the descriptor to the reader, in this process and with
 * bounded memory. What was unpacked before damage is read; why it ended is told afterwards.
 */
#ifndef VCAP_UNPACK_H
#define VCAP_UNPACK_H

#include "base/codec.h"
#include "base/failure.h"
#include "capfile/inbuf.h"

struct unpack; /* opaque */

/* Puts an unpacker of that kind in front of *in, whose next bytes have told the kind: *in is then read
 * through it (inbuf_read_through). NULL with why: out of memory, and nothing has changed. */
struct unpack *unpack_new(enum codec_kind kind, struct inbuf *in, struct failure *why);
/* Before inbuf_release of the input. unpack may be NULL. */
void unpack_free(struct unpack *unpack);

enum unpack_end {
	UNPACK_WHOLE,   /* nothing is wrong with what was read so far */
	UNPACK_CUT,     /* the rest is missing or damaged */
	UNPACK_REFUSED, /* it would take too much memory */
};

/* How it has gone; unless UNPACK_WHOLE *what says so of the input of that name. */
enum unpack_end unpack_end(const struct unpack *unpack, const char *name, struct failure *what);

#endif
