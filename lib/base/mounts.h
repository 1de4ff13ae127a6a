/*
 * The list of mounted file systems, as /proc/self/mounts has it (proc(5)). Pure: it may be another
 * host's.
 */
#ifndef VCAP_MOUNTS_H
#define VCAP_MOUNTS_H

#include <stdbool.h>

/* Whether the file system that path, an absolute one without links, lies on is mounted with this option, such as
 * "noexec". False where the text does not say. */
bool mounts_have(const char *text, const char *path, const char *option);

#endif
