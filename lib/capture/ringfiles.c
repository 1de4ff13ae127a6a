#include "capture/ringfiles.h"

#include "base/array.h"
#include "base/clock.h"
#include "capture/ringmark.h"
#include "packet/loss.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A packet is written so long after it was received, at most: rings hold it while a disk stalls. */
#define DELAY (5 * NS_PER_SECOND)

void
ringfiles_release(struct ringfiles *files)
{
	free(files->list);
	*files = RINGFILES_INIT;
}

/* "core-N.K.pcapng", or "dropped.K.pcapng", which are as those of one more core. */
static bool
parse_name(const char *name, struct ringfile *file)
{
	int end = 0;

	if (strlen(name) >= sizeof(file->name))
		return false;
	if (sscanf(name, LOSS_STEM ".%19" SCNu64 ".pcapng%n", &file->number, &end) == 1)
		file->core = RINGFILES_DROPPED;
	else if (sscanf(name, "core-%5" SCNu64 ".%19" SCNu64 ".pcapng%n", &file->core,
			&file->number, &end) != 2)
		return false;
	return end > 0 && name[end] == '\0';
}

/* Adds the file unless it is none of a ring, or gone. */
static int
add(struct ringfiles *files, int dirfd, const char *name)
{
	struct ringfile file;
	struct stat st;
	bool is_marked;
	int fd;

	if (!parse_name(name, &file))
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	is_marked =
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ringmark_read(fd, &file.begun_ns) == 0;
	close(fd);
	if (!is_marked)
		return 0;
	snprintf(file.name, sizeof(file.name), "%s", name);
	file.size = (uint64_t)st.st_size;
	file.device = st.st_dev;
	file.inode = st.st_ino;
	if (array_grow(&files->list, files->count, sizeof(file)) < 0)
		return -1;
	files->list[files->count++] = file;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct ringfile *x = a, *y = b;

	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

int
ringfiles_list(struct ringfiles *files, int dirfd, struct failure *why)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!entries) {
		failure_errno(why, "cannot read the files of the ring");
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while (rc == 0 && (entry = readdir(entries)))
		rc = add(files, dirfd, entry->d_name);
	closedir(entries);
	if (rc < 0)
		return failure_nomem(why);
	if (files->count)
		qsort(files->list, files->count, sizeof(*files->list), compare);
	return 0;
}

static bool
is_last_of_core(const struct ringfiles *files, size_t i)
{
	return i + 1 == files->count || files->list[i + 1].core != files->list[i].core;
}

void
ringfiles_choose(struct ringfiles *files, const struct ringfiles_window *window, bool clock_was_set)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count && !clock_was_set; i++) {
		const bool is_over =
		    !is_last_of_core(files, i) && files->list[i + 1].begun_ns < window->from_ns;
		const bool is_to_come = window->to_ns < INT64_MAX - DELAY &&
					files->list[i].begun_ns > window->to_ns + DELAY;

		if (!is_over && !is_to_come)
			files->list[kept++] = files->list[i];
	}
	if (!clock_was_set)
		files->count = kept;
}

int64_t
ringfiles_since(const struct ringfiles *files, int64_t start_ns)
{
	int64_t since = start_ns;

	for (size_t i = 0; i < files->count; i++) {
		const struct ringfile *file = &files->list[i];

		if ((i == 0 || files->list[i - 1].core != file->core) && file->number > 0 &&
		    file->begun_ns > since)
			since = file->begun_ns;
	}
	return since;
}

uint64_t
ringfiles_size(const struct ringfiles *files)
{
	uint64_t size = 0;

	for (size_t i = 0; i < files->count; i++)
		size += files->list[i].size;
	return size;
}
