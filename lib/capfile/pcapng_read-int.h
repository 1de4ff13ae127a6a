/*
 * The reader of the pcapng format.
 */
#ifndef VCAP_PCAPNG_READ_INT_H
#define VCAP_PCAPNG_READ_INT_H

#include "capfile/reader_common-int.h"

extern const struct reader_ops pcapng_read_ops;

#endif
