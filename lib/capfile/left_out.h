/*
 * What the reader of a file leaves out, cuts or mends, since other readers of the format give up a
 * whole file for it.
 */
#ifndef VCAP_LEFT_OUT_H
#define VCAP_LEFT_OUT_H

#include <stdint.h>

/* Each is counted once, however often its place is read. */
struct left_out {
	uint64_t options; /* malformed: of packets, interfaces, statistics and sections */
	uint64_t blocks;  /* malformed: name resolution, secrets, custom */
	uint64_t cut;     /* packets of more than PACKET_SNAPLEN bytes, which keep those */
	uint64_t mended;  /* packets whose lengths, time or end were wrong, and are not any more */
};

#endif
