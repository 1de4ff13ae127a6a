#include "filter/service.h"

#include "base/array.h"
#include "base/parse.h"
#include "filter/service_alias.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 8

struct service_line {
	char *words[WORDS_MAX];
	size_t count;
};

void
service_release(struct service *service)
{
	strvec_release(&service->aliases);
	for (size_t i = 0; i < service->monitor_count; i++)
		free(service->monitors[i].path);
	for (size_t i = 0; i < service->engine_count; i++)
		free(service->engines[i]);
	endpoint_groups_free(service->vip_groups, service->vip_group_count);
	endpoint_groups_free(service->server_groups, service->server_group_count);
	addrset_release(&service->sources);
	service_tunnels_release(&service->tunnels);
	addrset_release(&service->server_addresses);
	addrset_release(&service->checked_addresses);
	addrset_release(&service->addresses);
	addrset_release(&service->monitor_addresses);
	free(service->vips);
	free(service->servers);
	free(service->monitors);
	free(service->engines);
	free(service->header.name);
	service_from_release(&service->from);
	free(service->name);
	*service = SERVICE_INIT;
}

/* Makes room for one more element, which is zero. NULL: out of memory, and list is still valid. */
static void *
grow(void *list, size_t count, size_t size, struct failure *why)
{
	if (array_grow(&list, count, size) < 0) {
		failure_nomem(why);
		return NULL;
	}
	memset((char *)list + count * size, 0, size);
	return list;
}

static int
expect(const struct service_line *line, size_t least, size_t most, struct failure *why)
{
	if (line->count < least)
		return failure_set(why, "'%s' needs a value", line->words[line->count - 1]);
	if (line->count > most)
		return failure_set(why, "unexpected word: '%s'", line->words[most]);
	return 0;
}

static int
parse_endpoint(struct endpoint **list, size_t *count, const struct service_line *line,
	       struct failure *why)
{
	struct endpoint endpoint = {.port_last = UINT16_MAX}, *larger;

	if (expect(line, 2, 3, why) < 0 ||
	    interval_parse(&endpoint.addresses, &endpoint.family, line->words[1], why) < 0 ||
	    (line->count == 3 && endpoint_parse_ports(&endpoint, line->words[2], why) < 0))
		return -1;
	larger = grow(*list, *count, sizeof(**list), why);
	if (!larger)
		return -1;
	*list = larger;
	larger[(*count)++] = endpoint;
	return 0;
}

static int
parse_server(struct service *service, const struct service_line *line, struct failure *why)
{
	struct service_line plain = *line;
	size_t via = 2;

	while (via < line->count && strcmp(line->words[via], "via") != 0)
		via++;
	if (via < line->count)
		plain.count = via;
	if (parse_endpoint(&service->servers, &service->server_count, &plain, why) < 0)
		return -1;
	return via < line->count
		   ? service_tunnel_parse(&service->servers[service->server_count - 1].via,
					  line->words + via, line->count - via, why)
		   : 0;
}

static int
parse_source(struct service *service, const struct service_line *line, struct failure *why)
{
	if (expect(line, 2, 2, why) < 0)
		return -1;
	if (strcmp(line->words[1], "client") == 0) {
		service->source_client = true;
		return 0;
	}
	return addrset_add(&service->sources, line->words[1], why);
}

int
service_header_parse(struct service_header *header, const char *name, const char *hops,
		     struct failure *why)
{
	uint64_t number = 1;
	char *copy;

	if (!parse_is_header(name))
		return failure_set(why, "not the name of a header: '%s'", name);
	if (hops && (parse_number(hops, SERVICE_HOPS_MAX, &number, NULL) < 0 || number == 0))
		return failure_set(why, "not a number of hops from 1 to %u: '%s'", SERVICE_HOPS_MAX,
				   hops);
	copy = strdup(name);
	if (!copy)
		return failure_nomem(why);
	header->name = copy;
	header->hops = (unsigned)number;
	return 0;
}

int
service_header_read(struct service_header *header, const char *text, struct failure *why)
{
	char *name = strdup(text), *hops;
	int rc;

	if (!name)
		return failure_nomem(why);
	hops = strchr(name, ' ');
	if (hops)
		*hops++ = '\0';
	rc = service_header_parse(header, name, hops, why);
	free(name);
	return rc;
}

void
service_remove(char *text, const char *keyword)
{
	const size_t size = strlen(keyword);
	char *to = text;

	for (const char *line = text; *line;) {
		const char *word = line + strspn(line, " \t");
		const bool is_kept =
		    strncmp(word, keyword, size) != 0 || !strchr(" \t\r\n", word[size]);
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		memmove(to, line, length);
		line += length;
		to += is_kept ? length : 0;
	}
	*to = '\0';
}

static int
parse_header(struct service *service, const struct service_line *line, struct failure *why)
{
	if (expect(line, 2, 3, why) < 0)
		return -1;
	if (service->header.name)
		return failure_set(why, "a second 'header': '%s'", line->words[1]);
	return service_header_parse(&service->header, line->words[1],
				    line->count > 2 ? line->words[2] : NULL, why);
}

static int
parse_monitor(struct monitor *monitor, const struct service_line *line, struct failure *why)
{
	const char *word = line->words[1];

	if (strcmp(word, "from") == 0) {
		monitor->kind = MONITOR_FROM;
		return expect(line, 3, 3, why) < 0
			   ? -1
			   : interval_parse(&monitor->where.addresses, &monitor->where.family,
					    line->words[2], why);
	}
	if (strcmp(word, "http") == 0) {
		monitor->kind = MONITOR_HTTP;
		if (expect(line, 3, 3, why) < 0)
			return -1;
		if (line->words[2][0] != '/')
			return failure_set(why, "not a path: '%s'", line->words[2]);
		monitor->path = strdup(line->words[2]);
		return monitor->path ? 0 : failure_nomem(why);
	}
	if (strcmp(word, "icmp") == 0)
		monitor->kind = MONITOR_ICMP;
	else if (strcmp(word, "empty") == 0)
		monitor->kind = MONITOR_EMPTY;
	else if (strcmp(word, "local") == 0)
		monitor->kind = MONITOR_LOCAL;
	else if (strchr(word, '/'))
		return endpoint_parse_ports(&monitor->where, word, why);
	else
		return failure_set(why, "not a kind of monitor: '%s'", word);
	return expect(line, 2, 2, why);
}

static int
add_monitor(struct service *service, const struct service_line *line, struct failure *why)
{
	struct monitor *larger, *monitor;

	if (expect(line, 2, 3, why) < 0)
		return -1;
	larger = grow(service->monitors, service->monitor_count, sizeof(*larger), why);
	if (!larger)
		return -1;
	service->monitors = larger;
	monitor = &larger[service->monitor_count++];
	monitor->kind = MONITOR_PORT;
	if (parse_monitor(monitor, line, why) < 0)
		return -1;
	if (monitor->kind == MONITOR_PORT)
		return expect(line, 2, 2, why);
	if (monitor->kind == MONITOR_FROM)
		return addrset_add_interval(&service->monitor_addresses, monitor->where.family,
					    monitor->where.addresses, why);
	return 0;
}

static int
parse_engine(struct service *service, const struct service_line *line, struct failure *why)
{
	char **larger;

	if (expect(line, 2, 2, why) < 0)
		return -1;
	if (!parse_is_name(line->words[1]))
		return failure_set(why, "not a name for an engine: '%s'", line->words[1]);
	for (size_t i = 0; i < service->engine_count; i++)
		if (strcmp(service->engines[i], line->words[1]) == 0)
			return failure_set(why, "engine named twice: '%s'", line->words[1]);
	larger = grow(service->engines, service->engine_count, sizeof(*larger), why);
	if (!larger)
		return -1;
	service->engines = larger;
	larger[service->engine_count] = strdup(line->words[1]);
	if (!larger[service->engine_count])
		return failure_nomem(why);
	service->engine_count++;
	return 0;
}

static int
parse_payload(struct service *service, const struct service_line *line, struct failure *why)
{
	if (expect(line, 2, 2, why) < 0)
		return -1;
	if (strcmp(line->words[1], "no") != 0 && strcmp(line->words[1], "yes") != 0)
		return failure_set(why, "neither 'yes' nor 'no': '%s'", line->words[1]);
	service->has_no_payload = line->words[1][0] == 'n';
	return 0;
}

static int
parse_from(struct service *service, const struct service_line *line, struct failure *why)
{
	if (service->from.kind)
		return failure_set(why, "a second 'from': '%s'", line->words[line->count - 1]);
	return service_from_parse(&service->from, line->words + 1, line->count - 1, why);
}

static int
parse_line(struct service *service, const struct service_line *line, struct failure *why)
{
	const char *word = line->words[0];

	if (strcmp(word, "vip") == 0)
		return parse_endpoint(&service->vips, &service->vip_count, line, why);
	if (strcmp(word, "server") == 0)
		return parse_server(service, line, why);
	if (strcmp(word, "source") == 0)
		return parse_source(service, line, why);
	if (strcmp(word, "header") == 0)
		return parse_header(service, line, why);
	if (strcmp(word, "payload") == 0)
		return parse_payload(service, line, why);
	if (strcmp(word, "monitor") == 0)
		return add_monitor(service, line, why);
	if (strcmp(word, "engine") == 0)
		return parse_engine(service, line, why);
	if (strcmp(word, "from") == 0)
		return parse_from(service, line, why);
	return failure_set(why, "unknown keyword: '%s'", word);
}

/* Splits text, which is changed, into words. A `#` that starts a word starts a comment. */
static int
split_words(struct service_line *line, char *text, struct failure *why)
{
	line->count = 0;
	for (char *s = text + strspn(text, " \t\r"); *s && *s != '#'; s += strspn(s, " \t\r")) {
		if (line->count == WORDS_MAX)
			return failure_set(why, "unexpected word: '%s'", s);
		line->words[line->count++] = s;
		s += strcspn(s, " \t\r");
		if (*s)
			*s++ = '\0';
	}
	return 0;
}

static int
parse_lines(struct service *service, const char *text, const char *file, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	struct service_line line;

	for (unsigned number = 1; *text; number++) {
		size_t length = strcspn(text, "\n");
		char *copy = strndup(text, length);
		int rc = copy ? service_alias_take(&service->aliases, copy, &detail)
			      : failure_nomem(&detail);

		line.count = 0;
		if (rc == 0)
			rc = split_words(&line, copy, &detail);
		if (rc == 0 && line.count > 0)
			rc = parse_line(service, &line, &detail);
		free(copy);
		if (rc < 0)
			return failure_set(why, "%s:%u: %s", file, number, detail.text);
		text += length + (text[length] == '\n');
	}
	if (service->vip_count == 0)
		return failure_set(why, "%s: no 'vip' line", file);
	return 0;
}

/* What a far end is sent shows the client: if there is nothing else, every server sees it. */
static bool
shows_clients(const struct service *service)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (!tunnel_has_far_end(service->servers[i].via.kind))
			return false;
	return service->server_count > 0 && addrset_is_empty(&service->sources);
}

static int
build_sets(struct service *service, struct failure *why)
{
	const struct endpoint *vips = service->vips, *servers = service->servers;

	addrset_seal(&service->monitor_addresses);
	addrset_seal(&service->sources);
	for (size_t i = 0; i < service->server_count; i++)
		if (!tunnel_is_udp(servers[i].via.kind) &&
		    addrset_add_interval(&service->checked_addresses, servers[i].family,
					 servers[i].addresses, why) < 0)
			return -1;
	addrset_seal(&service->checked_addresses);
	if (endpoint_addresses(&service->server_addresses, servers, service->server_count, why) <
		0 ||
	    endpoint_addresses(&service->addresses, servers, service->server_count, why) < 0)
		return -1;
	return endpoint_addresses(&service->addresses, vips, service->vip_count, why);
}

static int
build_groups(struct service *service, struct failure *why)
{
	const struct endpoint *vips = service->vips, *servers = service->servers;
	const struct tunnel none = {0};

	service->source_client |= shows_clients(service);
	if (endpoint_groups_make(&service->vip_groups, &service->vip_group_count, vips,
				 service->vip_count, none, why) < 0 ||
	    endpoint_groups_make(&service->server_groups, &service->server_group_count, servers,
				 service->server_count, none, why) < 0)
		return -1;
	return service_tunnels_make(&service->tunnels, servers, service->server_count, vips,
				    service->vip_count, why);
}

int
service_parse(struct service *service, const char *name, const char *text, const char *file,
	      struct failure *why)
{
	*service = SERVICE_INIT;
	service->name = strdup(name);
	if (!service->name)
		return failure_nomem(why);
	if (parse_lines(service, text, file, why) == 0 && build_sets(service, why) == 0 &&
	    build_groups(service, why) == 0)
		return 0;
	service_release(service);
	return -1;
}

bool
service_is_engine(const struct service *service, struct addr addr)
{
	bool is_own = addr.family == 4 ? addr.value >> 24 == 127 : addr.value == 1;

	for (size_t i = 0; i < service->vip_group_count; i++)
		is_own |= addrset_has(&service->vip_groups[i].addresses, addr);
	return is_own || addrset_has(&service->sources, addr);
}

bool
service_wants(enum side side, enum monitor_mode mode)
{
	if (side == SIDE_MONITOR)
		return mode != MONITORS_NONE;
	return (side == SIDE_SERVER || side == SIDE_CLIENT) && mode != MONITORS_ONLY;
}

const char *
service_side_name(enum side side)
{
	switch (side) {
	case SIDE_MONITOR: return "monitor";
	case SIDE_SERVER: return "server";
	case SIDE_CLIENT: return "client";
	default: return "other";
	}
}

int
service_parse_mode(const char *word, enum monitor_mode *mode, struct failure *why)
{
	if (strcmp(word, "none") == 0)
		*mode = MONITORS_NONE;
	else if (strcmp(word, "include") == 0)
		*mode = MONITORS_INCLUDE;
	else if (strcmp(word, "only") == 0)
		*mode = MONITORS_ONLY;
	else
		return failure_set(why, "not 'none', 'include' or 'only': '%s'", word);
	return 0;
}
