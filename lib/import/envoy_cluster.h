/*
 * The clusters of Envoy (envoy.config.cluster.v3): where their endpoints are, what is known of the
 * connections to these, and the health checks.
 */
#ifndef VCAP_ENVOY_CLUSTER_H
#define VCAP_ENVOY_CLUSTER_H

#include "base/strvec.h"
#include "import/envoy_dump.h"

#include <stdbool.h>

/* What leads to a cluster, and to what it leads. */
struct envoy_way {
	struct draft *draft;
	const char *protocol;    /* of connections to servers */
	bool knows_client;       /* Envoy sees the client as the other end of the connection */
	bool has_header;         /* and names it in the X-Forwarded-For of requests */
	struct strvec *clusters; /* names of further ones are appended, each once */
	/* Takes an endpoint that is a listener of the dump. */
	void (*enter)(const struct envoy_dump *dump, json_t *listener, void *context);
	void *context;
};

/* Adds the endpoints of the cluster of this name as servers, and their source and header; warns of
 * what is not known. */
void envoy_cluster_add(const struct envoy_dump *dump, const struct envoy_way *way,
		       const char *name);
/* Adds monitors for its health checks: call it once all servers are there. */
void envoy_cluster_add_checks(const struct envoy_dump *dump, const struct envoy_way *way,
			      const char *name);

#endif
