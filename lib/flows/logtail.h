/*
 * Connection pairs from a growing log file of HAProxy (haproxy_log.h): its last megabyte, and then
 * each line as it is written, also after logrotate has renamed or truncated the file.
 *
 * A pipe or standard input is read up to its end.
 */
#ifndef VCAP_LOGTAIL_H
#define VCAP_LOGTAIL_H

#include "flows/pairsource.h"

/* Opens the log; "-" is standard input. path is borrowed until close. NULL on failure. */
struct pairsource *logtail_open(const char *path, connpair_report *report, void *context,
				struct failure *why);

/* Likewise, for the lines alone that are written from now on. */
struct pairsource *logtail_open_new(const char *path, void *context, struct failure *why);

/* The directories whose files it may have to open (priv.h, readable), NULL-ended; the source's. */
char *const *logtail_directories(const struct pairsource *source);

#endif
