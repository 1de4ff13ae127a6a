/*
 * pcapng blocks in memory, in this host's byte order (IETF draft-ietf-opsawg-pcapng). Writers
 * append whole blocks to a struct blocks and hand its bytes to a file or a pipe whenever they like:
 * between two calls the bytes always end at a block boundary.
 */
#ifndef VCAP_PCAPNG_WRITE_H
#define VCAP_PCAPNG_WRITE_H

#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

/* The room an EPB of this caplen takes, with epb_flags, epb_queue and options_len of others. */
#define PCAPNG_EPB_ROOM(caplen, options_len) (32u + ((caplen) + 3u) / 4u * 4u + (options_len) + 20u)

struct blocks {
	unsigned char *bytes; /* heap, owned */
	size_t used, room;
	size_t block; /* where the block under construction starts */
};

#define BLOCKS_INIT ((struct blocks){0})

void blocks_release(struct blocks *blocks);
/* Makes room for more bytes. -1: no memory; nothing changed. */
int blocks_reserve(struct blocks *blocks, size_t more);

/*
 * Whole blocks. Each returns 0, or -1 without memory and with nothing appended. Strings may be NULL
 * (option left out). comments is a NULL-ended list, or NULL.
 */
int pcapng_write_section(struct blocks *blocks, const char *hardware, const char *os,
			 const char *application, const char *const *comments,
			 const unsigned char *options, size_t options_len);
/* Always nanoseconds and PACKET_SNAPLEN, whatever the interface says. */
int pcapng_write_interface(struct blocks *blocks, const struct interface *interface);
/* id is the interface's place in the section. start_ns, end_ns and counters that are unknown are
 * left out. Each line of comment is a comment of its own. */
int pcapng_write_statistics(struct blocks *blocks, uint32_t id, const struct statistics *statistics,
			    const char *comment);
/* Writes packet as an EPB of interface id at `to`, which has PCAPNG_EPB_ROOM. Returns its length.
 * The per-packet path of capture and merge: no allocation, no branch on memory. */
size_t pcapng_write_packet_at(unsigned char *to, uint32_t id, const struct packet *packet);
/* That length, beforehand. */
size_t pcapng_write_packet_length(const struct packet *packet);
int pcapng_write_packet(struct blocks *blocks, uint32_t id, const struct packet *packet);
/* A block of any type with this body (a multiple of four bytes), as it stands. */
int pcapng_write_raw(struct blocks *blocks, uint32_t type, const void *body, size_t size);

#endif
