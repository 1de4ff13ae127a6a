/*
 * Capture files: pcap (both byte orders, microseconds and nanoseconds) and pcapng, read as a source
 * of packets in nanoseconds, and written. Files, pipes and devices alike are read forward only.
 *
 * Lengths in a file are bounded before anything is allocated: a block of more than
 * READER_BLOCK_MAX bytes, or a packet of more than that, is damage.
 */
#ifndef VCAP_READER_H
#define VCAP_READER_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

#define READER_BLOCK_MAX (16u << 20) /* libpcap's limit too */

enum reader_format { READER_PCAPNG, READER_PCAP };

/* A reader. Opaque; its source yields the packets. */
struct reader;
struct threadpool;
struct bytequeue;
struct batch;

/*
 * Opens the file at path ("-" is standard input) or takes over the descriptor fd. name is what
 * messages call it. The first bytes are read and judged: something that is no capture file at all
 * is a failure here, whereas damage further on is SOURCE_CUT. NULL on failure; fd is then still
 * open.
 *
 * An input that ends within its first header, an empty one included, opens: it yields SOURCE_CUT at
 * once.
 */
struct reader *reader_open(const char *path, struct failure *why);
struct reader *reader_open_fd(int fd, const char *name, struct failure *why);
/* As reader_open, in two steps: between them nothing has been read. reader_begin is 0 at once for
 * a file that is read already. */
struct reader *reader_open_unread(const char *path, struct failure *why);
int reader_begin(struct reader *file, struct failure *why);
void reader_close(struct reader *file);

/*
 * A merge_live file: its source never waits, and yields SOURCE_LATER until reader_bytequeue() has
 * been filled with more from reader_fd(). It holds up to `most` bytes. Nothing is read here: what
 * is no capture file is SOURCE_CUT later on. It cannot be revisited.
 */
struct reader *reader_open_live(const char *path, const char *name, size_t most,
				struct failure *why);
/* ... from a descriptor, which stays the caller's. */
struct reader *reader_open_live_fd(int fd, const char *name, size_t most, struct failure *why);
struct bytequeue *reader_bytequeue(struct reader *file);
/* How many bytes the reader has used. */
uint64_t reader_offset(const struct reader *file);

/* How much to read at a time, in bytes; more only for a block that is larger. */
#define READER_CHUNK (256u << 10)
void reader_set_chunk(struct reader *file, size_t size);
/* ... and memory of the caller's for two times as much, which outlives the file. Nothing has been
 * read yet. */
void reader_lend(struct reader *file, unsigned char *memory, size_t chunk);

/* Keeps no descriptor of a regular file that was opened by its path: it is opened for each read. */
void reader_park(struct reader *file);

struct source *reader_source(struct reader *file);
enum reader_format reader_format(const struct reader *file);
int reader_fd(const struct reader *file); /* -1 when parked */

/* The newest section's options as text, NULL if absent. Comments are a NULL-ended list. Owned by
 * file, valid until the next section. */
struct reader_section {
	char *hardware, *os, *application;
	char **comments;
	/* Its custom options that may be copied, in the form of struct packet's. */
	unsigned char *options;
	uint32_t options_len;
	uint32_t first_interface, end_interface; /* its interfaces, of those of the source */
	/* Whether this or an earlier section is one of vcap's that lacks its end mark: statistics
	 * with an end time, after which nothing follows. Only known at SOURCE_END. */
	bool cut_short;
};
const struct reader_section *reader_section(const struct reader *file);
/* The sections before the newest, in their order, but for those that say the same as the one before
 * them or as the first, and those beyond READER_SECTIONS. */
#define READER_SECTIONS 4096
size_t reader_earlier_sections(const struct reader *file, const struct reader_section **list);
/* Frees what a section owns, wherever it is from. */
void reader_section_release(struct reader_section *section);

/*
 * A writer to a descriptor, buffered; it does not own fd. Interfaces get their ids in the order
 * they are added. A second link type fails, in either format, unless it was asked for. Each
 * function returns 0, or -1 with why filled; after a failure nothing more may be written.
 */
struct writer;

struct writer *writer_new(int fd, enum reader_format format, struct failure *why);
void writer_free(struct writer *writer); /* what is buffered is lost */

/* pcapng: a section header. The first must come before anything else; the default is vcap's name
 * and nothing else. A further one begins a section, which knows the interfaces added since and no
 * other; their ids go on counting. */
int writer_section(struct writer *writer, const struct reader_section *section,
		   struct failure *why);
/* Adds the interfaces of source that are new since the last call, so that an interface has the same
 * number here as there. Not to be mixed with writer_interface. */
int writer_interfaces(struct writer *writer, const struct source *source, struct failure *why);
/* Lets the interfaces of a pcapng file differ in link type. libpcap and what is made with it cannot
 * read such a file, Wireshark can. */
void writer_mix_linktypes(struct writer *writer);
/* *id is the new interface's number. In pcap all interfaces of one link type share the file. */
int writer_interface(struct writer *writer, const struct interface *interface, uint32_t *id,
		     struct failure *why);
int writer_packet(struct writer *writer, uint32_t id, const struct packet *packet,
		  struct failure *why);
/* Has stretches written with the help of others. The crew is the caller's; NULL is nobody. */
int writer_set_threadpool(struct writer *writer, struct threadpool *crew, struct failure *why);
/* All packets of a stretch, whose interfaces are the writer's. */
int writer_batch(struct writer *writer, const struct batch *stretch, struct failure *why);
/* pcapng only; nothing in pcap. */
int writer_statistics(struct writer *writer, uint32_t id, const struct statistics *statistics,
		      const char *comment, struct failure *why);
int writer_raw(struct writer *writer, uint32_t type, const void *body, size_t size,
	       struct failure *why);
/* Writes the next interfaces, packet or note of source, whose notes must be of a kind that may be
 * copied. 1, or 0 once it has ended. -1 also at SOURCE_CUT. */
int writer_copy_next(struct writer *writer, struct source *source, struct failure *why);
/* All of it: 0 or -1. */
int writer_copy(struct writer *writer, struct source *source, struct failure *why);
/* Writes what there is so far, a header only if there is one already. */
int writer_flush(struct writer *writer, struct failure *why);
/* ... and a header in any case: at the end. */
int writer_finish(struct writer *writer, struct failure *why);

#endif
