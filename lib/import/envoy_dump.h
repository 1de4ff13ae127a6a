/*
 * A config dump of Envoy (its documentation, "config_dump", envoy.admin.v3): sections of a type, each
 * with lists of objects, static and dynamic, the latter wrapped in what is known of their versions.
 */
#ifndef VCAP_ENVOY_DUMP_H
#define VCAP_ENVOY_DUMP_H

#include "import/draft.h"
#include "import/json.h"

#include <stdbool.h>

struct envoy_dump {
	const char *file; /* the dump's name in warnings */
	json_t *sections; /* an array */
};

/* Where warnings point to. */
struct draft_location envoy_dump_at(const struct envoy_dump *dump);

/* Whether the object's type ends with this name, which begins with a dot. */
bool envoy_is_type(const json_t *object, const char *name);

/* Called with an object; true ends the search. */
typedef bool envoy_visitor(const struct envoy_dump *dump, json_t *object, void *context);

/* Calls visit with the object at path in each element of every list of the sections of this type,
 * until it returns true. Returns whether it did. */
bool envoy_dump_find(const struct envoy_dump *dump, const char *type, const char *path,
		     envoy_visitor *visit, void *context);

/* Reads {"socket_address": ...} as an endpoint of this protocol; host is NULL for every address. false:
 * it is none, or has no port; endpoint is unchanged. */
bool envoy_read_address(const json_t *address, const char *protocol,
			struct draft_endpoint *endpoint);

/* The listener that connections to this address from the host itself come to: by a pipe, the name of an
 * internal listener, or a loopback address and port. NULL: there is none. */
json_t *envoy_dump_listener(const struct envoy_dump *dump, json_t *address);

#endif
