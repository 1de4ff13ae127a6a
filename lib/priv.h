/*
 * Privileges: what opening a capture takes, and having none of it afterwards. The only module that
 * knows libcap.
 *
 * Capabilities, no_new_privs and Landlock belong to a thread, and new threads inherit them: call
 * these before any thread starts.
 */
#ifndef VCAP_PRIV_H
#define VCAP_PRIV_H

#include "failure.h"

#include <stdbool.h>

/* Whether this process has CAP_NET_RAW now: packet sockets need it and nothing else does. */
bool priv_has_net_raw(void);

/* Whether starting the program at path gives CAP_NET_RAW, by the file's own capabilities. */
bool priv_file_has_net_raw(const char *path);

/* Gives up every capability but CAP_NET_RAW. -1: that one is missing, and why says how to grant it
 * to this program. */
int priv_keep_net_raw(struct failure *why);

/*
 * Gives up everything: every capability set, the bounding set too (without CAP_SETPCAP the kernel
 * refuses that, which no_new_privs makes up for), sets no_new_privs, and makes the process neither
 * dump core nor be traced, since its memory holds packets. Reads it all back: 0 means that it is
 * so.
 */
int priv_drop_all(struct failure *why);

#endif
