/*
 * The objects of a list come in any order, and slices name their Service by a label: they are sorted
 * by that name once, so that a cluster of thousands is read in one pass. An endpoint counts while it
 * is ready (which is so if it does not say), or still serves or ends: what it answers then is as much
 * the service's as before.
 *
 * Every node is an engine: whichever a client's packet meets first translates it.
 */
#include "import/k8s.h"

#include "base/array.h"
#include "base/dotname.h"
#include "import/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 8 /* of lists in lists */

/* An EndpointSlice. */
struct slice {
	const char *space, *service;
	json_t *object;
};

struct importer {
	struct drafts *drafts;
	const char *file;
	json_t **services, **nodes;
	struct slice *slices;
	size_t service_count, node_count, slice_count;
	bool failed;
};

/* One port of a Service. */
struct port {
	const char *space, *service, *name; /* name: "" if it has none */
	json_t *object;
	char protocol[8];
};

static struct draft_location
here(const struct importer *importer)
{
	return (struct draft_location){importer->file, 0};
}

static void
add_object(json_t ***list, size_t *count, json_t *object, bool *failed)
{
	if (array_grow(list, *count, sizeof(json_t *)) < 0)
		*failed = true;
	else
		(*list)[(*count)++] = object;
}

static void
add_slice(struct importer *importer, json_t *object)
{
	const char *service =
	    json_text(json_at(object, "metadata.labels"), "kubernetes.io/service-name");

	if (!*service)
		return;
	if (array_grow(&importer->slices, importer->slice_count, sizeof(struct slice)) < 0)
		importer->failed = true;
	else
		importer->slices[importer->slice_count++] = (struct slice){
		    json_text(json_at(object, "metadata"), "namespace"), service, object};
}

/* Sorts an object, or those of a list, by their kinds. */
static void
take_object(struct importer *importer, json_t *object, unsigned depth)
{
	const char *kind = json_text(object, "kind");
	json_t *items = json_object_get(object, "items"), *item;
	size_t i;

	if (strcmp(kind, "Service") == 0)
		add_object(&importer->services, &importer->service_count, object,
			   &importer->failed);
	else if (strcmp(kind, "Node") == 0)
		add_object(&importer->nodes, &importer->node_count, object, &importer->failed);
	else if (strcmp(kind, "EndpointSlice") == 0)
		add_slice(importer, object);
	else if (depth < DEPTH_MAX)
		json_array_foreach(items, i, item) {
			take_object(importer, item, depth + 1);
		}
}

static int
compare_slices(const void *one, const void *other)
{
	const struct slice *a = one, *b = other;
	const int by_space = strcmp(a->space, b->space);

	return by_space ? by_space : strcmp(a->service, b->service);
}

static struct draft_ports
ports_of(const struct port *port, json_int_t number)
{
	const bool is_port = number > 0 && number <= UINT16_MAX;

	return (struct draft_ports){port->protocol, is_port ? (unsigned)number : 0,
				    is_port ? (unsigned)number : UINT16_MAX};
}

static void
add_vip(const struct importer *importer, struct draft *draft, const struct port *port,
	const char *address, const char *key, const char *comment)
{
	const json_int_t number = json_integer_value(json_object_get(port->object, key));

	if (*address && strcmp(address, "None") != 0 && number)
		draft_add_vip(
		    draft, here(importer),
		    &(struct draft_endpoint){address, 0, ports_of(port, number), comment});
}

/* Adds the node port on each node. */
static void
add_node_port(const struct importer *importer, struct draft *draft, const struct port *port)
{
	json_t *address;
	size_t k;

	if (!json_integer_value(json_object_get(port->object, "nodePort")))
		return;
	for (size_t i = 0; i < importer->node_count; i++) {
		json_array_foreach(json_at(importer->nodes[i], "status.addresses"), k, address) {
			const char *type = json_text(address, "type");

			if (strcmp(type, "InternalIP") == 0 || strcmp(type, "ExternalIP") == 0)
				add_vip(importer, draft, port, json_text(address, "address"),
					"nodePort",
					json_text(json_at(importer->nodes[i], "metadata"), "name"));
		}
	}
	if (importer->node_count == 0)
		draft_warn(draft, here(importer),
			   "node port of '%s/%s' is on the nodes, which are not in the list",
			   port->space, port->service);
}

static void
add_vips(const struct importer *importer, struct draft *draft, const struct port *port,
	 json_t *service)
{
	json_t *spec = json_object_get(service, "spec"), *value;
	json_t *addresses = json_object_get(spec, "clusterIPs");
	size_t i;

	json_array_foreach(addresses, i, value) {
		const char *address = json_string_value(value);

		add_vip(importer, draft, port, address ? address : "", "port", "cluster");
	}
	if (json_array_size(addresses) == 0)
		add_vip(importer, draft, port, json_text(spec, "clusterIP"), "port", "cluster");
	json_array_foreach(json_object_get(spec, "externalIPs"), i, value) {
		const char *address = json_string_value(value);

		add_vip(importer, draft, port, address ? address : "", "port", "external");
	}
	json_array_foreach(json_at(service, "status.loadBalancer.ingress"), i, value) {
		add_vip(importer, draft, port, json_text(value, "ip"), "port", "load balancer");
		if (*json_text(value, "hostname"))
			draft_add_comment(draft,
					  "load balancer '%s' is elsewhere: its packets come to "
					  "node ports",
					  json_text(value, "hostname"));
	}
	add_node_port(importer, draft, port);
}

static bool
is_used(const json_t *endpoint)
{
	const json_t *conditions = json_object_get(endpoint, "conditions");

	return !json_is_false(json_object_get(conditions, "ready")) ||
	       json_is_true(json_object_get(conditions, "serving")) ||
	       json_is_true(json_object_get(conditions, "terminating"));
}

static void
add_endpoint(const struct importer *importer, struct draft *draft, const struct port *port,
	     const json_t *endpoint, json_int_t number)
{
	const char *name = json_text(json_object_get(endpoint, "targetRef"), "name");
	json_t *address;
	size_t i;

	if (!is_used(endpoint))
		return;
	json_array_foreach(json_object_get(endpoint, "addresses"), i, address) {
		const char *host = json_string_value(address);

		if (host)
			draft_add_server(draft, here(importer),
					 &(struct draft_endpoint){host, 0, ports_of(port, number),
								  *name ? name : NULL});
	}
	if (importer->node_count == 0 && *json_text(endpoint, "nodeName"))
		draft_add_engine(draft, json_text(endpoint, "nodeName"));
}

/* Adds the endpoints of a slice for the port of this name. */
static void
add_slice_servers(const struct importer *importer, struct draft *draft, const struct port *port,
		  const json_t *slice)
{
	json_t *each, *endpoint;
	size_t i, k;

	if (strcmp(json_text(slice, "addressType"), "FQDN") == 0) {
		draft_warn(draft, here(importer), "endpoints by name are not imported: '%s/%s'",
			   port->space, port->service);
		return;
	}
	json_array_foreach(json_object_get(slice, "ports"), i, each) {
		const char *protocol = json_text(each, "protocol");

		if (strcmp(json_text(each, "name"), port->name) != 0 ||
		    strcasecmp(*protocol ? protocol : "TCP", port->protocol) != 0)
			continue;
		json_array_foreach(json_object_get(slice, "endpoints"), k, endpoint) {
			add_endpoint(importer, draft, port, endpoint,
				     json_integer_value(json_object_get(each, "port")));
		}
	}
}

static void
add_servers(const struct importer *importer, struct draft *draft, const struct port *port)
{
	const struct slice wanted = {port->space, port->service, NULL};
	size_t low = 0, high = importer->slice_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare_slices(&importer->slices[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < importer->slice_count && compare_slices(&importer->slices[low], &wanted) == 0;
	     low++)
		add_slice_servers(importer, draft, port, importer->slices[low].object);
}

static void
add_port(struct importer *importer, const struct port *port, json_t *service)
{
	json_t *spec = json_object_get(service, "spec");
	struct draft *draft;
	char name[DOTNAME_MAX + 1];

	dotname_make(name, (const char *const[]){port->space, port->service, port->name, NULL});
	draft = drafts_add(importer->drafts, name);
	if (!draft)
		return;
	draft_add_comment(draft, "%s/%s%s%s of %s", port->space, port->service,
			  *port->name ? ":" : "", port->name, importer->file);
	add_vips(importer, draft, port, service);
	add_servers(importer, draft, port);
	for (size_t i = 0; i < importer->node_count; i++)
		draft_add_engine(draft, json_text(json_at(importer->nodes[i], "metadata"), "name"));
	if (strcmp(json_text(spec, "externalTrafficPolicy"), "Local") == 0) {
		draft_add_source(draft, "client");
		return;
	}
	draft_add_source(draft, NULL);
	draft->has_unlinked = true;
	draft_add_comment(draft,
			  "some clients may be hidden from servers, by their node's address");
}

static void
add_service(struct importer *importer, json_t *service)
{
	json_t *metadata = json_object_get(service, "metadata");
	json_t *spec = json_object_get(service, "spec"), *each;
	const char *space = json_text(metadata, "namespace"), *name = json_text(metadata, "name");
	char whole[DOTNAME_MAX + 1];
	bool is_wanted;
	size_t i;

	dotname_make(whole, (const char *const[]){space, name, NULL});
	is_wanted = drafts_want(importer->drafts, whole);
	if (is_wanted && strcmp(json_text(spec, "type"), "ExternalName") == 0) {
		drafts_warn(importer->drafts, here(importer),
			    "'%s/%s' is a name outside of the cluster", space, name);
		return;
	}
	if (is_wanted && strcmp(json_text(spec, "clusterIP"), "None") == 0)
		drafts_warn(importer->drafts, here(importer),
			    "'%s/%s' is headless: clients talk to its endpoints themselves", space,
			    name);
	json_array_foreach(json_object_get(spec, "ports"), i, each) {
		struct port port = {space, name, json_text(each, "name"), each, "tcp"};
		const char *protocol = json_text(each, "protocol");

		if (strcmp(protocol, "UDP") == 0 || strcmp(protocol, "SCTP") == 0)
			strcpy(port.protocol, *protocol == 'U' ? "udp" : "sctp");
		add_port(importer, &port, service);
	}
}

int
k8s_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct importer importer = {.drafts = drafts, .file = file};
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);

	if (!json_is_object(root)) {
		failure_set(why, "%s: not what kubectl prints with '-o json'%s%s", file,
			    root ? "" : ": ", root ? "" : error.text);
		json_decref(root);
		return -1;
	}
	take_object(&importer, root, 0);
	if (importer.slice_count)
		qsort(importer.slices, importer.slice_count, sizeof(struct slice), compare_slices);
	for (size_t i = 0; i < importer.service_count; i++)
		add_service(&importer, importer.services[i]);
	if (importer.service_count && importer.slice_count == 0)
		drafts_warn(drafts, here(&importer), "there are no EndpointSlices in the list");
	free(importer.services);
	free(importer.nodes);
	free(importer.slices);
	json_decref(root);
	drafts->failed |= importer.failed;
	return 0;
}
