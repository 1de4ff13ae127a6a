/*
 * What an engine has told of VIPs that came to it or went while it captured, as on failover. Pure.
 */
#ifndef VCAP_VIPMOVES_H
#define VCAP_VIPMOVES_H

#include "base/keyval.h"
#include "filter/service.h"

/* For people: "the VIP 192.0.2.10 came at 2026-11-29 03:12:04", the last move of each VIP of the service among
 * the lines `change-N` of an engine's state (vcap-spool(5)), with "; " between them. What is not of that form is
 * passed over. Heap; NULL: none has moved, or out of memory. */
char *vipmoves_note(const struct keyval *state, const struct service *service);

#endif
