#include "import/envoy_dump.h"

struct draft_location
envoy_dump_at(const struct envoy_dump *dump)
{
	return (struct draft_location){dump->file, 0};
}

bool
envoy_is_type(const json_t *object, const char *name)
{
	const char *type = json_text(object, "@type");
	const size_t length = strlen(type), end = strlen(name);

	return length >= end && strcmp(type + length - end, name) == 0;
}

bool
envoy_dump_find(const struct envoy_dump *dump, const char *type, const char *path,
		envoy_visitor *visit, void *context)
{
	json_t *section, *list, *element;
	const char *key;
	size_t i, k;

	json_array_foreach(dump->sections, i, section) {
		if (!envoy_is_type(section, type))
			continue;
		json_object_foreach(section, key, list)
		{
			json_array_foreach(list, k, element) {
				json_t *active = json_object_get(element, "active_state");
				json_t *object = json_at(active ? active : element, path);

				if (object && visit(dump, object, context))
					return true;
			}
		}
	}
	return false;
}

bool
envoy_read_address(const json_t *address, const char *protocol, struct draft_endpoint *endpoint)
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

struct wanted {
	json_t *address, *found;
};

/* Whether a connection to address comes to the listener. */
static bool
reaches(json_t *address, const json_t *listener)
{
	json_t *own = json_object_get(listener, "address");
	const char *pipe = json_text(json_object_get(address, "pipe"), "path");
	const char *name =
	    json_text(json_object_get(address, "envoy_internal_address"), "server_listener_name");
	struct draft_endpoint to, at;

	if (*pipe)
		return strcmp(pipe, json_text(json_object_get(own, "pipe"), "path")) == 0;
	if (*name)
		return json_object_get(listener, "internal_listener") &&
		       strcmp(name, json_text(listener, "name")) == 0;
	if (!envoy_read_address(address, "tcp", &to) || !envoy_read_address(own, "tcp", &at) ||
	    !to.host || to.ports.first != at.ports.first || !draft_endpoint_is_loopback(to.host) ||
	    json_is_false(json_object_get(listener, "bind_to_port")))
		return false;
	return !at.host || draft_endpoint_is_same_host(to.host, at.host);
}

static bool
visit_listener(const struct envoy_dump *dump, json_t *listener, void *context)
{
	struct wanted *wanted = context;

	(void)dump;
	if (!reaches(wanted->address, listener))
		return false;
	wanted->found = listener;
	return true;
}

json_t *
envoy_dump_listener(const struct envoy_dump *dump, json_t *address)
{
	struct wanted wanted = {address, NULL};
	struct draft_endpoint to;

	/* Most are another host's, and there may be thousands of both. */
	if (envoy_read_address(address, "tcp", &to) &&
	    (!to.host || !draft_endpoint_is_loopback(to.host)))
		return NULL;
	envoy_dump_find(dump, ".ListenersConfigDump", "listener", visit_listener, &wanted);
	return wanted.found;
}
