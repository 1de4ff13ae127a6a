#include "capture/hostcheck.h"

#include "base/diskquota.h"
#include "base/priv.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	char *run = process_sibling("vcap-run");
	int fd = open_nearest(dir);

	*check = (struct hostcheck){
	    .run_is_denied = run && access(run, X_OK) < 0 && errno == EACCES,
	    .has_net_raw = priv_has_net_raw() || (run && priv_file_has_net_raw(run)),
	    .ifaces = IFACES_INIT,
	    .has_directory = fd >= 0,
	};
	free(run);
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
