/*
 * Packets of the pcapng format: enhanced, simple, and obsolete packet blocks.
 */
#ifndef VCAP_PCAPNG_EPB_INT_H
#define VCAP_PCAPNG_EPB_INT_H

#include "capfile/reader_common-int.h"

/* Reads the packet in a block of this type, enhanced or obsolete, whose body has size bytes.
 * SOURCE_PACKET, or SOURCE_CUT if it is damaged. */
enum source_event pcapng_epb_read(struct reader *file, uint32_t type, const unsigned char *body,
				  size_t size, struct packet *packet, struct failure *why);
/* Reads that in a simple packet block, which belongs to interface 0 and has the time of the packet
 * before it. */
enum source_event pcapng_epb_read_simple(struct reader *file, const unsigned char *body,
					 size_t size, struct packet *packet, struct failure *why);

/* more() of struct source: enhanced packet blocks that are in the buffer and need no copy. */
size_t pcapng_epb_more(struct source *source, struct packet *list, size_t room);

#endif
