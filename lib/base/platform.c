#include "base/platform.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Whether the kernel has this file system, as it does once the module that brings it is active. */
static bool
has_filesystem(const char *name)
{
	FILE *in = fopen("/proc/filesystems", "re");
	char line[128], known[64];
	bool has = false;

	while (in && !has && fgets(line, sizeof(line), in))
		has = sscanf(line, "nodev %63s", known) == 1 && strcmp(known, name) == 0;
	if (in)
		fclose(in);
	return has;
}

/* In a container its file system may be hidden: then nothing is known of it (selinux(8)). */
static enum platform_selinux
read_selinux(void)
{
	const int fd = open("/sys/fs/selinux/enforce", O_RDONLY | O_CLOEXEC);
	char mode = '\0';

	if (fd >= 0) {
		if (read(fd, &mode, 1) != 1)
			mode = '\0';
		close(fd);
	}
	if (mode == '1')
		return PLATFORM_SELINUX_ENFORCING;
	if (mode == '0')
		return PLATFORM_SELINUX_PERMISSIVE;
	return has_filesystem("selinuxfs") ? PLATFORM_SELINUX_UNKNOWN : PLATFORM_SELINUX_OFF;
}

void
platform_read(struct platform *platform)
{
	struct utsname name;

	*platform = (struct platform){.selinux = read_selinux()};
	if (uname(&name) < 0)
		return;
	snprintf(platform->kernel, sizeof(platform->kernel), "%s", name.release);
	snprintf(platform->machine, sizeof(platform->machine), "%s", name.machine);
}

const char *
platform_selinux_word(enum platform_selinux selinux)
{
	static const char *const words[] = {
	    [PLATFORM_SELINUX_OFF] = "off",
	    [PLATFORM_SELINUX_PERMISSIVE] = "permissive",
	    [PLATFORM_SELINUX_ENFORCING] = "enforcing",
	    [PLATFORM_SELINUX_UNKNOWN] = "unknown",
	};

	return words[selinux];
}

bool
platform_is_before(const char *release, unsigned major, unsigned minor)
{
	unsigned have_major, have_minor;

	if (sscanf(release, "%4u.%4u", &have_major, &have_minor) != 2)
		return false;
	return have_major < major || (have_major == major && have_minor < minor);
}
