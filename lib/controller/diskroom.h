/*
 * Room on the disk of this host, where captures are collected: as on engines, a reserve of it stays
 * free whatever is collected (quota.h).
 */
#ifndef VCAP_DISKROOM_H
#define VCAP_DISKROOM_H

#include "base/failure.h"

#include <stdint.h>

/* Whether so many bytes more would leave the reserve free on the file system of fd, which path is
 * on: 0, or -1 with why naming this host's disk. One that does not tell has room. */
int diskroom_check(int fd, const char *path, uint64_t bytes, struct failure *why);

/* Bytes that it could hold beside the reserve if nothing else were there. UINT64_MAX if it does not
 * tell. */
uint64_t diskroom_at_best(int fd);

#endif
