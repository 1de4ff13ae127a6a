/*
 * The sections are a graph: a frontend leads to backends by name, a backend to frontends by the
 * addresses of its servers. It is walked from one frontend on, by a list of what is still to be
 * followed, and may have circles: each frontend is followed once for each way in which it may know
 * the client, so that what is said of the links holds for the worst of the ways to a server.
 */
#include "import/haproxy_route.h"

#include "import/haproxy_headers.h"

#include <stdlib.h>
#include <string.h>

#define CLIENTS 3 /* values of enum haproxy_client */

struct walk {
	struct haproxy_route *route;
	struct haproxy_stop *fronts; /* to follow; backend is not used */
	size_t front_count;
	unsigned char *followed, *taken; /* of each section, bits 1 << haproxy_client */
};

static size_t
index_of(const struct walk *walk, const struct haproxy_section *section)
{
	return (size_t)(section - walk->route->conf->sections);
}

static bool
is_http(const struct haproxy_section *section)
{
	const struct haproxy_line *mode = haproxy_section_setting(section, "mode", NULL);

	return mode && haproxy_line_is(mode, 1, "http");
}

void
haproxy_route_headers(const struct haproxy_route *route, const struct haproxy_stop *stop,
		      struct strvec *headers)
{
	const struct haproxy_stop *writer = stop;

	/* Who sees the client writes it; the ones behind pass it on. */
	while (writer && writer->client == HAPROXY_CLIENT_WRITTEN)
		writer = is_http(writer->front) && is_http(writer->backend) ? writer->via : NULL;
	if (writer && writer->client == HAPROXY_CLIENT_SEEN)
		haproxy_headers_find(route->draft, writer->front, writer->backend, headers);
}

bool
haproxy_route_is_linked(const struct haproxy_stop *stop, const struct haproxy_server *server,
			bool has_header)
{
	if (server->proxy && stop->client == HAPROXY_CLIENT_SEEN)
		return true;
	return has_header && !server->ssl && !haproxy_server_is_framed(server->proto);
}

/* What the frontend behind a bind knows of the client. */
static enum haproxy_client
client_behind(const struct haproxy_route *route, const struct haproxy_stop *stop,
	      const struct haproxy_server *server, const struct haproxy_socket *bind)
{
	struct strvec headers = STRVEC_INIT;
	bool is_written;

	if (stop->client == HAPROXY_CLIENT_SEEN && server->proxy &&
	    haproxy_line_has(bind->line, "accept-proxy"))
		return HAPROXY_CLIENT_SEEN;
	haproxy_route_headers(route, stop, &headers);
	is_written = headers.count > 0 && is_http(bind->section);
	route->conf->drafts->failed |= headers.failed;
	strvec_release(&headers);
	return is_written ? HAPROXY_CLIENT_WRITTEN : HAPROXY_CLIENT_LOST;
}

/* A frontend that is reached by a second way passes on no header that is the same for both. */
static void
forget_writer(struct walk *walk, const struct haproxy_section *front, enum haproxy_client client,
	      const struct haproxy_stop *via)
{
	for (size_t i = 0; i < walk->front_count; i++) {
		if (walk->fronts[i].front != front || walk->fronts[i].client != client)
			continue;
		if (walk->fronts[i].via == via)
			return;
		walk->fronts[i].via = NULL;
	}
	for (size_t i = 0; i < walk->route->stop_count; i++)
		if (walk->route->stops[i].front == front && walk->route->stops[i].client == client)
			walk->route->stops[i].via = NULL;
}

static void
add_front(struct walk *walk, const struct haproxy_section *front, enum haproxy_client client,
	  const struct haproxy_stop *via)
{
	unsigned char *followed = &walk->followed[index_of(walk, front)];

	if (*followed & 1u << client) {
		if (client == HAPROXY_CLIENT_WRITTEN)
			forget_writer(walk, front, client, via);
		return;
	}
	*followed |= (unsigned char)(1u << client);
	walk->fronts[walk->front_count++] = (struct haproxy_stop){NULL, front, client, via};
}

static void
add_backend(struct walk *walk, const struct haproxy_stop *front,
	    const struct haproxy_section *backend)
{
	unsigned char *taken = &walk->taken[index_of(walk, backend)];

	if (*taken & 1u << front->client)
		return;
	*taken |= (unsigned char)(1u << front->client);
	walk->route->stops[walk->route->stop_count++] =
	    (struct haproxy_stop){backend, front->front, front->client, front->via};
}

/* Warns of lines that change where connections go. */
static void
warn_of_destination(struct draft *draft, const struct haproxy_section *section)
{
	for (const struct haproxy_line *line = section->first; line < section->end; line++)
		for (size_t i = 1; i < line->count && i < 4; i++)
			if (haproxy_line_is(line, i, "set-dst") ||
			    haproxy_line_is(line, i, "set-dst-port"))
				draft_warn(draft, line->at,
					   "the server is chosen by an expression: '%s'",
					   line->words[i]);
}

/* Adds the backends that the second word of a line can name. */
static void
add_named(struct walk *walk, const struct haproxy_stop *front, const struct haproxy_line *line)
{
	const struct haproxy_conf *conf = walk->route->conf;
	struct strvec names = STRVEC_INIT, unknown = STRVEC_INIT;
	size_t missing = 0, first = 0;

	haproxy_names_find(conf, front->front, haproxy_line_word(line, 1), walk->route->maps,
			   &names, &unknown);
	for (size_t i = 0; i < names.count; i++) {
		const struct haproxy_section *backend = haproxy_conf_find(
		    conf, names.list[i], 1u << HAPROXY_BACKEND | 1u << HAPROXY_LISTEN);

		if (backend)
			add_backend(walk, front, backend);
		else if (missing++ == 0)
			first = i;
	}
	if (missing > 1)
		draft_warn(walk->route->draft, line->at, "no such backend: '%s' and %zu more",
			   names.list[first], missing - 1);
	else if (missing)
		draft_warn(walk->route->draft, line->at, "no such backend: '%s'",
			   names.list[first]);
	for (size_t i = 0; i < unknown.count; i++) {
		draft_warn(walk->route->draft, line->at, "%s", unknown.list[i]);
		draft_add_comment(walk->route->draft, "servers may be missing: %s",
				  unknown.list[i]);
	}
	conf->drafts->failed |= names.failed || unknown.failed;
	strvec_release(&names);
	strvec_release(&unknown);
}

/* Servers are not looked for where it is not known whether there are any. */
static void
tell_hidden(struct draft *draft, const struct haproxy_section *section)
{
	if (haproxy_section_hides_servers(section))
		draft_add_comment(draft, "servers may be missing: lines of '%s' depend on an '.if'",
				  section->name);
}

static void
add_backends(struct walk *walk, const struct haproxy_stop *front)
{
	const struct haproxy_section *section = front->front;
	const struct haproxy_line *fallback =
	    haproxy_section_setting(section, "default_backend", NULL);

	warn_of_destination(walk->route->draft, section);
	tell_hidden(walk->route->draft, section);
	if (section->kind == HAPROXY_LISTEN)
		add_backend(walk, front, section);
	for (const struct haproxy_line *line = section->first; line < section->end; line++)
		if (haproxy_line_is(line, 0, "use_backend"))
			add_named(walk, front, line);
	if (fallback)
		add_named(walk, front, fallback);
}

/* Adds the frontends that servers of a backend are. */
static void
add_fronts(struct walk *walk, const struct haproxy_stop *stop)
{
	const struct haproxy_section *backend = stop->backend;

	if (backend != stop->front)
		warn_of_destination(walk->route->draft, backend);
	tell_hidden(walk->route->draft, backend);
	for (const struct haproxy_line *line = backend->first; line < backend->end; line++) {
		const struct haproxy_socket *bind;
		struct haproxy_server server;

		if (!haproxy_server_of_line(&server, backend, line))
			continue;
		bind = haproxy_sockets_find(walk->route->sockets, server.address);
		if (!bind || bind->section == stop->front)
			continue;
		draft_add_comment(walk->route->draft, "through frontend '%s' at %s",
				  bind->section->name, server.address);
		add_front(walk, bind->section, client_behind(walk->route, stop, &server, bind),
			  stop);
	}
}

int
haproxy_route_follow(struct haproxy_route *route, const struct haproxy_section *front)
{
	const size_t count = route->conf->section_count;
	struct walk walk = {
	    .route = route,
	    .fronts = calloc(count, CLIENTS * sizeof(*walk.fronts)),
	    .followed = calloc(count, 1),
	    .taken = calloc(count, 1),
	};
	size_t stop = 0;
	int rc = -1;

	route->stop_count = 0;
	route->stops = calloc(count, CLIENTS * sizeof(*route->stops));
	if (walk.fronts && walk.followed && walk.taken && route->stops) {
		add_front(&walk, front, HAPROXY_CLIENT_SEEN, NULL);
		for (size_t i = 0; i < walk.front_count; i++) {
			add_backends(&walk, &walk.fronts[i]);
			for (; stop < route->stop_count; stop++)
				add_fronts(&walk, &route->stops[stop]);
		}
		rc = 0;
	}
	free(walk.fronts);
	free(walk.followed);
	free(walk.taken);
	return rc;
}
