/*
 * The thread that reads the rings also writes the files. While a write waits, the rings hold what
 * arrives: memory given to them (-b) bridges a stall of the disk without a copy, where a buffer
 * with a thread of its own would cost one for every packet. Figures: tests/bench/README.md.
 *
 * Before every write the quota is asked how many bytes may be written; it may allow fewer, of which
 * as many whole blocks are written as fit. If the file system writes less than it was asked to, the
 * file is cut back to the last whole block, and further, to leave room for the last blocks. What
 * was not written stays in the buffer, so that its packets can be counted as lost.
 */
#include "capture/filewriter.h"

#include "capfile/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Small enough that blocks are still in the cache when they are written. */
#define BUFFER_SIZE ((size_t)256 << 10)

int
filewriter_open(struct filewriter *writer, int fd, enum filewriter_kind kind,
		struct diskquota *quota, struct failure *why)
{
	unsigned char *bytes = malloc(BUFFER_SIZE);

	if (!bytes)
		return failure_errno(why, "cannot start writing packets");
	*writer = (struct filewriter){.fd = fd,
				      .is_stream = kind == FILEWRITER_STREAM,
				      .quota = quota,
				      .bytes = bytes,
				      .capacity = BUFFER_SIZE};
	writer->room = BUFFER_SIZE;
	return 0;
}

/* Sets room, the bytes that may be added before the next write. */
static void
set_room(struct filewriter *writer)
{
	uint64_t taken = writer->size + writer->end_room;
	uint64_t left = writer->max_size > taken ? writer->max_size - taken : 0;

	writer->room = writer->capacity;
	if (writer->max_size && left < writer->room)
		writer->room = (size_t)left;
}

void
filewriter_limit(struct filewriter *writer, uint64_t max_size, uint32_t end_room)
{
	writer->max_size = max_size;
	writer->end_room = end_room;
	set_room(writer);
}

static uint32_t
block_length(const unsigned char *block)
{
	uint32_t length;

	memcpy(&length, block + 4, sizeof(length));
	return length;
}

/* Bytes of as many whole blocks as fit into size. */
static size_t
whole_blocks(const struct filewriter *writer, size_t size)
{
	size_t whole = 0;

	while (whole < writer->used && whole + block_length(writer->bytes + whole) <= size)
		whole += block_length(writer->bytes + whole);
	return whole;
}

/* Returns the bytes written: size, or fewer with errno set. */
static size_t
write_some(const struct filewriter *writer, const unsigned char *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(writer->fd, from + done, size - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
		else if (writer->abandon && __atomic_load_n(writer->abandon, __ATOMIC_RELAXED))
			break;
	}
	return done;
}

static void
stop_for_errno(struct filewriter *writer)
{
	writer->error = errno;
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG: writer->stop = FILEWRITER_DISK_FULL; break;
	case EPIPE:
	case EINTR: writer->stop = FILEWRITER_CLOSED; break;
	default: writer->stop = FILEWRITER_ERROR;
	}
}

/* Cuts the file back to size bytes, the end of a block. */
static void
cut_back(struct filewriter *writer, uint64_t size)
{
	writer->size = size;
	if (ftruncate(writer->fd, (off_t)size) == 0)
		lseek(writer->fd, (off_t)size, SEEK_SET);
}

/* Writes size bytes of whole blocks. Returns the bytes that are, and stay, in the file. */
static size_t
write_blocks(struct filewriter *writer, size_t size)
{
	size_t done = write_some(writer, writer->bytes, size);

	if (done == size) {
		writer->size += size;
		return size;
	}
	stop_for_errno(writer);
	if (writer->is_stream)
		return 0;
	/* The last blocks get their room from what was just written. */
	done = done > writer->end_room ? whole_blocks(writer, done - writer->end_room) : 0;
	cut_back(writer, writer->size + done);
	return done;
}

/* Returns the bytes that may be written, after freeing as much space as it takes, or as can be. */
static size_t
ask_quota(struct filewriter *writer, enum diskquota_limit *limit)
{
	uint64_t allowed = diskquota_take(writer->quota, writer->used, limit);

	while (*limit && writer->free_space && writer->free_space(writer->context)) {
		diskquota_settle(writer->quota, allowed, allowed);
		allowed = diskquota_take(writer->quota, writer->used, limit);
	}
	return (size_t)allowed;
}

int
filewriter_flush(struct filewriter *writer)
{
	size_t allowed = writer->used, fit, done;
	enum diskquota_limit limit = DISKQUOTA_NONE;

	if (writer->stop)
		return -1;
	if (writer->used == 0)
		return 0;
	if (writer->quota)
		allowed = ask_quota(writer, &limit);
	fit = limit ? whole_blocks(writer, allowed) : allowed;
	done = write_blocks(writer, fit);
	if (writer->quota)
		diskquota_settle(writer->quota, allowed, allowed - done);
	if (limit && !writer->stop)
		writer->stop = limit == DISKQUOTA_SIZE ? FILEWRITER_SIZE : FILEWRITER_RESERVE;
	if (!writer->stop) {
		writer->used = 0;
		set_room(writer);
		return 0;
	}
	writer->used -= done;
	memmove(writer->bytes, writer->bytes + done, writer->used);
	return -1;
}

/* Makes room for size bytes: 0, -1 or FILEWRITER_FULL. */
static int
make_room(struct filewriter *writer, size_t size)
{
	if (writer->stop)
		return -1;
	if (writer->used + size <= writer->room)
		return 0;
	if (filewriter_flush(writer) < 0)
		return -1;
	if (size <= writer->room)
		return 0;
	if (writer->room < writer->capacity && writer->has_packets)
		return FILEWRITER_FULL;
	if (size > writer->capacity) {
		unsigned char *larger = realloc(writer->bytes, size);

		if (!larger) {
			stop_for_errno(writer);
			return -1;
		}
		writer->bytes = larger;
		writer->capacity = size;
	}
	writer->room = size;
	return 0;
}

int
filewriter_packet(struct filewriter *writer, uint32_t id, const struct packet *packet)
{
	int rc = make_room(writer, PCAPNG_EPB_ROOM(packet->caplen, packet->options_len));

	if (rc)
		return rc;
	writer->used += pcapng_write_packet_at(writer->bytes + writer->used, id, packet);
	writer->has_packets = true;
	return 0;
}

int
filewriter_blocks(struct filewriter *writer, const void *bytes, size_t size)
{
	int rc = make_room(writer, size);

	if (rc)
		return rc;
	memcpy(writer->bytes + writer->used, bytes, size);
	writer->used += size;
	return 0;
}

bool
filewriter_next_unwritten(const struct filewriter *writer, size_t *at, uint32_t *id,
			  uint32_t *caplen, uint32_t *len)
{
	while (*at < writer->used) {
		const unsigned char *block = writer->bytes + *at;
		uint32_t type;

		*at += block_length(block);
		memcpy(&type, block, sizeof(type));
		if (type != PCAPNG_EPB)
			continue;
		memcpy(id, block + 8, sizeof(*id));
		memcpy(caplen, block + 20, sizeof(*caplen));
		memcpy(len, block + 24, sizeof(*len));
		return true;
	}
	return false;
}

int
filewriter_end(struct filewriter *writer, const void *bytes, size_t size, enum filewriter_sync sync)
{
	struct filewriter ended = FILEWRITER_INIT;
	bool lost = writer->stop == FILEWRITER_CLOSED || writer->stop == FILEWRITER_ERROR;
	int rc = lost ? -1 : 0;

	if (!lost && write_some(writer, bytes, size) < size) {
		if (!writer->is_stream)
			cut_back(writer, writer->size);
		rc = -1;
	}
	/* EINVAL: not a file, such as a pipe. */
	if (sync == FILEWRITER_SYNC && !writer->is_stream && fsync(writer->fd) < 0 &&
	    errno != EINVAL)
		rc = -1;
	if (close(writer->fd) < 0)
		rc = -1;
	free(writer->bytes);
	ended.stop = writer->stop;
	ended.error = writer->error;
	*writer = ended;
	return rc;
}
