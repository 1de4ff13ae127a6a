/*
 * A relay: a process in a sandbox that copies a stream of bytes to a descriptor, compresses or
 * decompresses it, and limits its rate.
 *
 *	relay_start -> write to .in, or have a child do so -> close .in -> relay_finish
 *
 * The writer gets SIGPIPE when the relay fails.
 */
#ifndef VCAP_RELAY_H
#define VCAP_RELAY_H

#include "base/codec.h"
#include "base/failure.h"

#include <stdint.h>

enum relay_kind { RELAY_COPY, RELAY_COMPRESS, RELAY_DECOMPRESS };

struct relay_options {
	enum relay_kind kind;
	enum codec_kind codec; /* of RELAY_COMPRESS and RELAY_DECOMPRESS */
	uint64_t rate;         /* bytes per second to read at most; 0: no limit */
	uint64_t most;         /* bytes to write; more are a failure; 0: no limit */
	int64_t
	    timeout_ns; /* of a read, which is a failure; 0: none, and the next two are not used */
	uint64_t least; /* bytes to write in each such time; less is a failure; 0: no limit */
	int64_t longest_ns; /* of the whole stream; a longer one is a failure; 0: no limit */
};

struct relay {
	int in;     /* write end of its input; close-on-exec */
	int result; /* read end of its result */
};

#define RELAY_INIT ((struct relay){-1, -1})

/* Starts the process, which writes to out; out stays the caller's, and options are not used after
 * this call. -1 with why, and *relay is RELAY_INIT. */
int relay_start(struct relay *relay, int out, const struct relay_options *options,
		struct failure *why);

enum relay_end { RELAY_WHOLE, RELAY_FAILED, RELAY_LATE };

/* Closes .in and waits for the process to end, so all other copies of .in must be closed, unless
 * there is a timeout. RELAY_WHOLE: all has been written. Otherwise, with why: not all, and
 * RELAY_LATE: because it came too slowly. *relay is RELAY_INIT afterwards. */
enum relay_end relay_finish(struct relay *relay, struct failure *why);

#endif
