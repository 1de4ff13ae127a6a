#include "capture/hostcheck.h"

#include "base/diskquota.h"
#include "base/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_PATH_MAX (PATH_MAX + 16)

/* The path of the vcap-run beside this program; "" if that is unknown. */
static void
find_run(char path[RUN_PATH_MAX])
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

/* Opens dir, or the nearest directory above it that exists. */
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
	char run[RUN_PATH_MAX];
	int fd = open_nearest(dir);

	find_run(run);
	*check = (struct hostcheck){
	    .run_is_denied = access(run, X_OK) < 0 && errno == EACCES,
	    .has_net_raw = priv_has_net_raw() || priv_file_has_net_raw(run),
	    .ifaces = IFACES_INIT,
	    .has_directory = fd >= 0,
	};
	if (fd < 0) {
		failure_errno(&check->directory_error, "cannot open '%s'", dir);
	} else {
		check->free_bytes = diskquota_free_bytes(fd);
		check->reserve = diskquota_default_reserve(fd);
	}
	if (fd >= 0)
		close(fd);
	check->has_interface =
	    ifaces_read(&check->ifaces, &check->interface_error) == 0 &&
	    ifaces_choose(&check->ifaces, names, name_count, &check->interface_error) == 0;
}

bool
hostcheck_is_ready(const struct hostcheck *check)
{
	return !check->run_is_denied && check->has_net_raw && check->has_interface &&
	       check->has_directory && check->free_bytes >= check->reserve;
}

void
hostcheck_release(struct hostcheck *check)
{
	ifaces_release(&check->ifaces);
}
