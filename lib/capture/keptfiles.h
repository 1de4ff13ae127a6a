/*
 * The files of a rotation that are there, by their numbers: what was written to each, and when it was
 * begun. Numbers are given in order, and the oldest file goes first.
 */
#ifndef VCAP_KEPTFILES_H
#define VCAP_KEPTFILES_H

#include "base/failure.h"

#include <stdint.h>

struct counts; /* output.h */

struct kept_file {
	uint64_t size;            /* bytes, once it has ended */
	int64_t begun_ns;         /* CLOCK_REALTIME */
	int64_t begun_boot;       /* CLOCK_BOOTTIME */
	struct counts *counts;    /* at its end, by core and interface: heap, owned; NULL: none */
	uint32_t interface_count; /* of those counts */
};

struct keptfiles {
	struct kept_file *list;  /* heap, by number modulo room */
	uint64_t room;           /* a power of two, or 0 */
	uint64_t oldest, newest; /* numbers, if count is not 0 */
	uint64_t count;
	struct kept_file gone; /* the newest one that was removed */
};

#define KEPTFILES_INIT ((struct keptfiles){0})

/* Frees everything. */
void keptfiles_release(struct keptfiles *kept);

/* Adds a file with the next number, the first one with 0. -1: out of memory; nothing is added. */
int keptfiles_push(struct keptfiles *kept, const struct kept_file *file, struct failure *why);

/* Takes the oldest file out, which becomes `gone`. There must be one. */
void keptfiles_pop(struct keptfiles *kept);

/* The file with this number, from oldest to newest; valid until the next push. */
struct kept_file *keptfiles_get(const struct keptfiles *kept, uint64_t number);

#endif
