/*
 * A new file is opened before an old one is removed, so that there is a file at any time, and a
 * capture whose disk fills still has its newest packets. When the quota refuses to let the newest
 * file grow, the oldest is removed early (remove_oldest, called by the writer): a rotation with
 * too little disk keeps fewer files rather than ending.
 */
#include "capture/rotation.h"

#include "base/clock.h"
#include "capture/ringmark.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
format_name(const struct rotation *rotation, uint64_t number, char *name, size_t size)
{
	if (rotation->file_size)
		snprintf(name, size, "core-%u.%" PRIu64 ".pcapng", rotation->core, number);
	else
		snprintf(name, size, "core-%u.pcapng", rotation->core);
}

/* Removes the oldest file unless it is the newest. False: nothing was removed. */
static bool
remove_oldest(void *arg)
{
	struct rotation *rotation = arg;
	char name[64];

	if (!rotation->files || rotation->oldest == rotation->newest)
		return false;
	format_name(rotation, rotation->oldest, name, sizeof(name));
	/* A file that was removed from outside makes as much room. */
	if (unlinkat(rotation->dir->fd, name, 0) < 0 && errno != ENOENT)
		return false;
	if (rotation->quota)
		diskquota_adjust(rotation->quota,
				 -(int64_t)rotation->sizes[rotation->oldest % rotation->files]);
	rotation->oldest++;
	return true;
}

/* Opens the file with the number newest, or the stream, and adds the headers. */
static int
open_newest(struct rotation *rotation, struct failure *why)
{
	struct filewriter *writer = &rotation->writer;
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
	ringmark_set(&rotation->headers, clock_realtime_ns());
	if (filewriter_blocks(writer, rotation->headers.bytes, rotation->headers.used) < 0)
		return failure_errno(why, "cannot start '%s'", name);
	/* A stream may not have a reader yet: its thread writes. */
	if (rotation->dir && filewriter_flush(writer) < 0)
		return failure_set(why, "no room for '%s/%s'", rotation->dir->path, name);
	return 0;
}

int
rotation_open(struct rotation *rotation, struct failure *why)
{
	if (rotation->files) {
		rotation->sizes = calloc(rotation->files, sizeof(*rotation->sizes));
		if (!rotation->sizes)
			return failure_errno(why, "cannot start writing packets");
	}
	return open_newest(rotation, why);
}

int
rotation_next(struct rotation *rotation, const void *end, size_t size)
{
	struct filewriter *writer = &rotation->writer;
	struct failure why;

	if (rotation->files)
		rotation->sizes[rotation->newest % rotation->files] = writer->size + size;
	if (rotation->quota)
		diskquota_adjust(rotation->quota, (int64_t)size);
	/* A sync would keep the thread from its rings, which hold packets of a moment only. */
	filewriter_end(writer, end, size, FILEWRITER_NO_SYNC);
	if (writer->stop)
		return -1;
	rotation->newest++;
	errno = 0;
	if (open_newest(rotation, &why) == 0) {
		while (rotation->files && rotation->newest - rotation->oldest >= rotation->files &&
		       remove_oldest(rotation))
			;
		return 0;
	}
	if (!writer->stop) {
		writer->stop =
		    errno == ENOSPC || errno == EDQUOT ? FILEWRITER_DISK_FULL : FILEWRITER_ERROR;
		writer->error = errno;
	}
	return -1;
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
	free(rotation->sizes);
	*rotation = ROTATION_INIT;
}
