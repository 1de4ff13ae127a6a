/*
 * How many bytes may still be written to a file system: a size cap over all files of a capture, and
 * a reserve that stays free whoever else writes. Shared by the threads that write.
 */
#ifndef VCAP_DISKQUOTA_H
#define VCAP_DISKQUOTA_H

#include "base/failure.h"

#include <pthread.h>
#include <stdint.h>

#define DISKQUOTA_DEFAULT UINT64_MAX

enum diskquota_limit { DISKQUOTA_NONE, DISKQUOTA_SIZE, DISKQUOTA_RESERVE };

struct diskquota {
	int fd; /* anything on the file system; the caller's */
	uint64_t max_size, reserve;
	uint64_t slack; /* for what is written at the end whatever the limits */
	pthread_mutex_t lock;
	uint64_t used;    /* taken so far */
	uint64_t pending; /* of that, not yet seen by the file system */
};

/*
 * Sets the limits for the file system of fd: max_size 0 is a quarter of what is free above the
 * reserve, reserve DISKQUOTA_DEFAULT the larger of 1 GiB and 10 % of the file system. slack is held
 * back from both. Fails if less than the reserve is free now.
 */
int diskquota_init(struct diskquota *quota, int fd, uint64_t max_size, uint64_t reserve,
		   uint64_t slack, struct failure *why);

/* Asks to write size bytes. Returns how many may be; if that is fewer, *limit says why. */
uint64_t diskquota_take(struct diskquota *quota, uint64_t size, enum diskquota_limit *limit);

/* What was taken is now in the file; or, as far as it is in unused, will not be. */
void diskquota_settle(struct diskquota *quota, uint64_t taken, uint64_t unused);

/* So many bytes were written without asking; or, if negative, have been removed. */
void diskquota_adjust(struct diskquota *quota, int64_t bytes);

/* Bytes free to this user on the file system of fd, and bytes it has in all; 0 if that cannot be
 * told. */
uint64_t diskquota_free_bytes(int fd);
uint64_t diskquota_all_bytes(int fd);
/* What is to stay free there unless something else is said: DISKQUOTA_DEFAULT. 0 if that cannot be
 * told. */
uint64_t diskquota_default_reserve(int fd);

/* Checks that bytes more can be written to the file system of fd, on which path is, without using
 * the default reserve. 0, or -1 with why naming this host's disk. A file system that does not tell
 * its size has room. */
int diskquota_check_room(int fd, const char *path, uint64_t bytes, struct failure *why);

/* The bytes that the file system of fd could hold beside the default reserve if it were empty.
 * UINT64_MAX if it does not tell. */
uint64_t diskquota_capacity(int fd);

#endif
