#include "quota.h"

#include <inttypes.h>
#include <sys/statvfs.h>

uint64_t
quota_free_bytes(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) < 0 ? 0 : (uint64_t)fs.f_bavail * fs.f_frsize;
}

uint64_t
quota_all_bytes(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) < 0 ? 0 : (uint64_t)fs.f_blocks * fs.f_frsize;
}

uint64_t
quota_default_reserve(int fd)
{
	const uint64_t gibibyte = UINT64_C(1) << 30;
	struct statvfs fs;
	uint64_t tenth;

	if (fstatvfs(fd, &fs) < 0)
		return 0;
	tenth = (uint64_t)fs.f_blocks * fs.f_frsize / 10;
	return tenth > gibibyte ? tenth : gibibyte;
}

int
quota_init(struct quota *quota, int fd, uint64_t max_size, uint64_t reserve, uint64_t slack,
	   struct failure *why)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (fstatvfs(fd, &fs) < 0)
		return failure_errno(why, "cannot tell how much space is free");
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (reserve == QUOTA_DEFAULT)
		reserve = quota_default_reserve(fd);
	if (free_bytes < reserve + slack)
		return failure_set(why,
				   "only %" PRIu64 " MiB of disk are free, and %" PRIu64
				   " MiB are to stay free (-R)",
				   free_bytes >> 20, reserve >> 20);
	if (max_size == 0)
		max_size = (free_bytes - reserve) / 4;
	*quota = (struct quota){.fd = fd,
				.max_size = max_size,
				.reserve = reserve,
				.slack = slack,
				.lock = PTHREAD_MUTEX_INITIALIZER};
	return 0;
}

uint64_t
quota_take(struct quota *quota, uint64_t size, enum quota_limit *limit)
{
	uint64_t free_bytes, taken = size, room;

	*limit = QUOTA_NONE;
	pthread_mutex_lock(&quota->lock);
	room = quota->max_size > quota->slack + quota->used
		   ? quota->max_size - quota->slack - quota->used
		   : 0;
	if (taken > room) {
		taken = room;
		*limit = QUOTA_SIZE;
	}
	/* What other threads are writing may or may not be in the figure: counting it twice is
	 * the safe side. */
	free_bytes = quota_free_bytes(quota->fd);
	room = quota->reserve + quota->slack + quota->pending;
	room = free_bytes > room ? free_bytes - room : 0;
	if (taken > room) {
		taken = room;
		*limit = QUOTA_RESERVE;
	}
	quota->used += taken;
	quota->pending += taken;
	pthread_mutex_unlock(&quota->lock);
	return taken;
}

void
quota_settle(struct quota *quota, uint64_t taken, uint64_t unused)
{
	pthread_mutex_lock(&quota->lock);
	quota->pending -= taken;
	quota->used -= unused;
	pthread_mutex_unlock(&quota->lock);
}

void
quota_adjust(struct quota *quota, int64_t bytes)
{
	pthread_mutex_lock(&quota->lock);
	quota->used += (uint64_t)bytes;
	pthread_mutex_unlock(&quota->lock);
}
