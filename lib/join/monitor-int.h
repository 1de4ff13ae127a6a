/*
 * Health checks that only a whole connection shows: `monitor empty`, `http` and `local` of
 * vcap-service(5).
 */
#ifndef VCAP_MONITOR_INT_H
#define VCAP_MONITOR_INT_H

#include "join/join-int.h"

#include <stdbool.h>

/* Whether the service has such monitor lines. */
bool monitor_is_judged(const struct join *join);

/* Whether health checks ask for the path (http1_path). */
bool monitor_has_path(const struct join *join, uint64_t path);

/* Whether the connection is a health check, by what is known so far. UNKNOWN for good if its connect
 * failed. */
enum answer monitor_judge(const struct join *join, const struct join_conn *jc);

#endif
