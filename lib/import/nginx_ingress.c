/*
 * An alternative is where a share of a backend's requests goes, chosen by weight, header or cookie; it
 * has no alternatives that count, as the balancer takes one step only.
 */
#include "import/nginx_ingress.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int
nginx_backends_read(struct nginx_backends *backends, const struct drafts *drafts,
		    struct failure *why)
{
	json_error_t error;
	char *text;

	if (!drafts->read)
		return failure_set(why, "files are not read");
	text = drafts->read(drafts->context, drafts->backends, why);
	if (!text)
		return -1;
	backends->file = drafts->backends;
	backends->list = json_loads(text, 0, &error);
	free(text);
	if (json_is_array(backends->list))
		return 0;
	return failure_set(why, "%s: not what 'kubectl ingress-nginx backends' prints%s%s",
			   drafts->backends, backends->list ? "" : ": ",
			   backends->list ? "" : error.text);
}

void
nginx_backends_release(struct nginx_backends *backends)
{
	json_decref(backends->list);
	*backends = NGINX_BACKENDS_INIT;
}

static const json_t *
find(const struct nginx_backends *backends, const char *name)
{
	json_t *backend;
	size_t i;

	json_array_foreach(backends->list, i, backend) {
		if (strcmp(json_text(backend, "name"), name) == 0)
			return backend;
	}
	return NULL;
}

static void
add_endpoints(const json_t *backend, struct strvec *endpoints)
{
	json_t *endpoint;
	size_t i;

	json_array_foreach(json_object_get(backend, "endpoints"), i, endpoint) {
		const char *host = json_text(endpoint, "address");
		const bool has_colon = strchr(host, ':');

		if (*host)
			strvec_pushf(endpoints, has_colon ? "[%s]:%s" : "%s:%s", host,
				     json_text(endpoint, "port"));
	}
}

int
nginx_backends_find(const struct nginx_backends *backends, const char *name,
		    struct strvec *endpoints)
{
	const json_t *backend = find(backends, name);
	json_t *alternative;
	size_t i;

	if (!backend)
		return -1;
	add_endpoints(backend, endpoints);
	json_array_foreach(json_object_get(backend, "alternativeBackends"), i, alternative) {
		const char *text = json_string_value(alternative);

		if (text)
			add_endpoints(find(backends, text), endpoints);
	}
	return 0;
}
