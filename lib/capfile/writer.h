/*
 * A writer of pcap (nanoseconds) or pcapng to a descriptor, buffered. It does not own the
 * descriptor. Interfaces get their numbers in the order in which they are added. A second link type
 * fails in either format, unless writer_mix_linktypes allows it.
 *
 * Functions that return int return 0, or -1 with why filled; after a failure the output is not to
 * be used.
 */
#ifndef VCAP_WRITER_H
#define VCAP_WRITER_H

#include "base/failure.h"
#include "capfile/file_section.h"
#include "capfile/format.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

struct batch;
struct threadpool;
struct writer;

/* NULL on failure. fd is the caller's, who keeps it open until writer_free. */
struct writer *writer_new(int fd, enum format format, struct failure *why);
/* Discards what is buffered: call writer_finish first. writer may be NULL. */
void writer_free(struct writer *writer);

/* Allows interfaces of different link types in a pcapng file. Wireshark reads such a file; libpcap
 * and what is built on it do not. Ignored for pcap. */
void writer_mix_linktypes(struct writer *writer);
/* Whether an interface of this link type can be added: it is the others', or mixed ones are allowed. */
bool writer_takes(const struct writer *writer, uint16_t linktype);
/* Uses threads to write batches. pool is borrowed until writer_free; NULL: no threads. */
int writer_set_threadpool(struct writer *writer, struct threadpool *pool, struct failure *why);

/* Starts a section; ignored for pcap. The first one must precede everything else; without it the
 * header names vcap and nothing else. A further section knows only interfaces that are added after
 * it; their numbers go on counting. */
int writer_section(struct writer *writer, const struct file_section *section, struct failure *why);
/* Adds an interface; its number is stored in *id. A pcap file has one link type and no interfaces,
 * but the numbers count there, too. */
int writer_interface(struct writer *writer, const struct interface *interface, uint32_t *id,
		     struct failure *why);
/* Adds the interfaces of source that are new since the last call, so that each has the same number
 * here and there. Not to be mixed with writer_interface. */
int writer_interfaces(struct writer *writer, const struct source *source, struct failure *why);

/* Writes a packet of interface id; packet->iface does not count. */
int writer_packet(struct writer *writer, uint32_t id, const struct packet *packet,
		  struct failure *why);
/* Writes all packets of a batch, in its order; packet->iface is the writer's number. */
int writer_batch(struct writer *writer, const struct batch *batch, struct failure *why);
/* Writes statistics of interface id, each line of comment (may be NULL) as a comment. Ignored for
 * pcap. */
int writer_statistics(struct writer *writer, uint32_t id, const struct statistics *statistics,
		      const char *comment, struct failure *why);
/* Writes a pcapng block of this type and body, whose size is a multiple of four. Ignored for pcap.
 */
int writer_raw(struct writer *writer, uint32_t type, const void *body, size_t size,
	       struct failure *why);

/* Reads the next event of source and writes the interfaces and the packet or note that it brings.
 * 1, or 0 after SOURCE_END or SOURCE_LATER; -1 also at SOURCE_CUT. All notes of source must be copyable. */
int writer_copy_next(struct writer *writer, struct source *source, struct failure *why);
/* Writes all of source up to its end. */
int writer_copy(struct writer *writer, struct source *source, struct failure *why);

/*
 * A writer of packets that belong into what another one writes, with the interfaces that it has: they stay in memory
 * until writer_add_part, however many, in `room` bytes at first. It may work beside the other. NULL on failure.
 */
struct writer *writer_new_part(const struct writer *whole, size_t room, struct failure *why);
/* Writes what the part has, which is empty afterwards. */
int writer_add_part(struct writer *whole, struct writer *part, struct failure *why);
/* How many bytes have not been written yet. */
size_t writer_buffered(const struct writer *writer);
/* Forgets what the part has. */
void writer_empty_part(struct writer *part);

/* Writes what is buffered. */
int writer_flush(struct writer *writer, struct failure *why);
/* As writer_flush, at the end of the capture: an empty file gets its header. */
int writer_finish(struct writer *writer, struct failure *why);

#endif
