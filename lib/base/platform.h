/*
 * What kind of host this is: the kernel's release, the architecture, SELinux.
 */
#ifndef VCAP_PLATFORM_H
#define VCAP_PLATFORM_H

#include <stdbool.h>

enum platform_selinux {
	PLATFORM_SELINUX_OFF,
	PLATFORM_SELINUX_PERMISSIVE,
	PLATFORM_SELINUX_ENFORCING,
	PLATFORM_SELINUX_UNKNOWN, /* the kernel has it on, and its file cannot be read here */
};

struct platform {
	char kernel[65];  /* as `uname -r`; empty: not known */
	char machine[65]; /* as `uname -m` */
	enum platform_selinux selinux;
};

/* Asks the kernel. What cannot be known is empty or unknown. */
void platform_read(struct platform *platform);

/* The word for the state of SELinux: "off", "permissive", "enforcing" or "unknown". */
const char *platform_selinux_word(enum platform_selinux selinux);

/* Whether this release (uname -r) is of a kernel before major.minor. False if it does not say. Pure. */
bool platform_is_before(const char *release, unsigned major, unsigned minor);

#endif
