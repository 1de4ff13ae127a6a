/*
 * Pairs in a log file of HAProxy (haproxylog.h) that grows: from a megabyte before its end on, and
 * then each line as it is written. One that was renamed, as logrotate does, is read for a while
 * longer beside the new one; one that was cut to nothing is read from its start.
 *
 * A pipe or standard input is read up to its end.
 */
#ifndef VCAP_LOGTAIL_H
#define VCAP_LOGTAIL_H

#include "flows/pairsource.h"

/* path is the caller's and has to stay; "-" is standard input. */
struct pairsource *logtail_open(const char *path, pairsource_report *report, void *context,
				struct failure *why);

/* The directories whose files it will have to open (priv.h, readable), NULL-ended; the feed's. */
char *const *logtail_directories(const struct pairsource *feed);

#endif
