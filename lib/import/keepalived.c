/*
 * A virtual_server is read as a whole once its block is known: the method and the protocol may stand
 * behind the servers that they are for, and whether a check's port is one of its own shows only once
 * all servers of the service are there.
 */
#include "import/keepalived.h"

#include "import/ipvs.h"
#include "import/keepalived_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct importer {
	struct drafts *drafts;
	const char *file;
	struct keepalived_conf conf;
};

static const char *const methods[2] = {"lvs_method", "lb_kind"};

/* A virtual_server. */
struct service {
	size_t index; /* of its line */
	struct draft *draft;
	const char *protocol;
	char method; /* as ipvs_add_server has it */
};

/* An address and port of a line, from its word `from` on. host NULL: it is no address. */
static struct draft_endpoint
endpoint_of(const struct keepalived_line *line, size_t from, const char *protocol)
{
	const char *port = keepalived_word(line, from + 1);
	struct draft_endpoint endpoint = {.host = keepalived_word(line, from),
					  .ports = {protocol, DRAFT_ANY_PORT}};

	if (*port && strcmp(port, "0") != 0 &&
	    draft_endpoint_parse_ports(port, &endpoint.ports.first, &endpoint.ports.last) < 0)
		endpoint.host = NULL;
	return endpoint;
}

/* The method of `lvs_method TUN [type TYPE ...]`. */
static char
tunnel_of(const struct keepalived_line *line)
{
	for (size_t i = 2; *keepalived_word(line, i); i++)
		if (strcmp(keepalived_word(line, i), "type") == 0)
			return ipvs_tunnel_method(keepalived_word(line, i + 1));
	return 'i';
}

/* The method that a block's lines of these names say, or else the one around it. */
static char
method_of(const struct importer *importer, size_t index, const char *const names[2], char around)
{
	for (size_t i = 0; i < 2; i++) {
		const struct keepalived_line *line =
		    keepalived_child(&importer->conf, index, names[i]);
		const char *method = line ? keepalived_word(line, 1) : "";

		if (strcmp(method, "TUN") == 0)
			return tunnel_of(line);
		if (*method)
			return strcmp(method, "NAT") == 0 ? 'm' : 'g';
	}
	return around;
}

static void
add_vip(const struct service *service, const struct keepalived_line *line, size_t from)
{
	struct draft_endpoint endpoint = endpoint_of(line, from, service->protocol);
	char range[64];
	const char *dash;

	if (!endpoint.host || !*endpoint.host) {
		draft_warn(service->draft, line->at, "not an address and port: '%s'",
			   keepalived_word(line, from));
		return;
	}
	/* 192.0.2.10-20 is a range of the last part. */
	dash = strchr(endpoint.host, '-');
	if (dash && !strpbrk(dash, ".:") && strlen(endpoint.host) < sizeof(range) / 2) {
		const char *last = strrchr(endpoint.host, '.');

		if (!last)
			last = strrchr(endpoint.host, ':');
		snprintf(range, sizeof(range), "%.*s-%.*s%s", (int)(dash - endpoint.host),
			 endpoint.host, last ? (int)(last - endpoint.host + 1) : 0, endpoint.host,
			 dash + 1);
		endpoint.host = range;
	}
	draft_add_vip(service->draft, line->at, &endpoint);
}

static void
add_group(const struct importer *importer, const struct service *service,
	  const struct keepalived_line *line)
{
	const struct keepalived_conf *conf = &importer->conf;
	bool is_found = false;

	for (size_t i = 0; i < conf->count; i = conf->lines[i].end) {
		if (!keepalived_is(&conf->lines[i], "virtual_server_group") ||
		    strcmp(keepalived_word(&conf->lines[i], 1), keepalived_word(line, 2)) != 0)
			continue;
		is_found = true;
		for (size_t k = i + 1; k < conf->lines[i].end; k = conf->lines[k].end) {
			if (keepalived_is(&conf->lines[k], "fwmark"))
				draft_warn(service->draft, conf->lines[k].at,
					   "service by firewall mark: only the firewall's rules "
					   "have its addresses");
			else
				add_vip(service, &conf->lines[k], 0);
		}
	}
	if (!is_found)
		draft_warn(service->draft, line->at, "no such group: '%s'",
			   keepalived_word(line, 2));
}

/* Adds the real servers, and the sorry server. */
static void
add_servers(const struct importer *importer, const struct service *service)
{
	static const char *const of_sorry[2] = {"sorry_server_lvs_method", "sorry_server_lb_kind"};
	const struct keepalived_conf *conf = &importer->conf;
	const char sorry = method_of(importer, service->index, of_sorry, service->method);

	for (size_t i = service->index + 1; i < conf->lines[service->index].end;
	     i = conf->lines[i].end) {
		const struct keepalived_line *line = &conf->lines[i];
		struct draft_endpoint endpoint = endpoint_of(line, 1, service->protocol);
		const bool is_sorry = keepalived_is(line, "sorry_server");

		if (!is_sorry && !keepalived_is(line, "real_server"))
			continue;
		endpoint.comment = is_sorry ? "sorry_server" : NULL;
		if (!endpoint.host || !*endpoint.host)
			draft_warn(service->draft, line->at, "not an address and port: '%s'",
				   keepalived_word(line, 1));
		else
			ipvs_add_server(service->draft, line->at,
					is_sorry ? sorry
						 : method_of(importer, i, methods, service->method),
					&endpoint);
	}
}

/* Whether the check goes to an address that is no server's, which is said. */
static bool
is_elsewhere(const struct importer *importer, const struct service *service, size_t check)
{
	const struct keepalived_line *line = keepalived_child(&importer->conf, check, "connect_ip");

	if (!line || draft_endpoints_have_host(&service->draft->servers, keepalived_word(line, 1)))
		return false;
	draft_warn(service->draft, line->at,
		   "checks of an address that is not a server are not captured: '%s'",
		   keepalived_word(line, 1));
	return true;
}

/* The port of this protocol that a check of a real server connects to, if clients do not use it as
 * well; 0: they do. */
static unsigned
own_port(const struct importer *importer, const struct service *service, size_t server,
	 size_t check, const char *protocol)
{
	const struct keepalived_line *line =
	    keepalived_child(&importer->conf, check, "connect_port");
	const char *word =
	    line ? keepalived_word(line, 1) : keepalived_word(&importer->conf.lines[server], 2);
	unsigned first, last;

	if (draft_endpoint_parse_ports(word, &first, &last) < 0 ||
	    draft_endpoints_have_port(&service->draft->servers, protocol, first))
		return 0;
	return first;
}

static void
add_requests(const struct importer *importer, const struct service *service, size_t check)
{
	const struct keepalived_conf *conf = &importer->conf;

	for (size_t i = check + 1; i < conf->lines[check].end; i = conf->lines[i].end) {
		const struct keepalived_line *path = keepalived_is(&conf->lines[i], "url")
							 ? keepalived_child(conf, i, "path")
							 : NULL;

		if (path)
			draft_add_http_monitor(service->draft, path->at, keepalived_word(path, 1));
	}
}

/* Adds a monitor for a line of a real server, if it is a check. */
static void
add_check(const struct importer *importer, const struct service *service, size_t server,
	  size_t index)
{
	const struct keepalived_line *line = &importer->conf.lines[index];
	const char *name = line->words[0];
	const size_t length = strlen(name);
	const bool is_http = strcmp(name, "HTTP_GET") == 0, is_tcp = strcmp(name, "TCP_CHECK") == 0;
	const bool is_udp = strcmp(name, "UDP_CHECK") == 0 || strcmp(name, "DNS_CHECK") == 0;
	const char *protocol = is_udp ? "udp" : "tcp";
	unsigned port;

	if (length < 4 || !isupper((unsigned char)*name) ||
	    (strcmp(name + length - 4, "_GET") != 0 &&
	     (length < 6 || strcmp(name + length - 6, "_CHECK") != 0)))
		return;
	if (strcmp(name, "FILE_CHECK") == 0 || strcmp(name, "BFD_CHECK") == 0)
		return; /* nothing is sent to the server */
	if (is_elsewhere(importer, service, index))
		return;
	port = own_port(importer, service, server, index, protocol);
	if (strcmp(name, "PING_CHECK") == 0)
		draft_add_monitor(service->draft, "icmp");
	else if (port && strcmp(name, "MISC_CHECK") != 0)
		draft_add_monitor(service->draft, "%s/%u", protocol, port);
	else if (is_tcp)
		draft_add_monitor(service->draft, "empty");
	else if (is_http)
		add_requests(importer, service, index);
	else
		draft_warn_of_checks(service->draft, line->at,
				     "checks cannot be told from client connections: '%s'", name);
}

static void
add_checks(const struct importer *importer, const struct service *service)
{
	const struct keepalived_conf *conf = &importer->conf;

	/* Without server lines there is nothing to tell checks from. */
	if (service->draft->servers.lines.count == 0)
		return;
	for (size_t i = service->index + 1; i < conf->lines[service->index].end;
	     i = conf->lines[i].end)
		if (keepalived_is(&conf->lines[i], "real_server"))
			for (size_t k = i + 1; k < conf->lines[i].end; k = conf->lines[k].end)
				add_check(importer, service, i, k);
}

static void
import_service(struct importer *importer, size_t index)
{
	const struct keepalived_line *line = &importer->conf.lines[index];
	const struct keepalived_line *protocol =
	    keepalived_child(&importer->conf, index, "protocol");
	const bool is_group = strcmp(keepalived_word(line, 1), "group") == 0;
	/* Without a method keepalived takes NAT, and says so. */
	struct service service = {index, NULL, "udp", method_of(importer, index, methods, 'm')};
	char name[256];

	if (strcmp(keepalived_word(line, 1), "fwmark") == 0) {
		drafts_warn(importer->drafts, line->at,
			    "service by firewall mark: only the firewall's rules have its "
			    "addresses");
		return;
	}
	/* Without one the kernel takes UDP, and keepalived says so. */
	if (protocol && strcasecmp(keepalived_word(protocol, 1), "TCP") == 0)
		service.protocol = "tcp";
	else if (protocol && strcasecmp(keepalived_word(protocol, 1), "SCTP") == 0)
		service.protocol = "sctp";
	if (is_group)
		snprintf(name, sizeof(name), "%s", keepalived_word(line, 2));
	else
		snprintf(name, sizeof(name), "%s-%s-%s", service.protocol, keepalived_word(line, 1),
			 keepalived_word(line, 2));
	service.draft = drafts_add(importer->drafts, name);
	if (!service.draft)
		return;
	draft_add_comment(service.draft, "virtual_server of %s:%u", line->at.file, line->at.line);
	if (is_group)
		add_group(importer, &service, line);
	else
		add_vip(&service, line, 1);
	add_servers(importer, &service);
	add_checks(importer, &service);
}

/* Warns of the lines of a virtual_server that only hosts of one configuration id take. */
static void
warn_of_conditions(const struct importer *importer, size_t index)
{
	const struct keepalived_conf *conf = &importer->conf;
	const char *first = conf->lines[index].words[0];
	const char *name = *first == '@' ? keepalived_word(&conf->lines[index], 1) : first;

	if (strncmp(name, "virtual_server", strlen("virtual_server")) != 0)
		return;
	for (size_t i = index; i < conf->lines[index].end; i++)
		if (conf->lines[i].words[0][0] == '@')
			drafts_warn(importer->drafts, conf->lines[i].at,
				    "line for some hosts only is left out: '%s'",
				    conf->lines[i].words[0]);
}

/* Says which vrrp instances have a service's addresses: such an address moves between engines. */
static void
remark_on_vrrp(const struct importer *importer, size_t index, const char *list_name)
{
	const struct keepalived_conf *conf = &importer->conf;
	const struct keepalived_line *list = keepalived_child(conf, index, list_name);

	for (size_t i = list ? (size_t)(list - conf->lines) + 1 : 0; list && i < list->end;
	     i = conf->lines[i].end) {
		char address[64];

		snprintf(address, sizeof(address), "%.*s",
			 (int)strcspn(conf->lines[i].words[0], "/"), conf->lines[i].words[0]);
		for (size_t k = 0; k < importer->drafts->count; k++) {
			struct draft *draft = importer->drafts->list[k];

			if (draft_endpoints_have_host(&draft->vips, address))
				draft_add_comment(draft, "%s is where vrrp_instance '%s' is master",
						  address, keepalived_word(&conf->lines[index], 1));
		}
	}
}

int
keepalived_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct importer importer = {drafts, file, {0}};
	const struct keepalived_conf *conf = &importer.conf;
	int rc = keepalived_conf_parse(&importer.conf, text, file, why);

	for (size_t i = 0; rc == 0 && i < conf->count; i = conf->lines[i].end) {
		warn_of_conditions(&importer, i);
		if (keepalived_is(&conf->lines[i], "virtual_server"))
			import_service(&importer, i);
		else if (keepalived_is(&conf->lines[i], "include"))
			drafts_warn(drafts, conf->lines[i].at,
				    "included files are not read: '%s' (name them with '--also')",
				    keepalived_word(&conf->lines[i], 1));
	}
	for (size_t i = 0; rc == 0 && i < conf->count; i = conf->lines[i].end)
		if (keepalived_is(&conf->lines[i], "vrrp_instance")) {
			remark_on_vrrp(&importer, i, "virtual_ipaddress");
			remark_on_vrrp(&importer, i, "virtual_ipaddress_excluded");
		}
	keepalived_conf_release(&importer.conf);
	return rc;
}
