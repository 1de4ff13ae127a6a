/*
 * Only what leads from one object to the other is looked at: a cluster that serves a filter (for
 * tokens, rates, logs) is no server of the listener, so names of clusters count only where routes and
 * proxies have them.
 *
 * A listener that does not bind its port has connections from one with use_original_dst, which hands
 * them on by their original destination (a sidecar's way): its servers are those of that one. The
 * filter original_dst lets a listener choose a chain by the port that the client connected to, which
 * is what the packets have.
 */
#include "import/envoy.h"

#include "import/envoy_cluster.h"
#include "import/envoy_dump.h"

#include <stdio.h>

#define CLUSTERS_MAX 10000 /* of one listener */

struct importer {
	struct drafts *drafts;
};

/* A listener that is imported. */
struct listener {
	struct envoy_way way;
	struct strvec clusters; /* names */
	struct strvec entered;  /* names of listeners that endpoints are */
};

static void
add_cluster(struct listener *listener, const char *name)
{
	if (*name && listener->clusters.count < CLUSTERS_MAX &&
	    !strvec_has(&listener->clusters, name))
		strvec_push(&listener->clusters, name);
}

static void
warn_missing(const struct envoy_dump *dump, struct listener *listener, const char *format,
	     const char *what)
{
	draft_warn(listener->way.draft, envoy_dump_at(dump), format, what);
	draft_add_comment(listener->way.draft, "servers may be missing: '%s' chooses them", what);
}

static void
add_mirrors(struct listener *listener, const json_t *object)
{
	json_t *mirror;
	size_t i;

	json_array_foreach(json_object_get(object, "request_mirror_policies"), i, mirror) {
		add_cluster(listener, json_text(mirror, "cluster"));
	}
}

/* Adds what a route action or a tcp_proxy leads to. */
static void
add_action(const struct envoy_dump *dump, struct listener *listener, const json_t *action)
{
	static const char *const plugins[] = {"cluster_specifier_plugin",
					      "inline_cluster_specifier_plugin"};
	json_t *cluster;
	size_t i;

	add_cluster(listener, json_text(action, "cluster"));
	json_array_foreach(json_at(action, "weighted_clusters.clusters"), i, cluster) {
		add_cluster(listener, json_text(cluster, "name"));
		if (*json_text(cluster, "cluster_header"))
			warn_missing(dump, listener, "the cluster is chosen by a header: '%s'",
				     json_text(cluster, "cluster_header"));
	}
	add_mirrors(listener, action);
	if (*json_text(action, "cluster_header"))
		warn_missing(dump, listener, "the cluster is chosen by a header: '%s'",
			     json_text(action, "cluster_header"));
	for (i = 0; i < 2; i++)
		if (json_object_get(action, plugins[i]))
			warn_missing(dump, listener, "the cluster is chosen by a plugin: '%s'",
				     plugins[i]);
}

static void
add_routes(const struct envoy_dump *dump, struct listener *listener, const json_t *config)
{
	json_t *host, *route;
	size_t i, k;

	add_mirrors(listener, config);
	json_array_foreach(json_object_get(config, "virtual_hosts"), i, host) {
		add_mirrors(listener, host);
		if (json_object_get(host, "matcher"))
			warn_missing(dump, listener, "routes of a matcher are not followed: '%s'",
				     json_text(host, "name"));
		json_array_foreach(json_object_get(host, "routes"), k, route) {
			add_action(dump, listener, json_object_get(route, "route"));
		}
	}
}

/* A route configuration that a listener names. */
struct wanted_routes {
	struct listener *listener;
	const char *name;
};

static bool
visit_routes(const struct envoy_dump *dump, json_t *object, void *context)
{
	const struct wanted_routes *wanted = context;

	if (strcmp(json_text(object, "name"), wanted->name) != 0)
		return false;
	add_routes(dump, wanted->listener, object);
	return true;
}

static void
add_http(const struct envoy_dump *dump, struct listener *listener, const json_t *config)
{
	struct wanted_routes wanted = {listener,
				       json_text(json_at(config, "rds"), "route_config_name")};

	/* Otherwise it passes on what clients say of themselves. */
	listener->way.has_header &= json_is_true(json_object_get(config, "use_remote_address")) &&
				    !json_is_true(json_object_get(config, "skip_xff_append"));
	add_routes(dump, listener, json_object_get(config, "route_config"));
	if (json_object_get(config, "scoped_routes"))
		warn_missing(dump, listener, "routes of scopes are not followed: '%s'",
			     json_text(json_object_get(config, "scoped_routes"), "name"));
	if (*wanted.name &&
	    !envoy_dump_find(dump, ".RoutesConfigDump", "route_config", visit_routes, &wanted)) {
		draft_warn(listener->way.draft, envoy_dump_at(dump),
			   "routes are not in the dump: '%s'", wanted.name);
		draft_add_comment(listener->way.draft,
				  "servers may be missing: those of routes '%s'", wanted.name);
	}
}

static void
add_redis(struct listener *listener, const json_t *config)
{
	json_t *route;
	size_t i;

	add_cluster(listener,
		    json_text(json_at(config, "prefix_routes.catch_all_route"), "cluster"));
	json_array_foreach(json_at(config, "prefix_routes.routes"), i, route) {
		add_cluster(listener, json_text(route, "cluster"));
	}
}

/* Adds what a filter leads to; false: it leads nowhere. */
static bool
add_filter(const struct envoy_dump *dump, struct listener *listener, const json_t *filter)
{
	json_t *config = json_object_get(filter, "typed_config");

	if (envoy_is_type(config, ".HttpConnectionManager")) {
		add_http(dump, listener, config);
		return true;
	}
	if (envoy_is_type(config, ".SniCluster"))
		warn_missing(dump, listener, "the cluster is chosen by the client: '%s'",
			     "sni_cluster");
	if (envoy_is_type(config, ".TcpProxy"))
		add_action(dump, listener, config);
	else if (envoy_is_type(config, ".UdpProxyConfig"))
		add_cluster(listener, json_text(config, "cluster"));
	else if (envoy_is_type(config, ".RedisProxy"))
		add_redis(listener, config);
	else
		return false;
	if (envoy_is_type(config, ".UdpProxyConfig")) {
		add_action(dump, listener,
			   json_at(config, "matcher.on_no_match.action.typed_config"));
		listener->way.protocol = "udp";
	}
	listener->way.has_header = false;
	return true;
}

static void
add_chain(const struct envoy_dump *dump, struct listener *listener, const json_t *chain)
{
	json_t *filters = json_object_get(chain, "filters"), *filter;
	bool is_followed = false;
	size_t i;

	json_array_foreach(filters, i, filter) {
		is_followed |= add_filter(dump, listener, filter);
	}
	if (i && !is_followed)
		warn_missing(dump, listener, "filter is not followed: '%s'",
			     json_text(json_array_get(filters, i - 1), "name"));
}

static void
add_chains(const struct envoy_dump *dump, struct listener *listener, const json_t *object)
{
	json_t *each;
	size_t i;

	json_array_foreach(json_object_get(object, "filter_chains"), i, each) {
		add_chain(dump, listener, each);
	}
	if (json_object_get(object, "default_filter_chain"))
		add_chain(dump, listener, json_object_get(object, "default_filter_chain"));
	json_array_foreach(json_object_get(object, "listener_filters"), i, each) {
		/* Then the client's address is what another proxy says. */
		if (envoy_is_type(json_object_get(each, "typed_config"), ".ProxyProtocol"))
			listener->way.knows_client = false;
		add_filter(dump, listener, each);
	}
}

static bool
is_bound(const json_t *listener)
{
	return !json_is_false(json_object_get(listener, "bind_to_port")) &&
	       !json_is_false(json_at(listener, "deprecated_v1.bind_to_port"));
}

/* A listener without a socket of its own, whose connections another hands on. */
static bool
visit_unbound(const struct envoy_dump *dump, json_t *object, void *context)
{
	if (!is_bound(object))
		add_chains(dump, context, object);
	return false;
}

/* A listener that an endpoint is. */
static void
enter(const struct envoy_dump *dump, json_t *object, void *context)
{
	struct listener *listener = context;
	const char *name = json_text(object, "name");

	if (strvec_has(&listener->entered, name))
		return;
	strvec_push(&listener->entered, name);
	draft_add_comment(listener->way.draft, "through listener '%s'", name);
	listener->way.knows_client = false;
	add_chains(dump, listener, object);
}

/* Adds the ports that clients connect to by the original destination of their connections. */
static void
add_original_ports(const struct envoy_dump *dump, struct listener *listener, const json_t *object)
{
	json_t *each;
	bool has_original = false;
	size_t i;

	json_array_foreach(json_object_get(object, "listener_filters"), i, each) {
		has_original |=
		    envoy_is_type(json_object_get(each, "typed_config"), ".OriginalDst") ||
		    strcmp(json_text(each, "name"), "envoy.filters.listener.original_dst") == 0;
	}
	json_array_foreach(json_object_get(object, "filter_chains"), i, each) {
		const json_int_t port =
		    json_integer_value(json_at(each, "filter_chain_match.destination_port"));
		struct draft_ports ports = {"tcp", (unsigned)port, (unsigned)port};

		if (has_original && port > 0 && port <= UINT16_MAX)
			draft_add_vip(listener->way.draft, envoy_dump_at(dump),
				      &(struct draft_endpoint){NULL, 4, ports, NULL});
	}
}

static void
add_vips(const struct envoy_dump *dump, struct listener *listener, const json_t *object)
{
	json_t *address = json_object_get(object, "address"), *each;
	const bool is_udp =
	    strcmp(json_text(json_object_get(address, "socket_address"), "protocol"), "UDP") == 0;
	const char *protocol = is_udp ? "udp" : "tcp";
	struct draft_endpoint vip;
	size_t i;

	if (envoy_read_address(address, protocol, &vip))
		draft_add_vip(listener->way.draft, envoy_dump_at(dump), &vip);
	else
		draft_warn(listener->way.draft, envoy_dump_at(dump),
			   "listener '%s' has no IP address", json_text(object, "name"));
	json_array_foreach(json_object_get(object, "additional_addresses"), i, each) {
		if (envoy_read_address(json_object_get(each, "address"), protocol, &vip))
			draft_add_vip(listener->way.draft, envoy_dump_at(dump), &vip);
	}
	add_original_ports(dump, listener, object);
}

static void
add_clusters(const struct envoy_dump *dump, struct listener *listener)
{
	/* Some lead to more. */
	for (size_t i = 0; i < listener->clusters.count && i < CLUSTERS_MAX; i++)
		envoy_cluster_add(dump, &listener->way, listener->clusters.list[i]);
	for (size_t i = 0; i < listener->clusters.count && i < CLUSTERS_MAX; i++)
		envoy_cluster_add_checks(dump, &listener->way, listener->clusters.list[i]);
}

static bool
visit_listener(const struct envoy_dump *dump, json_t *object, void *context)
{
	struct importer *importer = context;
	const char *name = json_text(object, "name");
	char made[32];
	struct listener listener = {
	    .way = {.protocol = "tcp", .knows_client = true, .has_header = true, .enter = enter}};

	/* Nothing comes to these from outside. */
	if (!is_bound(object) || json_object_get(object, "internal_listener"))
		return false;
	snprintf(made, sizeof(made), "listener-%d",
		 (int)json_integer_value(json_at(object, "address.socket_address.port_value")));
	listener.way.draft = drafts_add(importer->drafts, *name ? name : made);
	if (!listener.way.draft)
		return true;
	listener.way.clusters = &listener.clusters;
	listener.way.context = &listener;
	draft_add_comment(listener.way.draft, "listener '%s' of %s", name, dump->file);
	add_vips(dump, &listener, object);
	add_chains(dump, &listener, object);
	if (json_is_true(json_object_get(object, "use_original_dst")))
		envoy_dump_find(dump, ".ListenersConfigDump", "listener", visit_unbound, &listener);
	add_clusters(dump, &listener);
	importer->drafts->failed |= listener.clusters.failed || listener.entered.failed;
	strvec_release(&listener.clusters);
	strvec_release(&listener.entered);
	return false;
}

int
envoy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct importer importer = {drafts};
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);
	const struct envoy_dump dump = {file, json_object_get(root, "configs")};

	if (!json_is_array(dump.sections)) {
		failure_set(why, "%s: not a config dump of Envoy%s%s", file, root ? "" : ": ",
			    root ? "" : error.text);
		json_decref(root);
		return -1;
	}
	envoy_dump_find(&dump, ".ListenersConfigDump", "listener", visit_listener, &importer);
	json_decref(root);
	return 0;
}
