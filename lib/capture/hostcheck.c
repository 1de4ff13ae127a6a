#include "capture/hostcheck.h"

#include "base/diskquota.h"
#include "base/priv.h"
#include "base/process.h"
#include "capture/ifrule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* Makes a directory there, a file with a byte in that, and removes both, as a capture would. */
static int
try_directory(int fd, const char *dir, struct failure *why)
{
	char name[32];
	int own = -1, file = -1, rc = -1;

	snprintf(name, sizeof(name), ".vcap-check.%d", (int)getpid());
	if (mkdirat(fd, name, 0700) < 0)
		return failure_errno(why, "cannot create a directory in '%s'", dir);
	own = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (own >= 0)
		file = openat(own, "x", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || write(file, "x", 1) != 1)
		failure_errno(why, "cannot write a file in '%s'", dir);
	else
		rc = 0;
	if (file >= 0)
		close(file);
	if (own >= 0) {
		unlinkat(own, "x", 0);
		close(own);
	}
	if (unlinkat(fd, name, AT_REMOVEDIR) < 0 && rc == 0)
		rc = failure_errno(why, "cannot remove a directory in '%s'", dir);
	return rc;
}

/* What a controller asks for besides this program and vcap-run, whose lack is a privilege's. */
static int
try_programs(struct failure *why)
{
	static const char *const names[] = {"vcap-run", "vcap-merge", "vcap-join"};
	int rc = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && rc == 0; i++) {
		char *path = process_sibling(names[i]);

		if (!path)
			rc = failure_errno(why, "cannot find '%s'", names[i]);
		else if (access(path, F_OK) < 0)
			rc = failure_set(why, "there is no '%s' ('vcap push' brings all programs)",
					 path);
		free(path);
	}
	return rc;
}

void
hostcheck_init(struct hostcheck *check, const char *dir, const char *const *names,
	       size_t name_count)
{
	const struct ifrule rule = {.named = names, .named_count = name_count};
	char *run = process_sibling("vcap-run");
	const enum priv_grant grant = run ? priv_file_grants_net_raw(run) : PRIV_NOT_GRANTED;
	int fd = open_nearest(dir);

	*check = (struct hostcheck){
	    .run_is_denied = run && access(run, X_OK) < 0 && errno == EACCES,
	    .has_net_raw = priv_has_net_raw() || grant == PRIV_GRANTED,
	    .run_is_nosuid = grant == PRIV_GRANT_IGNORED,
	    .ifaces = IFACES_INIT,
	    .has_directory = fd >= 0,
	};
	free(run);
	if (fd < 0) {
		failure_errno(&check->directory_error, "cannot open '%s'", dir);
	} else {
		check->free_bytes = diskquota_free_bytes(fd);
		check->reserve = diskquota_default_reserve(fd);
		/* Without a directory for captures there is none to try. */
		check->is_writable =
		    strcmp(dir, ".") == 0 || try_directory(fd, dir, &check->directory_error) == 0;
	}
	if (fd >= 0)
		close(fd);
	check->has_interface = ifaces_read(&check->ifaces, &check->interface_error) == 0 &&
			       ifrule_check(&rule, &check->ifaces, &check->interface_error) == 0;
	if (check->has_interface)
		ifrule_apply(&rule, &check->ifaces);
	check->has_programs = try_programs(&check->program_error) == 0;
}

bool
hostcheck_is_ready(const struct hostcheck *check)
{
	return !check->run_is_denied && check->has_net_raw && check->has_interface &&
	       check->has_programs && check->has_directory && check->is_writable &&
	       check->free_bytes >= check->reserve;
}

void
hostcheck_release(struct hostcheck *check)
{
	ifaces_release(&check->ifaces);
}
