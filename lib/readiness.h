/*
 * Whether this host could capture, as a controller asks before it starts: the privilege, the
 * interfaces vcap-run would take by itself, the room in a directory.
 */
#ifndef VCAP_READINESS_H
#define VCAP_READINESS_H

#include "iface.h"

#include <stdbool.h>
#include <stdint.h>

struct readiness {
	bool may_capture;     /* this process, or vcap-run beside its program, has CAP_NET_RAW */
	struct ifaces ifaces; /* with those taken marked */
	bool has_interface;   /* any was */
	bool has_directory;   /* free_bytes is known */
	uint64_t free_bytes;  /* on the directory's file system */
	struct failure no_interface, no_directory; /* why not */
};

/* dir need not exist yet: then what counts is where it would come to be. */
void readiness_init(struct readiness *readiness, const char *dir);
void readiness_release(struct readiness *readiness);

#endif
