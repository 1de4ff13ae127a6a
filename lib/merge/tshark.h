/*
 * What tshark(1) says of packets. It knows hundreds of protocols, in millions of lines of C that have read
 * what outsiders wrote before: so it runs as nobody, with no privilege, no network, no process but itself and
 * no file but those of the system, to read, and has a bounded time and memory for a bounded number of packets.
 *
 *	tshark_prepare, then the caller confines itself -> tshark_add ... -> tshark_run -> tshark_words
 */
#ifndef VCAP_TSHARK_H
#define VCAP_TSHARK_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stddef.h>

struct tshark;

/* So many packets, and bytes of them, at most. */
#define TSHARK_PACKETS 100000
#define TSHARK_BYTES   ((size_t)64 << 20)

/* Makes the process that becomes tshark when it is run, and ends with this one. NULL with why: it is not
 * installed, or the system cannot confine it. */
struct tshark *tshark_prepare(struct failure *why);
/* tshark may be NULL. */
void tshark_free(struct tshark *tshark);

/* Adds a packet of source, always the same one. 1: added; 0: there is no room for more; -1 with why: it
 * cannot be written. */
int tshark_add(struct tshark *tshark, const struct source *source, const struct packet *packet,
	       struct failure *why);

/* Lets it read all that was added. -1 with why: it did not end well, or in time; what it said before that
 * counts. */
int tshark_run(struct tshark *tshark, struct failure *why);

/* What it said of the number-th packet that was added, from 0, without control characters, valid until the
 * next call; NULL: nothing. */
const char *tshark_words(struct tshark *tshark, size_t number);

#endif
