/*
 * A reader of capture files: pcap (both byte orders, microseconds and nanoseconds) and pcapng, as a
 * source of packets in nanoseconds. Files, pipes and devices are read forward only. What gzip or zstd
 * has compressed is unpacked on the way (unpack.h), and cannot be revisited; offsets are then those of
 * what was unpacked.
 *
 * Lengths in a file are bounded before anything is allocated: a block or packet of more than
 * FORMAT_BLOCK_MAX bytes is damage. A file of another format fails to open; damage further on
 * is SOURCE_CUT.
 */
#ifndef VCAP_READER_H
#define VCAP_READER_H

#include "base/failure.h"
#include "capfile/file_section.h"
#include "capfile/format.h"
#include "capfile/left_out.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reader. Opaque; its source yields the packets. */
struct reader;

/* Opens the file at path ("-" is standard input), and reads its first bytes. NULL with why: it
 * cannot be read, or is not a capture file. An input that ends within its first header, or is
 * empty, opens: it yields SOURCE_CUT at once. */
struct reader *reader_open(const char *path, struct failure *why);
/* Likewise for a descriptor, which messages call name. It is taken over, and still the caller's on
 * failure. */
struct reader *reader_open_fd(int fd, const char *name, struct failure *why);
/* Whether a path may end in a symbolic link, or name a FIFO that is waited for. */
enum reader_links { READER_LINKS, READER_NO_LINKS };

/* reader_open in two steps: nothing is read before reader_begin. NULL with why: it cannot be
 * opened. */
struct reader *reader_open_unread(const char *path, enum reader_links links, struct failure *why);
/* Reads the first bytes. 0, or -1 with why: not a capture file; only reader_close is left to call.
 * A second call does nothing. */
int reader_begin(struct reader *file, struct failure *why);
/* Another reader of the same open file, from where that one began; nothing is read before reader_begin. NULL with
 * why: out of memory or descriptors, or it cannot be revisited. */
struct reader *reader_open_again(const struct reader *file, struct failure *why);
/* Frees the reader; its source's packets and interfaces are gone. file may be NULL. */
void reader_close(struct reader *file);

/*
 * Opens a stream that is read without blocking: its source yields SOURCE_LATER until reader_fill
 * has read more. Up to max bytes wait inside. Nothing is read here: a stream of another format is
 * SOURCE_CUT later on. It cannot be revisited. NULL with why: it cannot be opened.
 */
struct reader *reader_open_live(const char *path, const char *name, enum reader_links links,
				size_t max, struct failure *why);
/* Likewise for a descriptor, which the caller owns and keeps open until reader_close. */
struct reader *reader_open_live_fd(int fd, const char *name, size_t max, struct failure *why);
/* Whether it looks for records behind damage: it yields SOURCE_LATER meanwhile, and is cut if there are none in
 * 16 MiB. */
bool reader_is_passing(const struct reader *file);
/* Of such a stream, before its end is reached: that is no end as long as more is expected. Its source
 * yields SOURCE_LATER there until reader_continue, or until no more is expected. */
enum reader_more { READER_NO_MORE, READER_MORE };
void reader_expect(struct reader *file, enum reader_more more);
/* Whether everything up to its end has been read, with more to come. */
bool reader_is_at_end(const struct reader *file);
/* Goes on from another descriptor, which is taken over, with a section header (pcapng). What is left of
 * the stream until now is dropped: that is the part of a block. Only after reader_is_at_end, and its source
 * has yielded SOURCE_LATER. */
void reader_continue(struct reader *file, int fd);
/* Of such a stream: reads once from its descriptor, which poll() has reported to be ready. */
void reader_fill(struct reader *file);
/* Whether max bytes wait to be taken from the source. */
bool reader_is_full(const struct reader *file);
/* Whether the descriptor is worth polling: neither full nor at its end. */
bool reader_wants_more(const struct reader *file);

/* Before the first read: reads size bytes at a time into memory, two buffers of size bytes each,
 * which the caller owns and keeps until reader_close. Only a larger block gets memory of its own.
 */
void reader_use_memory(struct reader *file, unsigned char *memory, size_t size);
/* Keeps no descriptor of a regular file that was opened by its path: each read opens it anew. A
 * path that names another file by then is an error (ESTALE). */
void reader_close_between_reads(struct reader *file);

/* The source of the packets; the reader's, valid until reader_close. */
struct source *reader_source(struct reader *file);
/* The format, known once the first bytes have been read. */
enum format reader_format(const struct reader *file);
/* The descriptor, the reader's; -1 after reader_close_between_reads. */
int reader_fd(const struct reader *file);
/* Bytes of the input that have been used. */
uint64_t reader_offset(const struct reader *file);

/* Where the record of a packet stands that the source has yielded and that is still valid. Of a block without a
 * time of its own, and of one whose options had to be copied, it is another place. */
uint64_t reader_place(const struct reader *file, const struct packet *packet);
/* Has the source, which can be revisited, go on at a place that reader_place or its own have said of this section
 * of this file. */
void reader_seek(struct reader *file, uint64_t place);
/* What is behind the offset will hardly be needed, and is read in small pieces; 0: it will, as at first. */
void reader_read_to(struct reader *file, uint64_t offset);
/* Changes whenever the reader meets more than packets as they stand there: an interface, a section, damage, a packet
 * that is mended or of which something is left out, and an end by damage. */
uint64_t reader_irregularities(const struct reader *file);

/* What was left out so far; the reader's. */
const struct left_out *reader_left_out(const struct reader *file);
/* Whether there are any; *what says how many in one line. */
bool reader_has_left_out(const struct reader *file, struct failure *what);

/* The newest section; the reader's, valid until the next one begins. */
const struct file_section *reader_section(const struct reader *file);
/* The sections before it in *list, in the order of the file; returns their number. Left out are
 * those with the same header as the first or the one before them, and those beyond
 * FILE_SECTIONS_MAX. */
size_t reader_earlier_sections(const struct reader *file, const struct file_section **list);

#endif
