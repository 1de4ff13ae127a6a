/*
 * Whether this host could capture, as a controller asks before it starts a capture: the privilege,
 * the interfaces that vcap-run would take, the room in a directory, the programs.
 */
#ifndef VCAP_HOSTCHECK_H
#define VCAP_HOSTCHECK_H

#include "base/failure.h"
#include "capture/iface.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hostcheck {
	bool run_is_denied; /* this user may not execute the vcap-run beside this program */
	bool has_net_raw;   /* this process has CAP_NET_RAW, or that vcap-run gets it */
	bool
	    run_is_nosuid; /* vcap-run's own capability is ignored, by how its file system is mounted */
	struct ifaces ifaces;
	bool has_interface; /* those named exist and can be captured on; or there is any */
	bool has_directory;
	bool is_writable; /* a directory and a file could be made there, and removed */
	uint64_t free_bytes,
	    reserve;       /* of the file system: free, and to be left free by vcap-run */
	bool has_programs; /* those that a capture needs are beside this one */
	struct failure interface_error, directory_error, program_error;
};

/* Looks at everything; what is missing is noted in *check. dir need not exist: the nearest
 * directory above it counts. The interfaces are those named, or with name_count 0 the default
 * choice. */
void hostcheck_init(struct hostcheck *check, const char *dir, const char *const *names,
		    size_t name_count);
/* Frees the interfaces. */
void hostcheck_release(struct hostcheck *check);

/* Whether nothing is missing. */
bool hostcheck_is_ready(const struct hostcheck *check);

#endif
