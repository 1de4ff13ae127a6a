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

/* Block types, section 11.1 of the draft */
enum {
	PCAPNG_SHB = 0x0a0d0d0a,
	PCAPNG_IDB = 1,
	PCAPNG_PACKET = 2, /* obsolete */
	PCAPNG_SPB = 3,
	PCAPNG_NRB = 4,
	PCAPNG_ISB = 5,
	PCAPNG_EPB = 6,
	PCAPNG_DSB = 10,
	PCAPNG_CUSTOM = 0x00000bad,
	PCAPNG_CUSTOM_NOCOPY = 0x40000bad,
};
#define PCAPNG_MAGIC 0x1a2b3c4du

/* Option codes, sections 4.1 to 4.6 */
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_SHB_HARDWARE = 2,
	OPT_SHB_OS = 3,
	OPT_SHB_USERAPPL = 4,
	OPT_IF_NAME = 2,
	OPT_IF_DESCRIPTION = 3,
	OPT_IF_SPEED = 8,
	OPT_IF_TSRESOL = 9,
	OPT_IF_FILTER = 11,
	OPT_IF_OS = 12,
	OPT_IF_TSOFFSET = 14,
	OPT_EPB_FLAGS = 2,
	OPT_EPB_DROPCOUNT = 4,
	OPT_EPB_QUEUE = 6,
	OPT_ISB_STARTTIME = 2,
	OPT_ISB_ENDTIME = 3,
	OPT_ISB_IFRECV = 4,
	OPT_ISB_IFDROP = 5,
	OPT_ISB_FILTERACCEPT = 6,
	OPT_ISB_OSDROP = 7,
	OPT_ISB_USRDELIV = 8,
};

/* The room an EPB of this caplen takes, with epb_flags, epb_queue and options_len of others. */
#define PCAPNG_EPB_ROOM(caplen, options_len) (32u + ((caplen) + 3u) / 4u * 4u + (options_len) + 20u)

/* Whether the block that was read as a note may stand in another file. A section header may not. */
bool note_is_copyable(const struct note *note);

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
