/*
 * Endpoints of a cluster are in its own load_assignment, and in a section of their own, there also for
 * clusters that have both, under the name by which the cluster asks for them. A cluster without any
 * may be one for what is to be refused; or its type finds servers while Envoy runs.
 */
#include "import/envoy_cluster.h"

/* A cluster, and what was found of its endpoints. */
struct cluster {
	const struct envoy_way *way;
	const char *name;
	const json_t *config; /* NULL: it is not in the dump */
	bool has_list;        /* a list of its endpoints, which may be empty */
	bool is_added;        /* there is a server */
};

static bool
visit_cluster(const struct envoy_dump *dump, json_t *object, void *context)
{
	struct cluster *cluster = context;

	(void)dump;
	if (strcmp(json_text(object, "name"), cluster->name) != 0)
		return false;
	cluster->config = object;
	return true;
}

static void
add_endpoint(const struct envoy_dump *dump, struct cluster *cluster, json_t *address)
{
	struct draft *draft = cluster->way->draft;
	json_t *listener = envoy_dump_listener(dump, address);
	struct draft_endpoint endpoint;

	if (listener) {
		cluster->way->enter(dump, listener, cluster->way->context);
	} else if (!envoy_read_address(address, cluster->way->protocol, &endpoint) ||
		   !endpoint.host) {
		draft_warn(draft, envoy_dump_at(dump), "an endpoint of '%s' is no address",
			   cluster->name);
	} else {
		endpoint.comment = cluster->name;
		draft_add_server(draft, envoy_dump_at(dump), &endpoint);
		cluster->is_added = true;
	}
}

/* Calls visit with each endpoint of {"endpoints": [{"lb_endpoints": ...}]}. */
static void
for_each_endpoint(const struct envoy_dump *dump, struct cluster *cluster, const json_t *assignment,
		  void (*visit)(const struct envoy_dump *, struct cluster *, const json_t *))
{
	json_t *locality, *each;
	size_t i, k;

	json_array_foreach(json_object_get(assignment, "endpoints"), i, locality) {
		json_array_foreach(json_object_get(locality, "lb_endpoints"), k, each) {
			visit(dump, cluster, json_object_get(each, "endpoint"));
		}
	}
}

static void
visit_endpoint(const struct envoy_dump *dump, struct cluster *cluster, const json_t *endpoint)
{
	json_t *more;
	size_t i;

	add_endpoint(dump, cluster, json_object_get(endpoint, "address"));
	json_array_foreach(json_object_get(endpoint, "additional_addresses"), i, more) {
		add_endpoint(dump, cluster, json_object_get(more, "address"));
	}
}

/* The name by which the cluster asks for endpoints. */
static const char *
endpoints_name(const struct cluster *cluster)
{
	const char *name =
	    json_text(json_object_get(cluster->config, "eds_cluster_config"), "service_name");

	return *name ? name : cluster->name;
}

static bool
visit_endpoints(const struct envoy_dump *dump, json_t *object, void *context)
{
	struct cluster *cluster = context;
	const char *name = json_text(object, "cluster_name");

	if (strcmp(name, cluster->name) == 0 || strcmp(name, endpoints_name(cluster)) == 0) {
		cluster->has_list = true;
		for_each_endpoint(dump, cluster, object, visit_endpoint);
	}
	return false;
}

static void
add_further(struct cluster *cluster, const json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach((json_t *)names, i, name) {
		const char *text = json_string_value(name);

		if (text && !strvec_has(cluster->way->clusters, text))
			strvec_push(cluster->way->clusters, text);
	}
}

/* Says why a cluster has no list of endpoints. */
static void
warn_of_type(const struct envoy_dump *dump, struct cluster *cluster)
{
	struct draft *draft = cluster->way->draft;
	const json_t *type = json_object_get(cluster->config, "cluster_type");
	const char *plain = json_text(cluster->config, "type"), *name = json_text(type, "name");
	const json_t *names = json_at(type, "typed_config.clusters");

	if (!cluster->config) {
		draft_warn(draft, envoy_dump_at(dump), "no such cluster: '%s'", cluster->name);
	} else if (names) {
		add_further(cluster, names);
	} else if (strcmp(plain, "ORIGINAL_DST") == 0) {
		draft_warn(draft, envoy_dump_at(dump),
			   "the server is the client's own destination: '%s'", cluster->name);
		draft_add_comment(draft,
				  "servers may be missing: '%s' is for the client's own "
				  "destination",
				  cluster->name);
	} else if (strcmp(plain, "EDS") == 0) {
		draft_warn(draft, envoy_dump_at(dump),
			   "endpoints of '%s' are not in the dump (ask for "
			   "'config_dump?include_eds')",
			   cluster->name);
		draft_add_comment(draft, "servers may be missing: those of '%s'", cluster->name);
	} else if (type) {
		draft_warn(draft, envoy_dump_at(dump),
			   "servers of '%s' are found while Envoy runs: '%s'", cluster->name, name);
		draft_add_comment(draft, "servers may be missing: those of '%s'", cluster->name);
	}
}

/* How connections to a cluster's endpoints are wrapped. */
struct wrapping {
	bool is_encrypted;
	unsigned proxy; /* version of the PROXY protocol that comes first; 0: none */
};

static void
add_socket(struct wrapping *wrapping, const json_t *socket)
{
	const json_t *config = json_object_get(socket, "typed_config");

	if (envoy_is_type(config, ".ProxyProtocolUpstreamTransport")) {
		wrapping->proxy =
		    strcmp(json_text(json_object_get(config, "config"), "version"), "V2") == 0 ? 2
											       : 1;
		socket = json_object_get(config, "transport_socket");
		config = json_object_get(socket, "typed_config");
	}
	if (socket && !envoy_is_type(config, ".RawBuffer") &&
	    strcmp(json_text(socket, "name"), "envoy.transport_sockets.raw_buffer") != 0)
		wrapping->is_encrypted = true;
}

static struct wrapping
find_wrapping(const json_t *cluster)
{
	struct wrapping wrapping = {0};
	json_t *match;
	size_t i;

	add_socket(&wrapping, json_object_get(cluster, "transport_socket"));
	json_array_foreach(json_object_get(cluster, "transport_socket_matches"), i, match) {
		add_socket(&wrapping, json_object_get(match, "transport_socket"));
	}
	return wrapping;
}

/* Records what servers see of clients. */
static void
add_links(const struct envoy_way *way, const json_t *cluster)
{
	const struct wrapping wrapping = find_wrapping(cluster);
	const char *source =
	    json_text(json_at(cluster, "upstream_bind_config.source_address"), "address");
	struct strvec headers = STRVEC_INIT;

	draft_add_source(way->draft, *source ? source : NULL);
	if (wrapping.proxy && way->knows_client)
		return;
	if (way->has_header && way->knows_client)
		strvec_push(&headers, "X-Forwarded-For");
	if (!wrapping.is_encrypted && strcmp(way->protocol, "tcp") == 0)
		draft_add_headers(way->draft, &headers);
	way->draft->has_unlinked |= wrapping.is_encrypted || !headers.count;
	strvec_release(&headers);
}

void
envoy_cluster_add(const struct envoy_dump *dump, const struct envoy_way *way, const char *name)
{
	struct cluster cluster = {.way = way, .name = name};
	json_t *own;

	envoy_dump_find(dump, ".ClustersConfigDump", "cluster", visit_cluster, &cluster);
	own = json_object_get(cluster.config, "load_assignment");
	cluster.has_list = json_array_size(json_object_get(own, "endpoints")) > 0;
	for_each_endpoint(dump, &cluster, own, visit_endpoint);
	envoy_dump_find(dump, ".EndpointsConfigDump", "endpoint_config", visit_endpoints, &cluster);
	if (!cluster.has_list)
		warn_of_type(dump, &cluster);
	if (cluster.is_added)
		add_links(way, cluster.config);
}

/* The checks of a cluster. */
static void
add_check(const struct envoy_dump *dump, const struct envoy_way *way, const char *name,
	  const json_t *check, struct wrapping wrapping)
{
	json_t *http = json_object_get(check, "http_health_check");
	json_t *tcp = json_object_get(check, "tcp_health_check");
	const char *codec = json_text(http, "codec_client_type");

	if (wrapping.proxy == 2)
		draft_add_monitor(way->draft, "local");
	else if (http && !wrapping.is_encrypted && (!*codec || strcmp(codec, "HTTP1") == 0))
		draft_add_http_monitor(way->draft, envoy_dump_at(dump), json_text(http, "path"));
	else if (tcp && !wrapping.is_encrypted && !wrapping.proxy && !json_object_get(tcp, "send"))
		draft_add_monitor(way->draft, "empty");
	else
		draft_warn_of_checks(way->draft, envoy_dump_at(dump),
				     "checks of '%s' cannot be told from client connections", name);
}

/* Adds a monitor for checks at a port of their own. */
static void
visit_check_port(const struct envoy_dump *dump, struct cluster *cluster, const json_t *endpoint)
{
	struct draft *draft = cluster->way->draft;
	const json_t *config = json_object_get(endpoint, "health_check_config");
	const json_int_t port = json_integer_value(json_object_get(config, "port_value"));

	(void)dump;
	if (port > 0 && port <= UINT16_MAX &&
	    !draft_endpoints_have_port(&draft->servers, "tcp", (unsigned)port))
		draft_add_monitor(draft, "tcp/%u", (unsigned)port);
	else
		cluster->is_added = true;
}

static bool
visit_check_ports(const struct envoy_dump *dump, json_t *object, void *context)
{
	struct cluster *cluster = context;

	if (strcmp(json_text(object, "cluster_name"), endpoints_name(cluster)) == 0)
		for_each_endpoint(dump, cluster, object, visit_check_port);
	return false;
}

void
envoy_cluster_add_checks(const struct envoy_dump *dump, const struct envoy_way *way,
			 const char *name)
{
	struct cluster cluster = {.way = way, .name = name};
	json_t *checks, *check;
	size_t i;

	envoy_dump_find(dump, ".ClustersConfigDump", "cluster", visit_cluster, &cluster);
	checks = json_object_get(cluster.config, "health_checks");
	if (json_array_size(checks) == 0)
		return;
	for_each_endpoint(dump, &cluster, json_object_get(cluster.config, "load_assignment"),
			  visit_check_port);
	envoy_dump_find(dump, ".EndpointsConfigDump", "endpoint_config", visit_check_ports,
			&cluster);
	/* is_added: some are at the port that clients' requests go to. */
	json_array_foreach(checks, i, check) {
		if (cluster.is_added)
			add_check(dump, way, name, check, find_wrapping(cluster.config));
	}
}
