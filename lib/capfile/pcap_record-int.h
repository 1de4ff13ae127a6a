/*
 * A record of the pcap format (draft-ietf-opsawg-pcap, section 5): the 16 bytes before a packet.
 */
#ifndef VCAP_PCAP_RECORD_INT_H
#define VCAP_PCAP_RECORD_INT_H

#include "capfile/reader_common-int.h"

#include <stdbool.h>
#include <stdint.h>

#define PCAP_RECORD 16   /* bytes before the packet */
#define PCAP_NEAR   3600 /* seconds from one record to the next that need no second look */

struct pcap_record {
	uint32_t sec, fraction, caplen, len;
};

static inline struct pcap_record
pcap_record_at(const struct reader *file, const unsigned char *p)
{
	return (struct pcap_record){get32(file, p), get32(file, p + 4), get32(file, p + 8),
				    get32(file, p + 12)};
}

/* Whether its fields agree, and it has bytes. One that has none may be anything: a file's header, or
 * zeros. */
static inline bool
pcap_record_is_sound(const struct reader *file, const struct pcap_record *record)
{
	return record->caplen - 1 < PACKET_SNAPLEN && record->caplen <= record->len &&
	       record->fraction < file->fractions;
}

/* Whether these four bytes are a magic number; then the byte order that it tells, and the nanoseconds in a fraction. */
bool pcap_record_has_magic(const unsigned char *p, bool *swapped, uint32_t *fraction_ns);

/* Whether these 24 bytes are a file's header, of either byte order. */
bool pcap_record_is_header(const unsigned char *p);

/* Whether the two were captured within an hour of each other. */
static inline bool
pcap_record_is_near(uint32_t sec, uint32_t other)
{
	return other - sec + PCAP_NEAR <= 2 * PCAP_NEAR;
}

#endif
