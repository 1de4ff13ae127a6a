/*
 * The reader of the pcap format.
 */
#ifndef VCAP_PCAP_READ_INT_H
#define VCAP_PCAP_READ_INT_H

#include "capfile/reader_common-int.h"

extern const struct reader_ops pcap_read_ops;

#endif
