/*
 * Whether a snapshot may be taken: it writes nothing, but what it links is not free when the ring removes
 * it.
 */
#ifndef VCAP_SNAPSHOT_ROOM_H
#define VCAP_SNAPSHOT_ROOM_H

#include "base/failure.h"
#include "capture/ringfiles.h"

#include <stdint.h>

/* Those of the ring itself, in bytes. */
struct snapshot_limits {
	uint64_t max_size; /* of all files of the ring */
	uint64_t reserve;  /* stays free on its disk */
};

/*
 * files are to be linked by a snapshot of the ring, a directory. All that snapshots beside it hold, each
 * file once, may be as much as the ring may have. The first is taken in any case: the ring shrinks. Another
 * is refused if the disk would be down to the reserve once the ring has again what it has given. -1 with
 * why: refused.
 */
int snapshot_room_check(const char *ring, const struct ringfiles *files,
			const struct snapshot_limits *limits, struct failure *why);

#endif
