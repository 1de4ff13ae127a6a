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
hostcheck_init(struct hostcheck *check, const char *dir, const char *const *names,
	       size_t name_count)
{
	char sibling[SIBLING_MAX];
	int fd = open_nearest(dir);

	find_sibling(sibling);
	*check = (struct hostcheck){
	    .is_barred = access(sibling, X_OK) < 0 && errno == EACCES,
	    .may_capture = priv_has_net_raw() || priv_file_has_net_raw(sibling),
	    .ifaces = IFACES_INIT,
	    .has_directory = fd >= 0,
	};
	if (fd < 0) {
		failure_errno(&check->no_directory, "cannot open '%s'", dir);
	} else {
		check->free_bytes = diskquota_free_bytes(fd);
		check->reserve = diskquota_default_reserve(fd);
	}
	if (fd >= 0)
		close(fd);
	check->has_interface =
	    ifaces_read(&check->ifaces, &check->no_interface) == 0 &&
	    ifaces_choose(&check->ifaces, names, name_count, &check->no_interface) == 0;
}

bool
hostcheck_is_ready(const struct hostcheck *check)
{
	return !check->is_barred && check->may_capture && check->has_interface &&
	       check->has_directory && check->free_bytes >= check->reserve;
}

void
hostcheck_release(struct hostcheck *check)
{
	ifaces_release(&check->ifaces);
}
