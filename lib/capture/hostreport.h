/*
 * What vcap-host answers to `check`: facts as lines of a key and a value (vcap-host(1)), and for
 * people, why this host cannot capture.
 */
#ifndef VCAP_HOSTREPORT_H
#define VCAP_HOSTREPORT_H

#include "base/failure.h"
#include "base/strvec.h"
#include "capture/notices.h"

#include <stdio.h>

#define HOSTREPORT_CAPTURES_MAX 100

/*
 * Checks this host for a capture into dir (NULL: this one) on the interfaces named (none: the default
 * choice), writes the facts and which of the addresses (NULL-ended) are its own, and prints what is
 * missing. Of a dir it removes what has expired, and writes what captures lie in there, at most
 * HOSTREPORT_CAPTURES_MAX (runlist.h).
 * Returns 1 if the host can capture, 0 if not; -1: an address is malformed, nothing was written.
 */
int hostreport_write(const char *dir, const struct strvec *interfaces, char *const *addresses,
		     FILE *out, notices_print *print, struct failure *why);

#endif
