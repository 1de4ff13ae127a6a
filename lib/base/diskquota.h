/*
 * A disk quota: a limit on the size of all files of a capture, and a reserve of free space on the
 * file system. Threads share it: all functions but diskquota_init may be called at the same time.
 */
#ifndef VCAP_DISKQUOTA_H
#define VCAP_DISKQUOTA_H

#include "base/failure.h"

#include <pthread.h>
#include <stdint.h>

#define DISKQUOTA_DEFAULT UINT64_MAX

enum diskquota_limit { DISKQUOTA_NONE, DISKQUOTA_SIZE, DISKQUOTA_RESERVE };

struct diskquota {
	int fd;                     /* any file on the file system; the caller's */
	uint64_t max_size, reserve; /* bytes, as all below */
	uint64_t slack;             /* held back for what is written last, beyond the limits */
	pthread_mutex_t lock;
	uint64_t used;    /* granted so far */
	uint64_t pending; /* granted, but not settled: the file system may not count it yet */
};

/*
 * Sets the limits, in bytes, for the file system of fd. max_size 0: a quarter of what is free above
 * the reserve. reserve DISKQUOTA_DEFAULT: 1 GiB or 10 % of the file system, whichever is larger.
 * slack is held back from both. -1 with why: less than reserve and slack is free.
 */
int diskquota_init(struct diskquota *quota, int fd, uint64_t max_size, uint64_t reserve,
		   uint64_t slack, struct failure *why);

/* Asks for size bytes. Returns how many are granted; if fewer, *limit is the limit that was
 * reached, else DISKQUOTA_NONE. */
uint64_t diskquota_take(struct diskquota *quota, uint64_t size, enum diskquota_limit *limit);

/* Ends a grant of diskquota_take: all taken bytes have been written, but the last `unused` of them,
 * which are given back. */
void diskquota_settle(struct diskquota *quota, uint64_t taken, uint64_t unused);

/* Accounts for bytes that were written without a grant or, if negative, removed. */
void diskquota_adjust(struct diskquota *quota, int64_t bytes);

/* Holds back so many more bytes for what is written last. */
void diskquota_hold(struct diskquota *quota, uint64_t bytes);

/* Bytes of the file system of fd that are free for this user; 0 if unknown. */
uint64_t diskquota_free_bytes(int fd);

/* Bytes of the file system of fd in all, used ones included; 0 if unknown. */
uint64_t diskquota_all_bytes(int fd);

/* The bytes that DISKQUOTA_DEFAULT stands for on the file system of fd; 0 if unknown. */
uint64_t diskquota_default_reserve(int fd);

/* Whether `bytes` can be written to the file system of fd without touching the default reserve: 0;
 * or -1 with why, which names path as what is on it. A file system of unknown size has room. */
int diskquota_check_room(int fd, const char *path, uint64_t bytes, struct failure *why);

/* The bytes that the file system of fd could hold beside the default reserve if it were empty.
 * UINT64_MAX if unknown. */
uint64_t diskquota_capacity(int fd);

#endif
