/*
 * What the name of a capture file tells.
 */
#ifndef VCAP_FILENAME_H
#define VCAP_FILENAME_H

#include <stdbool.h>

/* The engine that a file is of if nothing else names it: "lb1" for "/tmp/lb1.pcapng" and "/tmp/lb1.pcap.gz".
 * Heap; NULL: out of memory. */
char *filename_engine(const char *path);

/* Whether it is the name of a compressed file. */
bool filename_is_packed(const char *path);

#endif
