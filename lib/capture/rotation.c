#include "capture/rotation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
name_file(const struct rotation *series, uint64_t number, char *name, size_t size)
{
	if (series->file_size)
		snprintf(name, size, "core-%u.%" PRIu64 ".pcapng", series->core, number);
	else
		snprintf(name, size, "core-%u.pcapng", series->core);
}

/* Removes the oldest file but the newest. False: there is none, or it cannot be removed. */
static bool
remove_oldest(void *arg)
{
	struct rotation *series = arg;
	char name[64];

	if (!series->files || series->oldest == series->newest)
		return false;
	name_file(series, series->oldest, name, sizeof(name));
	/* One that somebody else has removed makes as much room. */
	if (unlinkat(series->dir->fd, name, 0) < 0 && errno != ENOENT)
		return false;
	if (series->quota)
		diskquota_adjust(series->quota,
				 -(int64_t)series->sizes[series->oldest % series->files]);
	series->oldest++;
	return true;
}

/* The newest file, or the livestream, with its headers. */
static int
open_newest(struct rotation *series, struct failure *why)
{
	struct filewriter *recording = &series->recording;
	char name[64];
	int fd = series->fd;

	name_file(series, series->newest, name, sizeof(name));
	if (series->dir && (fd = rundir_file(series->dir, name, why)) < 0)
		return -1;
	if (filewriter_open(recording, fd, !series->dir, series->quota, why) < 0) {
		if (series->dir)
			close(fd);
		return -1;
	}
	recording->abandon = series->abandon;
	recording->relieve = remove_oldest;
	recording->context = series;
	filewriter_bound(recording, series->file_size, series->end_room);
	if (filewriter_blocks(recording, series->headers.bytes, series->headers.used) < 0)
		return failure_errno(why, "cannot start '%s'", name);
	/* A livestream's reader may not be there yet: its thread writes. */
	if (series->dir && filewriter_flush(recording) < 0)
		return failure_set(why, "no room for '%s/%s'", series->dir->path, name);
	return 0;
}

int
rotation_open(struct rotation *series, struct failure *why)
{
	if (series->files) {
		series->sizes = calloc(series->files, sizeof(*series->sizes));
		if (!series->sizes)
			return failure_errno(why, "cannot start recording");
	}
	return open_newest(series, why);
}

int
rotation_next(struct rotation *series, const void *end, size_t size)
{
	struct filewriter *recording = &series->recording;
	struct failure why;

	if (series->files)
		series->sizes[series->newest % series->files] = recording->size + size;
	if (series->quota)
		diskquota_adjust(series->quota, (int64_t)size);
	/* Not synced: what is on disk a moment sooner is worth less than reading the ring now. */
	filewriter_end(recording, end, size, false);
	if (recording->stop)
		return -1;
	series->newest++;
	errno = 0;
	if (open_newest(series, &why) == 0) {
		/* Not sooner: there is always a file. */
		while (series->files && series->newest - series->oldest >= series->files &&
		       remove_oldest(series))
			;
		return 0;
	}
	if (!recording->stop) {
		recording->stop =
		    errno == ENOSPC || errno == EDQUOT ? FILEWRITER_DISK_FULL : FILEWRITER_ERROR;
		recording->error = errno;
	}
	return -1;
}

int
rotation_end(struct rotation *series, const void *end, size_t size)
{
	if (series->recording.fd < 0)
		return -1;
	return filewriter_end(&series->recording, end, size, true);
}

void
rotation_release(struct rotation *series)
{
	if (series->recording.fd >= 0)
		filewriter_end(&series->recording, NULL, 0, true);
	blocks_release(&series->headers);
	free(series->sizes);
	*series = ROTATION_INIT;
}
