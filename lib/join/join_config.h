/*
 * What a join is asked for: the service, the set, and the limits.
 */
#ifndef VCAP_JOIN_CONFIG_H
#define VCAP_JOIN_CONFIG_H

#include "base/siphash.h"
#include "filter/service.h"
#include "packet/addrset.h"
#include "packet/bpf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct join_config {
	const struct service *service; /* NULL: packets of any service, judged as per_packet */
	const struct addrset *set;     /* sealed; NULL: all packets of the service */
	enum monitor_mode monitors;
	bool per_packet;      /* an end of the packet itself has to be in the set */
	bool exclude;         /* invert the set and the program, within service and monitors */
	bool keeps_undecided; /* what stays undecided is kept */
	bool has_tables;      /* join_pair will be called */
	bool is_live; /* a stream: each verdict is needed before the rest of the capture is seen */
	const struct bpf *program;    /* what is kept has to satisfy it, too; NULL: none */
	struct service_header header; /* instead of the service's, if its name is not NULL */
	size_t memory;                /* for connections, in bytes */
	int64_t hold_ns;              /* how long a new connection may stay undecided */
	struct siphash_key secret;    /* of the hash tables: random */
};

#endif
