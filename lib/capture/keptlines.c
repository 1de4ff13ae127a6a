#include "capture/keptlines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[][KEPTLINES_FILES] = {
    [KEPTLINES_PAIRS] = {"pairs", "pairs.1"}, [KEPTLINES_KEYS] = {"keys", "keys.1"}};

const char *
keptlines_name(enum keptlines_kind kind, int number)
{
	return names[kind][number];
}

int64_t
keptlines_size(int dir, enum keptlines_kind kind)
{
	int64_t size = -1;
	struct stat st;

	for (int i = 0; i < KEPTLINES_FILES; i++)
		if (fstatat(dir, names[kind][i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			size = (size < 0 ? 0 : size) + st.st_size;
	return size;
}

int
keptlines_set_sizes(int dir, struct keyval *status)
{
	int rc = 0;

	for (enum keptlines_kind kind = KEPTLINES_PAIRS; kind <= KEPTLINES_KEYS; kind++) {
		const int64_t size = keptlines_size(dir, kind);

		if (size >= 0)
			rc |= keyval_set(status, names[kind][0], "%" PRId64, size);
	}
	return rc;
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
keptlines_write(int dir, enum keptlines_kind kind, FILE *out, struct failure *why)
{
	const char *const *name = names[kind];
	struct stat first, second;
	bool is_swapped = fstatat(dir, name[0], &first, AT_SYMLINK_NOFOLLOW) == 0 &&
			  fstatat(dir, name[1], &second, AT_SYMLINK_NOFOLLOW) == 0 &&
			  is_younger(&first, &second);

	if (write_lines(dir, name[is_swapped], out, why) < 0)
		return -1;
	return write_lines(dir, name[!is_swapped], out, why);
}
