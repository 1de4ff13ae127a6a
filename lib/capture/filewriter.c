#include "capture/filewriter.h"

#include "capfile/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As much as stays in the cache between being put together and being written. */
#define BUFFER_SIZE ((size_t)256 << 10)

int
filewriter_open(struct filewriter *recording, int fd, bool is_stream, struct diskquota *quota,
		struct failure *why)
{
	unsigned char *bytes = malloc(BUFFER_SIZE);

	if (!bytes)
		return failure_errno(why, "cannot start recording");
	*recording = (struct filewriter){.fd = fd,
					 .is_stream = is_stream,
					 .quota = quota,
					 .bytes = bytes,
					 .capacity = BUFFER_SIZE};
	recording->room = BUFFER_SIZE;
	return 0;
}

/* What may be added before the next write. */
static void
measure_room(struct filewriter *recording)
{
	uint64_t taken = recording->size + recording->end_room;
	uint64_t left = recording->most > taken ? recording->most - taken : 0;

	recording->room = recording->capacity;
	if (recording->most && left < recording->room)
		recording->room = (size_t)left;
}

void
filewriter_bound(struct filewriter *recording, uint64_t most, uint32_t end_room)
{
	recording->most = most;
	recording->end_room = end_room;
	measure_room(recording);
}

static uint32_t
block_length(const unsigned char *block)
{
	uint32_t length;

	memcpy(&length, block + 4, sizeof(length));
	return length;
}

/* The most whole blocks that take no more than size bytes. */
static size_t
whole_blocks(const struct filewriter *recording, size_t size)
{
	size_t whole = 0;

	while (whole < recording->used && whole + block_length(recording->bytes + whole) <= size)
		whole += block_length(recording->bytes + whole);
	return whole;
}

/* Bytes of from that were written; fewer than size with errno set. */
static size_t
write_some(const struct filewriter *recording, const unsigned char *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(recording->fd, from + done, size - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
		else if (recording->abandon &&
			 __atomic_load_n(recording->abandon, __ATOMIC_RELAXED))
			break;
	}
	return done;
}

static void
stop_for_errno(struct filewriter *recording)
{
	recording->error = errno;
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG: recording->stop = FILEWRITER_DISK_FULL; break;
	case EPIPE:
	case EINTR: recording->stop = FILEWRITER_CLOSED; break;
	default: recording->stop = FILEWRITER_ERROR;
	}
}

/* Cuts the file back to size bytes, the end of a block. */
static void
cut_back(struct filewriter *recording, uint64_t size)
{
	recording->size = size;
	if (ftruncate(recording->fd, (off_t)size) == 0)
		lseek(recording->fd, (off_t)size, SEEK_SET);
}

/* Writes size bytes, whole blocks. Returns how many are in the file for good. */
static size_t
write_blocks(struct filewriter *recording, size_t size)
{
	size_t done = write_some(recording, recording->bytes, size);

	if (done == size) {
		recording->size += size;
		return size;
	}
	stop_for_errno(recording);
	if (recording->is_stream)
		return 0;
	/* Room for the end marks is made out of what has just been allocated. */
	done = done > recording->end_room ? whole_blocks(recording, done - recording->end_room) : 0;
	cut_back(recording, recording->size + done);
	return done;
}

/* How much of what was added may be written, when all that can be given back has been. */
static size_t
ask_quota(struct filewriter *recording, enum diskquota_limit *limit)
{
	uint64_t allowed = diskquota_take(recording->quota, recording->used, limit);

	while (*limit && recording->relieve && recording->relieve(recording->context)) {
		diskquota_settle(recording->quota, allowed, allowed);
		allowed = diskquota_take(recording->quota, recording->used, limit);
	}
	return (size_t)allowed;
}

int
filewriter_flush(struct filewriter *recording)
{
	size_t allowed = recording->used, fit, done;
	enum diskquota_limit limit = DISKQUOTA_NONE;

	if (recording->stop)
		return -1;
	if (recording->used == 0)
		return 0;
	if (recording->quota)
		allowed = ask_quota(recording, &limit);
	fit = limit ? whole_blocks(recording, allowed) : allowed;
	done = write_blocks(recording, fit);
	if (recording->quota)
		diskquota_settle(recording->quota, allowed, allowed - done);
	if (limit && !recording->stop)
		recording->stop = limit == DISKQUOTA_SIZE ? FILEWRITER_SIZE : FILEWRITER_RESERVE;
	if (!recording->stop) {
		recording->used = 0;
		measure_room(recording);
		return 0;
	}
	recording->used -= done;
	memmove(recording->bytes, recording->bytes + done, recording->used);
	return -1;
}

/* Makes room for size bytes: 0, -1 or FILEWRITER_FULL. */
static int
make_room(struct filewriter *recording, size_t size)
{
	if (recording->stop)
		return -1;
	if (recording->used + size <= recording->room)
		return 0;
	if (filewriter_flush(recording) < 0)
		return -1;
	if (size <= recording->room)
		return 0;
	if (recording->room < recording->capacity && recording->has_packets)
		return FILEWRITER_FULL;
	if (size > recording->capacity) {
		unsigned char *larger = realloc(recording->bytes, size);

		if (!larger) {
			stop_for_errno(recording);
			return -1;
		}
		recording->bytes = larger;
		recording->capacity = size;
	}
	recording->room = size;
	return 0;
}

int
filewriter_packet(struct filewriter *recording, uint32_t id, const struct packet *packet)
{
	int rc = make_room(recording, PCAPNG_EPB_ROOM(packet->caplen, packet->options_len));

	if (rc)
		return rc;
	recording->used += pcapng_write_packet_at(recording->bytes + recording->used, id, packet);
	recording->has_packets = true;
	return 0;
}

int
filewriter_blocks(struct filewriter *recording, const void *bytes, size_t size)
{
	int rc = make_room(recording, size);

	if (rc)
		return rc;
	memcpy(recording->bytes + recording->used, bytes, size);
	recording->used += size;
	return 0;
}

bool
filewriter_next_lost(const struct filewriter *recording, size_t *at, uint32_t *id, uint32_t *caplen,
		     uint32_t *len)
{
	while (*at < recording->used) {
		const unsigned char *block = recording->bytes + *at;
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
filewriter_end(struct filewriter *recording, const void *bytes, size_t size, bool sync)
{
	struct filewriter ended = FILEWRITER_INIT;
	bool lost = recording->stop == FILEWRITER_CLOSED || recording->stop == FILEWRITER_ERROR;
	int rc = lost ? -1 : 0;

	if (!lost && write_some(recording, bytes, size) < size) {
		if (!recording->is_stream)
			cut_back(recording, recording->size);
		rc = -1;
	}
	/* EINVAL: something that cannot be synced, such as a pipe. */
	if (sync && !recording->is_stream && fsync(recording->fd) < 0 && errno != EINVAL)
		rc = -1;
	if (close(recording->fd) < 0)
		rc = -1;
	free(recording->bytes);
	ended.stop = recording->stop;
	ended.error = recording->error;
	*recording = ended;
	return rc;
}
