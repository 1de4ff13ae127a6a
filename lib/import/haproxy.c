/*
 * Every proxy that accepts connections, that is a frontend or listen section with a bind, becomes a
 * service, of the servers of all backends that connections to it can end up in (haproxy_route.h).
 *
 * There are two passes over the servers: whether a check port is used by checks only is known once
 * the ports of all servers are.
 */
#include "import/haproxy.h"

#include "import/haproxy_checks.h"
#include "import/haproxy_route.h"
#include "import/haproxy_sections.h"
#include "import/haproxy_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A section that becomes a service. */
struct frontend {
	const struct haproxy_section *section;
	struct haproxy_route route;
};

/* What all services have in common. */
struct importer {
	struct haproxy_conf conf;
	struct haproxy_sockets sockets;
	struct haproxy_maps maps;
};

static void
warn_of_namespace(struct draft *draft, const struct haproxy_line *line)
{
	const char *name = haproxy_line_value(line, "namespace");

	if (name)
		draft_warn(draft, line->at, "visible only within network namespace '%s'", name);
}

static void
add_vip(struct draft *draft, const struct haproxy_line *line, const char *word)
{
	struct failure why = FAILURE_INIT;
	struct haproxy_addr addr;

	if (haproxy_addr_parse(&addr, word, &why) < 0) {
		draft_warn(draft, line->at, "%s", why.text);
		return;
	}
	if (addr.kind != HAPROXY_PORT_FIXED) {
		draft_warn(draft, line->at, "no port: '%s'", word);
		return;
	}
	/* On Linux an IPv6 socket takes IPv4 connections, too, without v6only. */
	if (!addr.host && addr.family == 6 && !haproxy_line_has(line, "v6only"))
		addr.family = 0;
	draft_add_vip(draft, line->at,
		      &(struct draft_endpoint){addr.host, addr.family, addr.ports, NULL});
}

/* Adds every address that the section listens at. Sockets that only servers of this configuration
 * connect to are no way in from outside. */
static void
add_binds(const struct frontend *front)
{
	const struct haproxy_sockets *sockets = front->route.sockets;

	for (size_t i = 0; i < sockets->count; i++) {
		const struct haproxy_socket *bind = &sockets->list[i];

		if (bind->section != front->section)
			continue;
		warn_of_namespace(front->route.draft, bind->line);
		if (!bind->is_inner)
			add_vip(front->route.draft, bind->line, bind->word);
	}
}

/* Whether the server is another frontend, at an address of which nothing is on a wire. */
static bool
is_onward(const struct frontend *front, const struct haproxy_server *server)
{
	return haproxy_socket_is_inside(server->address) &&
	       haproxy_sockets_find(front->route.sockets, server->address);
}

/* Whether the server is none yet: a controller keeps places for those that it sets while HAProxy runs,
 * disabled and at an address of which nothing is on a wire. */
static bool
is_place(const struct haproxy_server *server)
{
	struct haproxy_addr addr;

	return server->is_disabled && haproxy_addr_parse(&addr, server->address, NULL) == 0 &&
	       addr.host && draft_endpoint_is_loopback(addr.host);
}

/* Adds a server with the port that the client connected to, plus an offset: a line for each VIP. */
static void
add_server_by_offset(struct draft *draft, const struct haproxy_line *line,
		     const struct haproxy_addr *addr, const char *comment)
{
	for (size_t i = 0; i < draft->vips.lines.count; i++) {
		const int first = (int)draft->vips.ports[i].first + addr->offset;
		const int last = (int)draft->vips.ports[i].last + addr->offset;
		const struct draft_ports ports = {addr->ports.protocol, (unsigned)first,
						  (unsigned)last};

		if (first > 0 && last <= UINT16_MAX)
			draft_add_server(
			    draft, line->at,
			    &(struct draft_endpoint){addr->host, addr->family, ports, comment});
		else
			draft_warn(draft, line->at,
				   "port is out of range for some port of the service: '%s'",
				   haproxy_line_word(line, 2));
	}
}

typedef void server_visitor(const struct frontend *front, const struct haproxy_stop *stop,
			    const struct haproxy_line *line, const struct haproxy_server *server);

static void
for_each_server(const struct frontend *front, server_visitor *visit)
{
	for (size_t i = 0; i < front->route.stop_count; i++) {
		const struct haproxy_stop *stop = &front->route.stops[i];

		for (const struct haproxy_line *line = stop->backend->first;
		     line < stop->backend->end; line++) {
			struct haproxy_server server;

			if (haproxy_server_of_line(&server, stop->backend, line) &&
			    !is_onward(front, &server))
				visit(front, stop, line, &server);
		}
	}
}

static void
add_server(const struct frontend *front, const struct haproxy_stop *stop,
	   const struct haproxy_line *line, const struct haproxy_server *server)
{
	struct draft *draft = front->route.draft;
	const bool has_client = stop->client == HAPROXY_CLIENT_SEEN;
	struct failure why = FAILURE_INIT;
	struct strvec headers = STRVEC_INIT;
	struct haproxy_addr addr;
	char comment[256];

	if (is_place(server)) {
		draft_add_comment(draft,
				  "backend '%s' has places for more servers: set while HAProxy "
				  "runs, these are missing",
				  stop->backend->name);
		return;
	}
	snprintf(comment, sizeof(comment), "%s/%s", stop->backend->name, server->name);
	warn_of_namespace(draft, line);
	if (server->socks)
		draft_warn(draft, line->at, "server behind a SOCKS proxy: '%s'", server->socks);
	else if (haproxy_addr_parse(&addr, server->address, &why) < 0)
		draft_warn(draft, line->at, "%s", why.text);
	else if (!addr.host)
		draft_warn(draft, line->at, "the server is the client's own destination: '%s'",
			   server->address);
	else if (addr.kind == HAPROXY_PORT_FIXED)
		draft_add_server(
		    draft, line->at,
		    &(struct draft_endpoint){addr.host, addr.family, addr.ports, comment});
	else
		add_server_by_offset(draft, line, &addr, comment);
	draft_add_source(draft,
			 server->source[0] && (has_client || strcmp(server->source, "client") != 0)
			     ? server->source
			     : NULL);
	haproxy_route_headers(&front->route, stop, &headers);
	if (!(server->proxy && has_client) && !server->ssl)
		draft_add_headers(draft, &headers);
	draft->has_unlinked |= !haproxy_route_is_linked(stop, server, headers.count > 0);
	strvec_release(&headers);
}

static void
add_checks(const struct frontend *front, const struct haproxy_stop *stop,
	   const struct haproxy_line *line, const struct haproxy_server *server)
{
	if (!is_place(server))
		haproxy_checks_add(front->route.draft, stop->backend, line, server);
}

/* Warns of a backend that connects to its clients' own destinations. */
static void
warn_of_transparent(struct draft *draft, const struct haproxy_section *backend)
{
	static const char *const options[] = {"transparent", "http_proxy", NULL};
	const struct haproxy_line *line = haproxy_section_setting(backend, "option", options);

	if (line)
		draft_warn(draft, line->at, "the server is the client's own destination: '%s'",
			   haproxy_line_word(line, 1));
}

static int
import_frontend(struct importer *importer, const struct haproxy_section *section,
		struct failure *why)
{
	struct frontend front = {.section = section,
				 .route = {
				     .conf = &importer->conf,
				     .sockets = &importer->sockets,
				     .maps = &importer->maps,
				     .draft = drafts_add(importer->conf.drafts, section->name),
				 }};
	struct haproxy_route *route = &front.route;
	int rc = -1;

	if (!route->draft)
		return failure_nomem(why);
	draft_add_comment(route->draft, "%s '%s' of %s:%u",
			  section->kind == HAPROXY_LISTEN ? "listen" : "frontend", section->name,
			  section->at.file, section->at.line);
	add_binds(&front);
	if (haproxy_route_follow(route, section) == 0) {
		for (size_t i = 0; i < route->stop_count; i++)
			warn_of_transparent(route->draft, route->stops[i].backend);
		for_each_server(&front, add_server);
		for_each_server(&front, add_checks);
		rc = 0;
	}
	free(route->stops);
	return rc < 0 ? failure_nomem(why) : 0;
}

/* The last `enabled` or `disabled` applies; the section's own precede those of its defaults. */
static bool
is_enabled(const struct haproxy_section *section)
{
	for (; section; section = section->defaults)
		for (const struct haproxy_line *line = section->end; line-- > section->first;)
			if (haproxy_line_is(line, 0, "enabled") ||
			    haproxy_line_is(line, 0, "disabled"))
				return haproxy_line_is(line, 0, "enabled");
	return true;
}

static bool
takes_connections(const struct haproxy_section *section)
{
	if (section->kind != HAPROXY_FRONTEND && section->kind != HAPROXY_LISTEN)
		return false;
	for (const struct haproxy_line *line = section->first; line < section->end; line++)
		if (haproxy_line_is(line, 0, "bind"))
			return is_enabled(section);
	return false;
}

int
haproxy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct importer importer = {.maps = HAPROXY_MAPS_INIT};
	const struct haproxy_conf *conf = &importer.conf;
	int rc = haproxy_conf_parse(&importer.conf, drafts, text, file, why);

	if (rc == 0)
		rc = haproxy_sockets_collect(&importer.sockets, conf, why);
	for (size_t i = 0; rc == 0 && i < conf->section_count; i++)
		if (takes_connections(&conf->sections[i]))
			rc = import_frontend(&importer, &conf->sections[i], why);
	haproxy_maps_release(&importer.maps);
	haproxy_sockets_release(&importer.sockets);
	haproxy_conf_release(&importer.conf);
	return rc;
}
