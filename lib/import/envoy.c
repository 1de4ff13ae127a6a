/*
 * A dump is a list of sections: listeners, routes, clusters and, if it was asked for them, endpoints,
 * each static or dynamic and wrapped in what is known of its version. Only what leads from one to the
 * other is looked at: a cluster that serves a filter (for tokens, rates, logs) is no server of the
 * listener, so names of clusters count only where routes and tcp_proxy have them.
 */
#include "import/envoy.h"

#include "import/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLUSTERS_MAX 10000 /* of one listener */

struct importer {
	struct drafts *drafts;
	const char *file;
	json_t *configs;
};

/* A listener that is imported. */
struct listener {
	struct draft *draft;
	struct strvec clusters;      /* names */
	const char *protocol;        /* of its own address */
	const char *server_protocol; /* requests that came by QUIC go on by TCP */
	bool is_linked;              /* every filter that was met writes X-Forwarded-For */
};

static struct draft_location
here(const struct importer *importer)
{
	return (struct draft_location){importer->file, 0};
}

static bool
is_type(const json_t *object, const char *name)
{
	const char *type = json_text(object, "@type");
	const size_t length = strlen(type), end = strlen(name);

	return length >= end && strcmp(type + length - end, name) == 0;
}

typedef bool object_visitor(const struct importer *importer, json_t *object, void *context);

/* Calls visit with the objects at path in each element of every list of the sections of this type,
 * until it returns true. */
static bool
find_in_dump(const struct importer *importer, const char *type, const char *path,
	     object_visitor *visit, void *context)
{
	json_t *section, *list, *element;
	const char *key;
	size_t i, k;

	json_array_foreach(importer->configs, i, section) {
		if (!is_type(section, type))
			continue;
		json_object_foreach(section, key, list)
		{
			json_array_foreach(list, k, element) {
				json_t *active = json_object_get(element, "active_state");
				json_t *object = json_at(active ? active : element, path);

				if (object && visit(importer, object, context))
					return true;
			}
		}
	}
	return false;
}

static void
add_cluster(struct listener *listener, const char *name)
{
	if (*name && listener->clusters.count < CLUSTERS_MAX &&
	    !strvec_has(&listener->clusters, name))
		strvec_push(&listener->clusters, name);
}

/* Adds what a route action or a tcp_proxy leads to. */
static void
add_action(const struct importer *importer, struct listener *listener, json_t *action)
{
	json_t *weighted = json_at(action, "weighted_clusters.clusters"), *mirror, *cluster;
	size_t i;

	add_cluster(listener, json_text(action, "cluster"));
	json_array_foreach(weighted, i, cluster) {
		add_cluster(listener, json_text(cluster, "name"));
	}
	json_array_foreach(json_object_get(action, "request_mirror_policies"), i, mirror) {
		add_cluster(listener, json_text(mirror, "cluster"));
	}
	if (*json_text(action, "cluster_header"))
		draft_warn(listener->draft, here(importer),
			   "the cluster is chosen by a header: '%s'",
			   json_text(action, "cluster_header"));
}

static void
add_routes(const struct importer *importer, struct listener *listener, const json_t *config)
{
	json_t *host, *route;
	size_t i, k;

	json_array_foreach(json_object_get(config, "virtual_hosts"), i, host) {
		json_array_foreach(json_object_get(host, "routes"), k, route) {
			add_action(importer, listener, json_object_get(route, "route"));
		}
	}
}

/* A route configuration that a listener names. */
struct wanted_routes {
	struct listener *listener;
	const char *name;
};

static bool
visit_routes(const struct importer *importer, json_t *object, void *context)
{
	const struct wanted_routes *wanted = context;

	if (strcmp(json_text(object, "name"), wanted->name) != 0)
		return false;
	add_routes(importer, wanted->listener, object);
	return true;
}

static void
add_filter(const struct importer *importer, struct listener *listener, json_t *filter)
{
	json_t *config = json_object_get(filter, "typed_config");
	struct wanted_routes wanted = {listener,
				       json_text(json_at(config, "rds"), "route_config_name")};

	if (is_type(config, ".TcpProxy")) {
		add_action(importer, listener, config);
		listener->is_linked = false;
	} else if (is_type(config, ".UdpProxyConfig")) {
		add_cluster(listener, json_text(config, "cluster"));
		listener->server_protocol = "udp";
		listener->is_linked = false;
	} else if (is_type(config, ".HttpConnectionManager")) {
		/* Otherwise it passes on what clients say of themselves. */
		listener->is_linked &= json_is_true(json_object_get(config, "use_remote_address"));
		add_routes(importer, listener, json_object_get(config, "route_config"));
		if (*wanted.name && !find_in_dump(importer, ".RoutesConfigDump", "route_config",
						  visit_routes, &wanted))
			draft_warn(listener->draft, here(importer),
				   "routes are not in the dump: '%s'", wanted.name);
	}
}

/* The address and port of {"socket_address": ...}; false: it is none. */
static bool
read_address(const json_t *address, const char *protocol, struct draft_endpoint *endpoint)
{
	json_t *socket = json_object_get(address, "socket_address");
	const json_int_t port = json_integer_value(json_object_get(socket, "port_value"));
	const char *host = json_text(socket, "address");

	if (!*host || port < 1 || port > UINT16_MAX)
		return false;
	*endpoint = (struct draft_endpoint){
	    .host = host,
	    .ports = {protocol, (unsigned)port, (unsigned)port},
	};
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0) {
		endpoint->host = NULL;
		endpoint->family = *host == '0' ? 4 : 6;
		if (json_is_true(json_object_get(socket, "ipv4_compat")))
			endpoint->family = 0;
	}
	return true;
}

/* Adds the endpoints of {"endpoints": [{"lb_endpoints": ...}]}; returns how many there are. */
static size_t
add_endpoints(const struct importer *importer, struct listener *listener, const json_t *assignment,
	      const char *cluster)
{
	json_t *locality, *each;
	size_t i, k, count = 0;

	json_array_foreach(json_object_get(assignment, "endpoints"), i, locality) {
		json_array_foreach(json_object_get(locality, "lb_endpoints"), k, each) {
			json_t *address = json_at(each, "endpoint.address");
			struct draft_endpoint endpoint;

			count++;
			if (!read_address(address, listener->server_protocol, &endpoint) ||
			    !endpoint.host) {
				draft_warn(listener->draft, here(importer),
					   "an endpoint of '%s' is no address", cluster);
				continue;
			}
			endpoint.comment = cluster;
			draft_add_server(listener->draft, here(importer), &endpoint);
		}
	}
	return count;
}

struct wanted_cluster {
	struct listener *listener;
	const char *name;
	size_t endpoints;
	bool is_tls;
};

static bool
visit_cluster(const struct importer *importer, json_t *object, void *context)
{
	struct wanted_cluster *wanted = context;

	if (strcmp(json_text(object, "name"), wanted->name) != 0)
		return false;
	wanted->is_tls = json_object_get(object, "transport_socket") != NULL ||
			 json_object_get(object, "transport_socket_matches") != NULL;
	wanted->endpoints += add_endpoints(
	    importer, wanted->listener, json_object_get(object, "load_assignment"), wanted->name);
	return true;
}

static bool
visit_endpoints(const struct importer *importer, json_t *object, void *context)
{
	struct wanted_cluster *wanted = context;

	if (strcmp(json_text(object, "cluster_name"), wanted->name) == 0)
		wanted->endpoints +=
		    add_endpoints(importer, wanted->listener, object, wanted->name);
	return false;
}

static void
add_servers(const struct importer *importer, struct listener *listener)
{
	for (size_t i = 0; i < listener->clusters.count; i++) {
		struct wanted_cluster wanted = {.listener = listener,
						.name = listener->clusters.list[i]};
		const bool is_there = find_in_dump(importer, ".ClustersConfigDump", "cluster",
						   visit_cluster, &wanted);

		find_in_dump(importer, ".EndpointsConfigDump", "endpoint_config", visit_endpoints,
			     &wanted);
		if (!is_there && !wanted.endpoints)
			draft_warn(listener->draft, here(importer), "no such cluster: '%s'",
				   wanted.name);
		else if (!wanted.endpoints)
			draft_warn(listener->draft, here(importer),
				   "endpoints of '%s' are not in the dump (ask for "
				   "'config_dump?include_eds')",
				   wanted.name);
		listener->draft->has_unlinked |= wanted.is_tls || !listener->is_linked;
	}
}

static bool
visit_listener(const struct importer *importer, json_t *object, void *context)
{
	json_t *address = json_object_get(object, "address"), *each, *filter;
	const bool is_udp =
	    strcmp(json_text(json_object_get(address, "socket_address"), "protocol"), "UDP") == 0;
	struct listener listener = {
	    .protocol = is_udp ? "udp" : "tcp", .server_protocol = "tcp", .is_linked = true};
	const char *name = json_text(object, "name");
	struct draft_endpoint vip;
	size_t i, k;

	(void)context;
	listener.draft = drafts_add(importer->drafts, *name ? name : "listener");
	if (!listener.draft)
		return true;
	draft_add_comment(listener.draft, "listener '%s' of %s", name, importer->file);
	if (read_address(address, listener.protocol, &vip))
		draft_add_vip(listener.draft, here(importer), &vip);
	else
		draft_warn(listener.draft, here(importer), "listener '%s' has no IP address", name);
	json_array_foreach(json_object_get(object, "additional_addresses"), i, each) {
		if (read_address(json_object_get(each, "address"), listener.protocol, &vip))
			draft_add_vip(listener.draft, here(importer), &vip);
	}
	json_array_foreach(json_object_get(object, "filter_chains"), i, each) {
		json_array_foreach(json_object_get(each, "filters"), k, filter) {
			add_filter(importer, &listener, filter);
		}
	}
	json_array_foreach(json_at(object, "default_filter_chain.filters"), k, filter) {
		add_filter(importer, &listener, filter);
	}
	json_array_foreach(json_object_get(object, "listener_filters"), k, filter) {
		add_filter(importer, &listener, filter);
	}
	add_servers(importer, &listener);
	draft_add_source(listener.draft, NULL);
	importer->drafts->failed |= listener.clusters.failed;
	strvec_release(&listener.clusters);
	return false;
}

int
envoy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct importer importer = {.drafts = drafts, .file = file};
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);

	importer.configs = json_object_get(root, "configs");
	if (!json_is_array(importer.configs)) {
		failure_set(why, "%s: not a config dump of Envoy%s%s", file, root ? "" : ": ",
			    root ? "" : error.text);
		json_decref(root);
		return -1;
	}
	find_in_dump(&importer, ".ListenersConfigDump", "listener", visit_listener, NULL);
	json_decref(root);
	return 0;
}
