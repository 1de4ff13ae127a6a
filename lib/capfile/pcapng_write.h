/*
 * pcapng blocks in memory, in this host's byte order (draft-ietf-opsawg-pcapng). Functions append
 * whole blocks to a struct blocks, so that between two calls its bytes end at a block boundary and
 * can be written to a file or pipe.
 */
#ifndef VCAP_PCAPNG_WRITE_H
#define VCAP_PCAPNG_WRITE_H

#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

/* The most bytes of an EPB of this caplen, with epb_flags, epb_queue and options_len bytes of other
 * options. */
#define PCAPNG_EPB_ROOM(caplen, options_len) (32u + ((caplen) + 3u) / 4u * 4u + (options_len) + 20u)

struct blocks {
	unsigned char *bytes; /* heap, owned */
	size_t used, room;    /* bytes */
	size_t block;         /* private: where the block under construction starts */
};

#define BLOCKS_INIT ((struct blocks){0})

/* Frees the bytes; *blocks is then BLOCKS_INIT. */
void blocks_release(struct blocks *blocks);
/* Makes room for `more` bytes after those that are used. -1: out of memory; nothing has changed. */
int blocks_reserve(struct blocks *blocks, size_t more);

/*
 * These append a block. 0, or -1: out of memory, and nothing is appended. Texts may be NULL, which
 * is no option, and are cut at 65535 bytes.
 */

/* Whether a section promises to end with an end mark (file_section.h). */
enum pcapng_end { PCAPNG_END_OPEN, PCAPNG_END_PROMISED };

/* Appends a section header block (section 4.1). comments is a NULL-ended list, or NULL. options are
 * in the form of packet.options, or NULL. */
int pcapng_write_section(struct blocks *blocks, enum pcapng_end end, const char *hardware,
			 const char *os, const char *application, const char *const *comments,
			 const unsigned char *options, size_t options_len);
/* Appends an interface description block (section 4.2). The resolution is nanoseconds and the
 * snaplen PACKET_SNAPLEN, whatever the interface says. */
int pcapng_write_interface(struct blocks *blocks, const struct interface *interface);
/* Appends an interface statistics block (section 4.6). id is the interface's number within the
 * section. start_ns, end_ns and counters that are unknown are left out. Each line of comment is a
 * comment of its own; what exceeds 1 MiB is left out, and the last comment says how many were. */
int pcapng_write_statistics(struct blocks *blocks, uint32_t id, const struct statistics *statistics,
			    const char *comment);
/* Writes packet as an EPB of interface id to memory of PCAPNG_EPB_ROOM bytes. Returns its length.
 * This is the per-packet path of capture and merge: it does not allocate. */
size_t pcapng_write_packet_at(unsigned char *to, uint32_t id, const struct packet *packet);
/* The length that pcapng_write_packet_at will return. */
size_t pcapng_write_packet_length(const struct packet *packet);
/* Appends a block of any type with this body, whose size is a multiple of four. */
int pcapng_write_raw(struct blocks *blocks, uint32_t type, const void *body, size_t size);

#endif
