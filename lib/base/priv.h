/*
 * Capabilities: checking for what a capture needs, and dropping them. The only module that uses
 * libcap.
 *
 * Capabilities and no_new_privs belong to a thread, and new threads inherit them: call these before
 * any thread starts.
 */
#ifndef VCAP_PRIV_H
#define VCAP_PRIV_H

#include "base/failure.h"

#include <stdbool.h>

/* Whether this process has CAP_NET_RAW in its effective set: packet sockets need it. */
bool priv_has_net_raw(void);

enum priv_grant {
	PRIV_NOT_GRANTED,
	PRIV_GRANTED,
	PRIV_GRANT_IGNORED, /* the file has it, and its file system is mounted nosuid */
};

/* Whether starting the program at path gives CAP_NET_RAW, by the file's own capabilities. */
enum priv_grant priv_file_grants_net_raw(const char *path);

/* 0 if this process has CAP_NET_RAW; else -1, and why says how to grant it to this program. */
int priv_check_net_raw(struct failure *why);

/* Drops every capability but CAP_NET_RAW, and the bounding set. -1 with why: CAP_NET_RAW is missing
 * (nothing has changed), or the kernel refused (some may have been dropped). */
int priv_keep_net_raw(struct failure *why);

/* The same for CAP_BPF and CAP_PERFMON, which loading a program for tracing needs. */
int priv_check_bpf(struct failure *why);
int priv_keep_bpf(struct failure *why);

/* 0 if this process has CAP_NET_ADMIN, which reading connection tracking needs; else -1, and why
 * says how to grant it to this program. */
int priv_check_net_admin(struct failure *why);

/*
 * Drops every capability from every set, the bounding set included (which takes CAP_SETPCAP;
 * without it no_new_privs does as well), sets no_new_privs, and forbids core dumps and tracing,
 * since memory holds packets. 0: the kernel reports that it is so. -1 with why: some may have been
 * dropped.
 */
int priv_drop_all(struct failure *why);

/* What a process may keep. */
enum priv_power {
	PRIV_NET_ADMIN, /* CAP_NET_ADMIN: dumps the table of connection tracking again */
	PRIV_SOCKETS,   /* CAP_DAC_OVERRIDE: connects to a socket of another owner */
	PRIV_FILES,     /* CAP_DAC_READ_SEARCH: reads a file of another owner */
};

/* As priv_drop_all, but keeps this power if the process has it. 0, or -1 as there. */
int priv_drop_others(enum priv_power power, struct failure *why);

#endif
