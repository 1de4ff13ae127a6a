#include "capture/hostcheck.h"

#include "base/diskquota.h"
#include "base/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIBLING_MAX (PATH_MAX + 16)

/* vcap-run, which lies beside this program; "" if that cannot be told. */
static void
find_sibling(char path[SIBLING_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		strcpy(slash + 1, "vcap-run");
	else
		*path = '\0';
}

/* dir, or the directory above it that exists. */
static int
open_nearest(const char *dir)
{
	char *path = strdup(dir);
	int fd = -1;

	while (path && (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 &&
	       errno == ENOENT && strcmp(path, ".") != 0) {
		char *slash = strrchr(path, '/');

		if (!slash) {
			free(path);
			path = strdup(".");
		} else {
			slash[slash == path] = '\0';
		}
	}
	free(path);
	return fd;
}

void
hostcheck_init(struct hostcheck *readiness, const char *dir, const char *const *names,
	       size_t name_count)
{
	char sibling[SIBLING_MAX];
	int fd = open_nearest(dir);

	find_sibling(sibling);
	*readiness = (struct hostcheck){
	    .is_barred = access(sibling, X_OK) < 0 && errno == EACCES,
	    .may_capture = priv_has_net_raw() || priv_file_has_net_raw(sibling),
	    .ifaces = IFACES_INIT,
	    .has_directory = fd >= 0,
	};
	if (fd < 0) {
		failure_errno(&readiness->no_directory, "cannot open '%s'", dir);
	} else {
		readiness->free_bytes = diskquota_free_bytes(fd);
		readiness->reserve = diskquota_default_reserve(fd);
	}
	if (fd >= 0)
		close(fd);
	readiness->has_interface =
	    ifaces_read(&readiness->ifaces, &readiness->no_interface) == 0 &&
	    ifaces_choose(&readiness->ifaces, names, name_count, &readiness->no_interface) == 0;
}

bool
hostcheck_is_ready(const struct hostcheck *readiness)
{
	return !readiness->is_barred && readiness->may_capture && readiness->has_interface &&
	       readiness->has_directory && readiness->free_bytes >= readiness->reserve;
}

void
hostcheck_release(struct hostcheck *readiness)
{
	ifaces_release(&readiness->ifaces);
}
