/*
 * Whether this host could capture, as a controller asks before it starts: the privilege, the
 * interfaces vcap-run would take by itself, the room in a directory.
 */
#ifndef VCAP_HOSTCHECK_H
#define VCAP_HOSTCHECK_H

#include "capture/iface.h"

#include <stdbool.h>
#include <stdint.h>

struct hostcheck {
	bool is_barred;       /* this user may not run the vcap-run beside this process's program */
	bool may_capture;     /* this process, or that vcap-run, has CAP_NET_RAW */
	struct ifaces ifaces; /* with those taken marked */
	bool has_interface;   /* those asked for, or any */
	bool has_directory;   /* free_bytes is known */
	uint64_t free_bytes;  /* on the directory's file system */
	uint64_t reserve;     /* what vcap-run leaves free of it */
	struct failure no_interface, no_directory; /* why not */
};

/* dir need not exist yet: then what counts is where it would come to be. The interfaces are those
 * named, or with name_count 0 those that vcap-run would take. */
void hostcheck_init(struct hostcheck *check, const char *dir, const char *const *names,
		    size_t name_count);
/* Whether it could. */
bool hostcheck_is_ready(const struct hostcheck *check);
void hostcheck_release(struct hostcheck *check);

#endif
