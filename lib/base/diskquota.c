/*
 * A writer asks before it writes, under a lock, so that threads together cannot exceed a limit that
 * each of them finds kept. The reserve is compared with what the file system reports as free, since
 * other programs write too. That figure may or may not count bytes that were granted but are not
 * yet on disk: they are subtracted until diskquota_settle, which may count them twice.
 */
#include "base/diskquota.h"

#include <inttypes.h>
#include <sys/statvfs.h>

uint64_t
diskquota_free_bytes(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) < 0 ? 0 : (uint64_t)fs.f_bavail * fs.f_frsize;
}

uint64_t
diskquota_all_bytes(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) < 0 ? 0 : (uint64_t)fs.f_blocks * fs.f_frsize;
}

uint64_t
diskquota_default_reserve(int fd)
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
diskquota_init(struct diskquota *quota, int fd, uint64_t max_size, uint64_t reserve, uint64_t slack,
	       struct failure *why)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (fstatvfs(fd, &fs) < 0)
		return failure_errno(why, "cannot determine the free space");
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (reserve == DISKQUOTA_DEFAULT)
		reserve = diskquota_default_reserve(fd);
	if (free_bytes < reserve + slack)
		return failure_set(why,
				   "only %" PRIu64 " MiB of disk are free, and %" PRIu64
				   " MiB are to stay free (-R)",
				   free_bytes >> 20, reserve >> 20);
	if (max_size == 0)
		max_size = (free_bytes - reserve) / 4;
	*quota = (struct diskquota){.fd = fd,
				    .max_size = max_size,
				    .reserve = reserve,
				    .slack = slack,
				    .lock = PTHREAD_MUTEX_INITIALIZER};
	return 0;
}

uint64_t
diskquota_take(struct diskquota *quota, uint64_t size, enum diskquota_limit *limit)
{
	uint64_t free_bytes, taken = size, room;

	*limit = DISKQUOTA_NONE;
	pthread_mutex_lock(&quota->lock);
	room = quota->max_size > quota->slack + quota->used
		   ? quota->max_size - quota->slack - quota->used
		   : 0;
	if (taken > room) {
		taken = room;
		*limit = DISKQUOTA_SIZE;
	}
	free_bytes = diskquota_free_bytes(quota->fd);
	room = quota->reserve + quota->slack + quota->pending;
	room = free_bytes > room ? free_bytes - room : 0;
	if (taken > room) {
		taken = room;
		*limit = DISKQUOTA_RESERVE;
	}
	quota->used += taken;
	quota->pending += taken;
	pthread_mutex_unlock(&quota->lock);
	return taken;
}

void
diskquota_settle(struct diskquota *quota, uint64_t taken, uint64_t unused)
{
	pthread_mutex_lock(&quota->lock);
	quota->pending -= taken;
	quota->used -= unused;
	pthread_mutex_unlock(&quota->lock);
}

void
diskquota_hold(struct diskquota *quota, uint64_t bytes)
{
	pthread_mutex_lock(&quota->lock);
	quota->slack += bytes;
	pthread_mutex_unlock(&quota->lock);
}

void
diskquota_adjust(struct diskquota *quota, int64_t bytes)
{
	pthread_mutex_lock(&quota->lock);
	quota->used += (uint64_t)bytes;
	pthread_mutex_unlock(&quota->lock);
}

/* Rounded up, so that a little is not shown as nothing. */
static uint64_t
mebibytes(uint64_t bytes)
{
	return (bytes >> 20) + (bytes & ((1 << 20) - 1) ? 1 : 0);
}

int
diskquota_check_room(int fd, const char *path, uint64_t bytes, struct failure *why)
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
diskquota_capacity(int fd)
{
	const uint64_t reserve = diskquota_default_reserve(fd), all = diskquota_all_bytes(fd);

	if (all == 0)
		return UINT64_MAX;
	return all > reserve ? all - reserve : 0;
}
