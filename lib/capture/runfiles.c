#include "capture/runfiles.h"

#include "capture/keptlines.h"
#include "packet/loss.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory's entries through a descriptor of its own, since a DIR takes over the one it gets
 * (and closing that must not release the lock). */
static DIR *
open_entries(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);

	if (!entries && copy >= 0)
		close(copy);
	return entries;
}

static bool
is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static const char digits[] = "0123456789";

/* ".pcapng", or ".K.pcapng" of a rotation. */
static bool
is_ending(const char *rest)
{
	const size_t number = *rest == '.' ? strspn(rest + 1, digits) : 0;

	return strcmp(number ? rest + 1 + number : rest, ".pcapng") == 0;
}

/* With packets: "core-N" and its ending, or "dropped" and its. */
static bool
is_packet_file(const char *name)
{
	const size_t stem = sizeof(LOSS_STEM) - 1;

	if (strncmp(name, LOSS_STEM, stem) == 0)
		return is_ending(name + stem);
	return strncmp(name, "core-", 5) == 0 && strspn(name + 5, digits) &&
	       is_ending(name + 5 + strspn(name + 5, digits));
}

/* ".status.PID.tmp", left by a vcap-run that was killed while it replaced its status. */
static bool
is_temporary(const char *name)
{
	const size_t pid = strspn(name + 8, digits);

	return pid > 0 && strcmp(name + 8 + pid, ".tmp") == 0;
}

/* By these a capture is known: status tells what became of it, token whose it is. */
static const char *const last_names[] = {"status", "token"};

#define LAST_NAMES (sizeof(last_names) / sizeof(*last_names))

static bool
is_last(const char *name)
{
	for (size_t i = 0; i < LAST_NAMES; i++)
		if (strcmp(name, last_names[i]) == 0)
			return true;
	return false;
}

static bool
is_our_name(const char *name)
{
	static const char *const names[] = {"filter.bpf", "service", "specs", "log", "stop"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (int i = 0; i < KEPTLINES_FILES; i++)
		if (strcmp(name, keptlines_name(KEPTLINES_PAIRS, i)) == 0 ||
		    strcmp(name, keptlines_name(KEPTLINES_KEYS, i)) == 0)
			return true;
	return is_last(name) || is_packet_file(name) ||
	       (strncmp(name, ".status.", 8) == 0 && is_temporary(name));
}

bool
runfiles_is_empty(int dirfd)
{
	DIR *entries = open_entries(dirfd);
	const struct dirent *entry;
	bool empty = entries != NULL;

	while (entries && empty && (entry = readdir(entries)))
		empty = is_dot(entry->d_name);
	if (entries)
		closedir(entries);
	return empty;
}

int
runfiles_find_foreign(int dirfd, char foreign[NAME_MAX + 1])
{
	DIR *entries = open_entries(dirfd);
	const struct dirent *entry;

	*foreign = '\0';
	if (!entries)
		return -1;
	while (!*foreign && (entry = readdir(entries)))
		if (!is_dot(entry->d_name) && !is_our_name(entry->d_name))
			snprintf(foreign, NAME_MAX + 1, "%s", entry->d_name);
	closedir(entries);
	return 0;
}

static int
remove_file(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, 0) < 0 && errno != ENOENT ? -1 : 0;
}

int
runfiles_remove(int dirfd)
{
	DIR *entries = open_entries(dirfd);
	const struct dirent *entry;
	int rc = entries ? 0 : -1;

	while (rc == 0 && (entry = readdir(entries)))
		if (is_our_name(entry->d_name) && !is_last(entry->d_name))
			rc = remove_file(dirfd, entry->d_name);
	if (entries)
		closedir(entries);
	for (size_t i = 0; i < LAST_NAMES && rc == 0; i++)
		rc = remove_file(dirfd, last_names[i]);
	return rc;
}

uint64_t
runfiles_size(int dirfd)
{
	DIR *entries = open_entries(dirfd);
	const struct dirent *entry;
	uint64_t size = 0;
	struct stat st;

	while (entries && (entry = readdir(entries)))
		if (is_packet_file(entry->d_name) &&
		    fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			size += (uint64_t)st.st_size;
	if (entries)
		closedir(entries);
	return size;
}
