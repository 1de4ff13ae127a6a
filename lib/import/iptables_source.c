/*
 * Whether a rule applies to the connections to a server depends on clients, marks and interfaces that
 * a configuration does not tell. A rule is passed over only if its destination, protocol or port is
 * another one; if it is for the server talking to itself, which Docker and kube-proxy have for each;
 * or if it is for what leaves the server's own network, by another interface than that network's.
 * One that matches nothing but these is certain; any other may apply to some connections, and then
 * the source is not known.
 */
#include "import/iptables_source.h"

#include "base/array.h"
#include "packet/addrset.h"

#include <string.h>

#define DEPTH_MAX 16
#define STEPS_MAX 100000

static int
collect(struct iptables_sources *sources, const struct iptables_table *table, const char *chain,
	bool is_conditional, unsigned depth, unsigned *steps)
{
	const struct iptables_rule *rules;
	const size_t count = iptables_table_chain(table, chain, &rules);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count && depth < DEPTH_MAX; i++) {
		const struct iptables_rule *rule = &rules[i];
		const char *target = rule->target ? rule->target : "";

		if ((*steps)++ >= STEPS_MAX)
			return 0;
		if (strcmp(target, "SNAT") == 0 || strcmp(target, "MASQUERADE") == 0) {
			rc = array_grow(&sources->list, sources->count, sizeof(*sources->list));
			if (rc == 0)
				sources->list[sources->count++] =
				    (struct iptables_source){rule, is_conditional};
		} else if (strcmp(target, "RETURN") == 0 || strcmp(target, "ACCEPT") == 0) {
			is_conditional = true;
		} else if (*target) {
			/* What the jump asks for narrows the rules behind it. */
			rc = collect(sources, table, target, true, depth + 1, steps);
		}
	}
	return rc;
}

int
iptables_sources_collect(struct iptables_sources *sources, const struct iptables_table *table)
{
	unsigned steps = 0;

	*sources = (struct iptables_sources){0};
	return collect(sources, table, "POSTROUTING", false, 0, &steps);
}

/* Whether the address, range or subnet has all of another; false also if either is no such text. */
static bool
covers(const char *one, const char *other)
{
	struct interval a, b;
	uint8_t family, other_family;

	return one && interval_parse(&a, &family, one, NULL) == 0 &&
	       interval_parse(&b, &other_family, other, NULL) == 0 && family == other_family &&
	       a.first <= b.first && b.last <= a.last;
}

static bool
has_port(const char *list, const struct draft_ports *ports)
{
	while (*list) {
		char word[16];
		const size_t length = strcspn(list, ",");
		unsigned first, last;

		if (length >= sizeof(word))
			return true;
		memcpy(word, list, length);
		word[length] = '\0';
		if (strchr(word, ':'))
			*strchr(word, ':') = '-';
		if (draft_endpoint_parse_ports(word, &first, &last) < 0 ||
		    (first <= ports->last && ports->first <= last))
			return true;
		list += length + (list[length] == ',');
	}
	return false;
}

/* Whether the rule is never for connections to this server from elsewhere. */
static bool
is_for_others(const struct iptables_rule *rule, const char *server, const struct draft_ports *ports)
{
	if (rule->destination && covers(rule->destination, server) == rule->is_not_destination)
		return true;
	if (rule->protocol && ports->protocol && *rule->protocol != '!' &&
	    strcmp(rule->protocol, ports->protocol) != 0 && strcmp(rule->protocol, "all") != 0)
		return true;
	if (rule->ports && !rule->is_not_ports && !has_port(rule->ports, ports))
		return true;
	if (!rule->source || rule->is_not_source)
		return false;
	if (rule->destination && strcmp(rule->source, rule->destination) == 0)
		return true;
	return rule->out && rule->is_not_out && covers(rule->source, server);
}

/* Whether it is for all of them. */
static bool
is_certain(const struct iptables_source *source, const char *server)
{
	const struct iptables_rule *rule = source->rule;

	return !source->is_conditional && !rule->is_conditional && !rule->source && !rule->set &&
	       !rule->out && !rule->is_local && !(rule->ports && rule->is_not_ports) &&
	       (!rule->destination || rule->is_not_destination ||
		covers(rule->destination, server));
}

const char *
iptables_sources_find(const struct iptables_sources *sources, const char *server,
		      const struct draft_ports *ports, const struct iptables_rule **rule)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct iptables_source *source = &sources->list[i];

		*rule = source->rule;
		if (is_for_others(*rule, server, ports))
			continue;
		return is_certain(source, server) && strcmp((*rule)->target, "SNAT") == 0
			   ? (*rule)->to
			   : NULL;
	}
	*rule = NULL;
	return "client";
}
