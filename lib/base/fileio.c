#include "base/fileio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t
fileio_read_full(int fd, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)to + done, size - done);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int
fileio_write_all(int fd, const void *from, size_t size)
{
	const char *p = from;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int
fileio_slurp(int fd, size_t max, const char *name, char **text, size_t *size, struct failure *why)
{
	size_t room = 4096, used = 0;
	char *buffer = malloc(room + 1);

	for (;;) {
		ssize_t n;

		if (!buffer)
			return failure_errno(why, "cannot read '%s'", name);
		n = fileio_read_full(fd, buffer + used, room - used);
		if (n < 0) {
			free(buffer);
			return failure_errno(why, "cannot read '%s'", name);
		}
		used += (size_t)n;
		if (used > max) {
			free(buffer);
			return failure_set(why, "'%s' is larger than %zu bytes", name, max);
		}
		if (used < room)
			break;
		room *= 2;
		char *larger = realloc(buffer, room + 1);
		if (!larger)
			free(buffer);
		buffer = larger;
	}
	buffer[used] = '\0';
	*text = buffer;
	*size = used;
	return 0;
}

void
fileio_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
fileio_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int
make_directory(const char *path, mode_t mode, struct failure *why)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return failure_errno(why, "cannot make '%s'", path);
	return 0;
}

int
fileio_make_parents(const char *path, mode_t mode, struct failure *why)
{
	char *copy = strdup(path);
	int rc = copy ? 0 : failure_nomem(why);

	/* Neither the root, nor the last component with slashes at its end, is a parent. */
	for (char *s = copy && *copy ? copy + 1 : NULL; rc == 0 && s && *s; s++) {
		if (*s != '/' || s[strspn(s, "/")] == '\0')
			continue;
		*s = '\0';
		rc = make_directory(copy, mode, why);
		*s = '/';
	}
	free(copy);
	return rc;
}

int
fileio_make_directories(const char *path, mode_t mode, struct failure *why)
{
	if (fileio_make_parents(path, mode, why) < 0)
		return -1;
	return make_directory(path, mode, why);
}

int
fileio_print(const char *path, FILE *out, struct failure *why)
{
	FILE *in = fopen(path, "re");
	char bytes[4096];
	size_t size;
	int rc;

	if (!in)
		return errno == ENOENT ? 0 : failure_errno(why, "cannot read '%s'", path);
	while ((size = fread(bytes, 1, sizeof(bytes), in)) > 0)
		fwrite(bytes, 1, size, out);
	rc = ferror(in) ? failure_errno(why, "cannot read '%s'", path) : 0;
	fclose(in);
	return rc;
}
