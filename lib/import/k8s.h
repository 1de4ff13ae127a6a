/*
 * Imports Services of Kubernetes from JSON, as
 *
 *	kubectl get services,endpointslices,nodes -A -o json
 *
 * prints it: a service for each port of a Service, called NAMESPACE.NAME.PORT (dotname.h). Its
 * cluster, external and load-balancer addresses, and its node port on every node, are the VIPs; the
 * endpoints of its EndpointSlices, matched by the port's name, are the servers; the engines are the
 * nodes. Gives warnings for headless Services, ExternalName, and node ports without nodes.
 */
#ifndef VCAP_K8S_H
#define VCAP_K8S_H

#include "import/draft.h"

/* An importer (draft.h). -1: malformed, or out of memory. */
int k8s_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
