/*
 * Judges a record of the pcap format that does not agree with itself or with what follows it, and
 * finds the next good one.
 */
#ifndef VCAP_PCAP_RESYNC_INT_H
#define VCAP_PCAP_RESYNC_INT_H

#include "capfile/pcap_record-int.h"

#include <stddef.h>

enum pcap_verdict {
	PCAP_WHOLE,  /* a packet */
	PCAP_MENDED, /* one whose lengths or fraction were wrong; what is right is in the record */
	PCAP_DAMAGED,
	PCAP_AWAITED, /* of a live file: what follows tells, and has not come */
};

/* Judges the record at the next byte of file->in, whose 16 bytes are in the buffer; mends it if
 * that is what it takes. The input is read ahead as far as that needs; of a live file a record is believed
 * at once if it and the next one agree with themselves. */
enum pcap_verdict pcap_resync_judge(struct reader *file, struct pcap_record *record);

/* Whether a header of the format is at offset bytes behind the next one. */
bool pcap_resync_is_header(struct reader *file, size_t offset);

/* Moves from a damaged record, or zeros, to the next place that records follow each other from, or to
 * the end of the input. -1 with errno: a read failed. */
int pcap_resync_pass(struct reader *file);

#endif
