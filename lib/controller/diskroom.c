#include "controller/diskroom.h"

#include "base/diskquota.h"

#include <inttypes.h>

/* Enough to show that a little is not nothing. */
static uint64_t
mebibytes(uint64_t bytes)
{
	return (bytes >> 20) + (bytes & ((1 << 20) - 1) ? 1 : 0);
}

int
diskroom_check(int fd, const char *path, uint64_t bytes, struct failure *why)
{
	const uint64_t reserve = diskquota_default_reserve(fd), is_free = diskquota_free_bytes(fd);

	if (reserve == 0 || (is_free >= reserve && is_free - reserve >= bytes))
		return 0;
	if (bytes == 0)
		return failure_set(why,
				   "the disk of this host has only %" PRIu64
				   " MiB free for '%s', and %" PRIu64 " MiB are to stay free",
				   is_free >> 20, path, reserve >> 20);
	return failure_set(why,
			   "the disk of this host has only %" PRIu64
			   " MiB free for '%s', and %" PRIu64 " MiB are to stay free: %" PRIu64
			   " MiB more do not fit",
			   is_free >> 20, path, reserve >> 20, mebibytes(bytes));
}

uint64_t
diskroom_at_best(int fd)
{
	const uint64_t reserve = diskquota_default_reserve(fd), all = diskquota_all_bytes(fd);

	if (all == 0)
		return UINT64_MAX;
	return all > reserve ? all - reserve : 0;
}
