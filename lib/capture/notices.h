/*
 * What vcap-run tells its users besides failures.
 */
#ifndef VCAP_NOTICES_H
#define VCAP_NOTICES_H

#include "capture/ifrule.h"
#include "capture/state.h"

#include <stdbool.h>

/* Prints one line, formatted like printf(3). */
typedef void notices_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the interfaces taken, and those left out by default, may hide. */
void notices_interfaces(const struct ifaces *ifaces, const struct ifrule *rule,
			notices_print *print);

/* Limits that may never be met. */
void notices_limits(const struct capture_options *capture, notices_print *print);

/* After capture_wait: counts, the reason for the end, and what is missing. Nothing if it ended
 * because the reader of the stream had gone. */
void notices_end(struct capture *capture, notices_print *print);

#endif
