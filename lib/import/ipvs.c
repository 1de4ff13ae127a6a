/*
 * What stands behind the rules of IPVS from the first table on (`*nat`) are those of iptables, which
 * may hide clients from servers: kube-proxy's do, for packets that another of its rules has marked.
 */
#include "import/ipvs.h"

#include "import/iptables_source.h"
#include "packet/addrset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_NUMERIC "not a numeric address and port: '%s' (use ipvsadm -n)"

/* The options of a line. */
struct rule {
	bool adds_service, adds_server, has_mark;
	const char *protocol;     /* NULL: none */
	const char *vip, *server; /* ADDRESS:PORT */
	char method;              /* as ipvs_add_server has it */
};

static bool
is_option(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

/* Reads the words of a line; false: it adds neither a service nor a server. */
static bool
read_rule(struct rule *rule, char *const *words)
{
	char tunnel = 'i';

	*rule = (struct rule){.method = 'g'};
	for (; *words; words++) {
		const char *protocol = is_option(*words, "-t", "--tcp-service")   ? "tcp"
				       : is_option(*words, "-u", "--udp-service") ? "udp"
				       : strcmp(*words, "--sctp-service") == 0    ? "sctp"
										  : NULL;

		if (is_option(*words, "-A", "--add-service"))
			rule->adds_service = true;
		else if (is_option(*words, "-a", "--add-server"))
			rule->adds_server = true;
		else if (is_option(*words, "-g", "--gatewaying"))
			rule->method = 'g';
		else if (is_option(*words, "-i", "--ipip"))
			rule->method = 'i';
		else if (is_option(*words, "-m", "--masquerading"))
			rule->method = 'm';
		else if (is_option(*words, "-f", "--fwmark-service"))
			rule->has_mark = true;
		else if (protocol && words[1]) {
			rule->protocol = protocol;
			rule->vip = *++words;
		} else if (is_option(*words, "-r", "--real-server") && words[1])
			rule->server = *++words;
		else if (strcmp(*words, "--tun-type") == 0 && words[1])
			tunnel = ipvs_tunnel_method(*++words);
	}
	if (rule->method == 'i')
		rule->method = tunnel;
	return rule->adds_service || rule->adds_server;
}

/* Parses a numeric ADDRESS:PORT, where port 0 is any. Returns the address, in buffer; NULL:
 * malformed. */
static const char *
parse_endpoint(char buffer[64], const char *word, struct draft_ports *ports)
{
	struct addr addr;
	char *port, *host;

	if (strlen(word) >= 64)
		return NULL;
	strcpy(buffer, word);
	host = draft_endpoint_split(buffer, &port);
	ports->first = 0;
	ports->last = UINT16_MAX;
	if (addr_parse(&addr, host, NULL) < 0 ||
	    (port && strcmp(port, "0") != 0 &&
	     draft_endpoint_parse_ports(port, &ports->first, &ports->last) < 0))
		return NULL;
	return host;
}

static void
add_service(struct drafts *drafts, struct draft_location at, const char *name,
	    const struct rule *rule)
{
	struct draft_endpoint endpoint = {.ports.protocol = rule->protocol};
	struct draft *draft = drafts_add(drafts, name);
	char buffer[64];

	if (!draft)
		return;
	endpoint.host = parse_endpoint(buffer, rule->vip, &endpoint.ports);
	if (endpoint.host)
		draft_add_vip(draft, at, &endpoint);
	else
		draft_warn(draft, at, NOT_NUMERIC, rule->vip);
}

char
ipvs_tunnel_method(const char *type)
{
	return strcmp(type, "ipip") == 0 ? 'i' : strcmp(type, "gre") == 0 ? 'r' : 'u';
}

/* Servers see clients, in packets as they came: their port is the VIP's, whatever the rule says. */
static void
add_far_end(struct draft *draft, struct draft_location at, const char *via,
	    const struct draft_endpoint *endpoint)
{
	struct draft_endpoint far_end = *endpoint;

	far_end.ports = (struct draft_ports){NULL, DRAFT_ANY_PORT, via};
	draft_add_server(draft, at, &far_end);
	draft_add_source(draft, "client");
}

void
ipvs_add_server(struct draft *draft, struct draft_location at, char method,
		const struct draft_endpoint *endpoint)
{
	if (method == 'm') {
		draft_add_server(draft, at, endpoint);
		draft_add_source(draft, "client");
	} else if (method == 'g') {
		draft_add_comment(draft, "direct routing to %s: its packets carry the VIP",
				  endpoint->host);
	} else if (method == 'u') {
		draft_warn(draft, at, "packets in a tunnel of UDP are not captured: '%s'",
			   endpoint->host);
	} else {
		add_far_end(draft, at, method == 'i' ? "ipip" : "gre", endpoint);
	}
}

static void
add_server(struct draft *draft, struct draft_location at, const struct rule *rule)
{
	struct draft_endpoint endpoint = {.ports.protocol = rule->protocol};
	char buffer[64];

	if (rule->server)
		endpoint.host = parse_endpoint(buffer, rule->server, &endpoint.ports);
	if (endpoint.host)
		ipvs_add_server(draft, at, rule->method, &endpoint);
	else
		draft_warn(draft, at, NOT_NUMERIC, rule->server ? rule->server : "");
}

static void
add_rule(struct drafts *drafts, struct draft_location at, const struct rule *rule)
{
	struct draft *draft;
	char name[128];

	if (rule->has_mark || !rule->vip) {
		drafts_warn(drafts, at,
			    rule->has_mark ? "service by firewall mark: only the firewall's rules "
					     "have its addresses"
					   : "no service address");
		return;
	}
	snprintf(name, sizeof(name), "%s-%s", rule->protocol, rule->vip);
	draft = drafts_find(drafts, name);
	if (rule->adds_service && !draft)
		add_service(drafts, at, name, rule);
	else if (rule->adds_server && draft)
		add_server(draft, at, rule);
	else
		drafts_warn(drafts, at, draft ? "duplicate service: '%s'" : "no such service: '%s'",
			    rule->vip);
}

/* Leaves open who the clients of a draft's servers are if a rule of the table may hide some. */
static void
leave_open(struct draft *draft, const struct iptables_sources *sources, struct draft_location first)
{
	for (size_t i = 0; i < draft->servers.lines.count; i++) {
		const char *line = draft->servers.lines.list[i];
		const struct iptables_rule *rule;
		char server[128];

		snprintf(server, sizeof(server), "%.*s", (int)strcspn(line, " "), line);
		iptables_sources_find(sources, server, &draft->servers.ports[i], &rule);
		if (!rule)
			continue;
		draft_add_source(draft, NULL);
		draft->has_unlinked = true;
		draft_add_comment(draft, "some clients may be hidden from servers: '%s' of %s:%u",
				  rule->target, first.file, first.line + rule->line);
	}
}

/* Applies the rules of iptables in text, which begins behind the line `first`. */
static int
apply_iptables(struct drafts *drafts, const char *text, struct draft_location first,
	       struct failure *why)
{
	struct iptables_ruleset ruleset;
	int rc = iptables_ruleset_parse(&ruleset, drafts, text, first.file, why);

	for (size_t i = 0; rc == 0 && i < ruleset.table_count; i++) {
		struct iptables_sources sources = {0};

		if (strcmp(ruleset.tables[i].name, "nat") != 0)
			continue;
		rc = iptables_sources_collect(&sources, &ruleset.tables[i]);
		for (size_t k = 0; rc == 0 && k < drafts->count; k++)
			leave_open(drafts->list[k], &sources, first);
		free(sources.list);
		if (rc < 0)
			failure_nomem(why);
	}
	iptables_ruleset_release(&ruleset);
	return rc;
}

int
ipvs_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct draft_location at = {file, 0};

	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length), *rest = line, **list;
		struct strvec words = STRVEC_INIT;
		struct rule rule;

		if (*text == '*') {
			free(line);
			return apply_iptables(drafts, text, at, why);
		}
		at.line++;
		for (char *word; (word = strsep(&rest, " \t\r"));)
			if (*word)
				strvec_push(&words, word);
		list = strvec_detach(&words);
		if (!line || (!list && line[strspn(line, " \t\r")])) {
			free(line);
			return failure_nomem(why);
		}
		if (list && read_rule(&rule, list))
			add_rule(drafts, at, &rule);
		else if (list && **list != '#')
			drafts_warn(drafts, at, "not an ipvsadm rule: '%s'", *list);
		strvec_free(list);
		free(line);
		text += length + (text[length] == '\n');
	}
	return 0;
}
