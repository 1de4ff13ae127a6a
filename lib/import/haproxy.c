/*
 * Every proxy that accepts connections, that is a frontend or listen section with a bind, becomes a
 * service. Its backends are its own section if that is a listen, those of every use_backend line,
 * and that of default_backend, which may be inherited. The settings of a server are those of the
 * section's `source` line, then of all default-server lines, the inherited ones first, and of its
 * own line; later ones override earlier ones.
 *
 * There are two passes over the servers: whether a check port is used by checks only is known once
 * the ports of all servers are.
 */
#include "import/haproxy.h"

#include "import/haproxy_checks.h"
#include "import/haproxy_sections.h"
#include "import/haproxy_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A section that becomes a service. */
struct frontend {
	const struct haproxy_conf *conf;
	const struct haproxy_section *section;
	struct draft *draft;
	const struct haproxy_section **backends; /* each once; there is room for all sections */
	size_t backend_count;
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

/* Adds every address of the comma-separated list of a bind line. */
static void
add_bind(struct draft *draft, const struct haproxy_line *line)
{
	char *rest = line->words[1];

	warn_of_namespace(draft, line);
	for (char *address; (address = strsep(&rest, ","));)
		add_vip(draft, line, address);
}

/* Applies the default-server lines of the section's defaults, then its own above a line. */
static void
apply_defaults(const struct haproxy_section *section, const struct haproxy_line *before,
	       struct haproxy_server *server)
{
	if (section->defaults)
		apply_defaults(section->defaults, section->defaults->end, server);
	for (const struct haproxy_line *line = section->first; line < before; line++)
		if (haproxy_line_is(line, 0, "default-server"))
			haproxy_server_apply(server, line->words + 1);
}

/* Reads a line of the section that is a server, with all settings that apply to it; false: it is
 * not. */
static bool
read_server(const struct haproxy_section *section, const struct haproxy_line *line,
	    struct haproxy_server *server)
{
	const struct haproxy_line *source = haproxy_section_setting(section, "source", NULL);

	*server = (struct haproxy_server){0};
	if (source)
		haproxy_server_set_source(server, source->words + 1);
	apply_defaults(section, line, server);
	return haproxy_server_read(server, line->words);
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

/* Whether HTTP requests, unless they are encrypted, carry their client's address. */
static bool
has_forwarded_header(const struct haproxy_section *front, const struct haproxy_section *back)
{
	static const char *const options[] = {"forwardfor", "forwarded", NULL};
	const struct haproxy_line *mode = haproxy_section_setting(back, "mode", NULL);

	return mode && haproxy_line_is(mode, 1, "http") &&
	       (haproxy_section_setting(front, "option", options) ||
		haproxy_section_setting(back, "option", options));
}

typedef void server_visitor(struct frontend *front, const struct haproxy_section *backend,
			    const struct haproxy_line *line, const struct haproxy_server *server);

static void
for_each_server(struct frontend *front, server_visitor *visit)
{
	for (size_t i = 0; i < front->backend_count; i++) {
		const struct haproxy_section *backend = front->backends[i];

		for (const struct haproxy_line *line = backend->first; line < backend->end;
		     line++) {
			struct haproxy_server server;

			if (read_server(backend, line, &server))
				visit(front, backend, line, &server);
		}
	}
}

static void
add_server(struct frontend *front, const struct haproxy_section *backend,
	   const struct haproxy_line *line, const struct haproxy_server *server)
{
	struct draft *draft = front->draft;
	struct failure why = FAILURE_INIT;
	struct haproxy_addr addr;
	char comment[256];

	snprintf(comment, sizeof(comment), "%s/%s", backend->name, server->name);
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
	draft_add_source(draft, server->source[0] ? server->source : NULL);
	if (!server->proxy && (server->ssl || haproxy_server_is_framed(server->proto) ||
			       !has_forwarded_header(front->section, backend)))
		draft->has_unlinked = true;
}

static void
add_checks(struct frontend *front, const struct haproxy_section *backend,
	   const struct haproxy_line *line, const struct haproxy_server *server)
{
	haproxy_checks_add(front->draft, backend, line, server);
}

/* Adds the backend whose name is the second word of a line. */
static void
add_backend(struct frontend *front, const struct haproxy_line *line)
{
	const char *name = haproxy_line_word(line, 1);
	const struct haproxy_section *backend =
	    haproxy_conf_find(front->conf, name, 1u << HAPROXY_BACKEND | 1u << HAPROXY_LISTEN);

	if (!backend) {
		draft_warn(front->draft, line->at,
			   strpbrk(name, "%$") ? "the backend is chosen by an expression: '%s'"
					       : "no such backend: '%s'",
			   name);
		return;
	}
	for (size_t i = 0; i < front->backend_count; i++)
		if (front->backends[i] == backend)
			return;
	front->backends[front->backend_count++] = backend;
}

static void
find_backends(struct frontend *front)
{
	const struct haproxy_section *section = front->section;
	const struct haproxy_line *fallback =
	    haproxy_section_setting(section, "default_backend", NULL);

	if (section->kind == HAPROXY_LISTEN)
		front->backends[front->backend_count++] = section;
	for (const struct haproxy_line *line = section->first; line < section->end; line++)
		if (haproxy_line_is(line, 0, "use_backend"))
			add_backend(front, line);
	if (fallback)
		add_backend(front, fallback);
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
import_frontend(const struct haproxy_conf *conf, const struct haproxy_section *section,
		struct failure *why)
{
	struct frontend front = {
	    .conf = conf,
	    .section = section,
	    .draft = drafts_add(conf->drafts, section->name),
	    .backends = calloc(conf->section_count, sizeof(const struct haproxy_section *)),
	};

	if (!front.draft || !front.backends) {
		free(front.backends);
		return failure_nomem(why);
	}
	draft_add_comment(front.draft, "%s '%s' of %s:%u",
			  section->kind == HAPROXY_LISTEN ? "listen" : "frontend", section->name,
			  conf->file, section->number);
	for (const struct haproxy_line *line = section->first; line < section->end; line++)
		if (haproxy_line_is(line, 0, "bind") && line->count > 1)
			add_bind(front.draft, line);
	find_backends(&front);
	for (size_t i = 0; i < front.backend_count; i++)
		warn_of_transparent(front.draft, front.backends[i]);
	for_each_server(&front, add_server);
	for_each_server(&front, add_checks);
	free(front.backends);
	return 0;
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
	struct haproxy_conf conf;
	int rc = haproxy_conf_parse(&conf, drafts, text, file, why);

	for (size_t i = 0; rc == 0 && i < conf.section_count; i++)
		if (takes_connections(&conf.sections[i]))
			rc = import_frontend(&conf, &conf.sections[i], why);
	haproxy_conf_release(&conf);
	return rc;
}
