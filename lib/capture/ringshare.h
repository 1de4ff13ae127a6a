/*
 * What a capture takes of this host for its rings, unless it is told otherwise.
 */
#ifndef VCAP_RINGSHARE_H
#define VCAP_RINGSHARE_H

#include <stdint.h>

/* The cores of a capture: one more than the highest CPU, as fanout numbers CPUs from 0, absent ones
 * included. */
unsigned ringshare_cores(void);

/* Bytes of all rings together, on a host with so many cores and bytes of memory: a 32nd of the memory, at
 * most 64 MiB for each of the cores and 512 MiB in all. Pure. */
uint64_t ringshare_of(unsigned cores, uint64_t memory);

/* The same, on this host. */
uint64_t ringshare_default(unsigned cores);

#endif
