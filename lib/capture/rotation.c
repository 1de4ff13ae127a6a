/*
 * A new file is opened before an old one is removed, so that there is a file at any time, and a
 * capture whose disk fills still has its newest packets. When the quota refuses to let the newest
 * file grow, the oldest is removed early (remove_oldest, called by the writer): a rotation with
 * too little disk keeps fewer files rather than ending.
 *
 * How old a file is, is told by CLOCK_BOOTTIME: a clock that is set removes nothing. A file is over
 * when the next one begins; until that is rolling_ns ago, it has packets that are to be kept.
 */
#include "capture/rotation.h"

#include "base/clock.h"
#include "capture/ringmark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static void
format_name(const struct rotation *rotation, uint64_t number, char *name, size_t size)
{
	char core[32];
	const char *stem = rotation->stem;

	if (!stem) {
		snprintf(core, sizeof(core), "core-%u", rotation->core);
		stem = core;
	}
	if (rotation->file_size || rotation->rolling_ns)
		snprintf(name, size, "%s.%" PRIu64 ".pcapng", stem, number);
	else
		snprintf(name, size, "%s.pcapng", stem);
}

/* Removes the oldest file unless it is the newest. False: nothing was removed. */
static bool
remove_oldest(void *arg)
{
	struct rotation *rotation = arg;
	char name[64];

	if (rotation->kept.count < 2)
		return false;
	format_name(rotation, rotation->kept.oldest, name, sizeof(name));
	/* A file that was removed from outside makes as much room. */
	if (unlinkat(rotation->dir->fd, name, 0) < 0 && errno != ENOENT)
		return false;
	if (rotation->quota)
		diskquota_adjust(
		    rotation->quota,
		    -(int64_t)keptfiles_get(&rotation->kept, rotation->kept.oldest)->size);
	keptfiles_pop(&rotation->kept);
	return true;
}

/* Writes the headers of the newest file. Those of a ring are written whatever the quota says, from what
 * it holds back: the ring goes on even if it can keep nothing for now. */
static int
write_headers(struct rotation *rotation, const char *name, struct failure *why)
{
	struct filewriter *writer = &rotation->writer;
	const bool is_ring = rotation_is_ring(rotation);

	if (filewriter_blocks(writer, rotation->headers.bytes, rotation->headers.used) < 0)
		return failure_errno(why, "cannot start '%s'", name);
	/* A stream may not have a reader yet: its thread writes. */
	if (!rotation->dir)
		return 0;
	if (is_ring)
		writer->quota = NULL;
	if (filewriter_flush(writer) < 0)
		return failure_set(why, "no room for '%s/%s'", rotation->dir->path, name);
	writer->quota = rotation->quota;
	if (is_ring && rotation->quota)
		diskquota_adjust(rotation->quota, (int64_t)rotation->headers.used);
	return 0;
}

/* Opens the file with the number newest, or the stream, and adds the headers. */
static int
open_newest(struct rotation *rotation, struct failure *why)
{
	struct filewriter *writer = &rotation->writer;
	const struct kept_file file = {.begun_ns = clock_realtime_ns(),
				       .begun_boot = rotation->boot_ns};
	char name[64];
	enum filewriter_kind kind = rotation->dir ? FILEWRITER_FILE : FILEWRITER_STREAM;
	int fd = rotation->fd;

	format_name(rotation, rotation->newest, name, sizeof(name));
	if (rotation->dir && (fd = rundir_file(rotation->dir, name, why)) < 0)
		return -1;
	if (filewriter_open(writer, fd, kind, rotation->quota, why) < 0) {
		if (rotation->dir)
			close(fd);
		return -1;
	}
	writer->abandon = rotation->abandon;
	writer->free_space = remove_oldest;
	writer->context = rotation;
	filewriter_limit(writer, rotation->file_size, rotation->end_room);
	ringmark_set(&rotation->headers, file.begun_ns);
	if (rotation_is_ring(rotation) && keptfiles_push(&rotation->kept, &file, why) < 0)
		return -1;
	return write_headers(rotation, name, why);
}

int
rotation_open(struct rotation *rotation, struct failure *why)
{
	return open_newest(rotation, why);
}

/* Opens the file after the newest. -1: the writer's stop says why. */
static int
begin_next(struct rotation *rotation)
{
	struct filewriter *writer = &rotation->writer;
	struct failure why;

	rotation->newest++;
	errno = 0;
	if (open_newest(rotation, &why) == 0)
		return 0;
	if (!writer->stop) {
		writer->stop =
		    errno == ENOSPC || errno == EDQUOT ? FILEWRITER_DISK_FULL : FILEWRITER_ERROR;
		writer->error = errno;
	}
	return -1;
}

int
rotation_next(struct rotation *rotation, const void *end, size_t size)
{
	struct filewriter *writer = &rotation->writer;

	if (rotation_is_ring(rotation))
		keptfiles_get(&rotation->kept, rotation->newest)->size = writer->size + size;
	if (rotation->quota)
		diskquota_adjust(rotation->quota, (int64_t)size);
	/* A sync would keep the thread from its rings, which hold packets of a moment only. */
	filewriter_end(writer, end, size, FILEWRITER_NO_SYNC);
	if (writer->stop)
		return -1;
	if (begin_next(rotation) < 0)
		return -1;
	while (rotation->files && rotation->kept.count > rotation->files && remove_oldest(rotation))
		;
	return 0;
}

int
rotation_retry(struct rotation *rotation)
{
	if (rotation->writer.fd >= 0)
		filewriter_end(&rotation->writer, NULL, 0, FILEWRITER_NO_SYNC);
	rotation->writer.stop = FILEWRITER_NOT_STOPPED;
	rotation->writer.error = 0;
	rotation_shed(rotation);
	if (begin_next(rotation) < 0)
		return -1;
	rotation_shed(rotation);
	return 0;
}

/* The time that one file is of. */
static int64_t
period_of(const struct rotation *rotation)
{
	const int64_t eighth = rotation->rolling_ns / 8;

	return eighth < ROTATION_PERIOD_MAX ? eighth : ROTATION_PERIOD_MAX;
}

bool
rotation_is_due(const struct rotation *rotation)
{
	return rotation->rolling_ns &&
	       rotation->boot_ns -
		       keptfiles_get(&rotation->kept, rotation->kept.newest)->begun_boot >=
		   period_of(rotation);
}

void
rotation_expire(struct rotation *rotation)
{
	const struct keptfiles *kept = &rotation->kept;

	while (rotation->rolling_ns && kept->count > 1 &&
	       rotation->boot_ns - keptfiles_get(kept, kept->oldest + 1)->begun_boot >
		   rotation->rolling_ns &&
	       remove_oldest(rotation))
		;
}

void
rotation_shed(struct rotation *rotation)
{
	while (remove_oldest(rotation))
		;
}

int
rotation_end(struct rotation *rotation, const void *end, size_t size)
{
	if (rotation->writer.fd < 0)
		return -1;
	return filewriter_end(&rotation->writer, end, size, FILEWRITER_SYNC);
}

void
rotation_release(struct rotation *rotation)
{
	if (rotation->writer.fd >= 0)
		filewriter_end(&rotation->writer, NULL, 0, FILEWRITER_SYNC);
	blocks_release(&rotation->headers);
	keptfiles_release(&rotation->kept);
	*rotation = ROTATION_INIT;
}
