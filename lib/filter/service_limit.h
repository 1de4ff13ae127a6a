/*
 * A service as the limit of what may be captured, whoever chose the program: who may write to the
 * service's file on a host decides what of that host's traffic leaves it.
 */
#ifndef VCAP_SERVICE_LIMIT_H
#define VCAP_SERVICE_LIMIT_H

#include "base/failure.h"
#include "filter/service.h"
#include "packet/bpf.h"

/*
 * Whether text, the file of a service, speaks of no packet that is not of limit: its VIPs, servers and
 * monitors are among those of limit, and its servers are as little open to other sources. 0, or -1 with
 * why, which quotes the line that is not, or says that text is no service.
 */
int service_limit_check(const struct service *limit, const char *text, struct failure *why);

/*
 * Makes the program, for Ethernet, accept packets of the service limit only, on each of its sides and
 * of its monitors; an empty program then accepts all of them. -1 with why, and *program is unchanged:
 * there are too many instructions (bpf_require), or memory ran out.
 */
int service_limit_apply(const struct service *limit, struct bpf *program, struct failure *why);

#endif
