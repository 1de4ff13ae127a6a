/*
 * The lines of haproxy.cfg by which HAProxy logs keys so that tlskey_parse reads them.
 */
#ifndef VCAP_KEYLOGFORMAT_H
#define VCAP_KEYLOGFORMAT_H

#include "base/failure.h"

#include <stdio.h>

/* Prints them for this version of HAProxy, such as 2.6 or 3.0.5. -1 with why: it is no version, or too
 * old. */
int keylogformat_print(const char *version, FILE *out, struct failure *why);

#endif
