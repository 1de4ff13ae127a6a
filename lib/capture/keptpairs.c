#include "capture/keptpairs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {KEPTPAIRS_FILE, KEPTPAIRS_OTHER};

int64_t
keptpairs_size(int dir)
{
	int64_t size = -1;
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			size = (size < 0 ? 0 : size) + st.st_size;
	return size;
}

static bool
is_younger(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* The last line may be one that is being written. */
static int
write_lines(int dir, const char *name, FILE *out, struct failure *why)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!in) {
		const int rc = errno == ENOENT ? 0 : failure_errno(why, "cannot read '%s'", name);

		if (fd >= 0)
			close(fd);
		return rc;
	}
	while ((n = getline(&line, &room, in)) > 0)
		if (line[n - 1] == '\n')
			fwrite(line, 1, (size_t)n, out);
	n = ferror(in) ? failure_errno(why, "cannot read '%s'", name) : 0;
	free(line);
	fclose(in);
	return (int)n;
}

int
keptpairs_write(int dir, FILE *out, struct failure *why)
{
	struct stat first, second;
	bool is_swapped = fstatat(dir, names[0], &first, AT_SYMLINK_NOFOLLOW) == 0 &&
			  fstatat(dir, names[1], &second, AT_SYMLINK_NOFOLLOW) == 0 &&
			  is_younger(&first, &second);

	if (write_lines(dir, names[is_swapped], out, why) < 0)
		return -1;
	return write_lines(dir, names[!is_swapped], out, why);
}
