/*
 * A packet's way is followed from PREROUTING and OUTPUT of each nat table on, and what the rules on
 * it ask of its destination is gathered: the last address, protocol and ports that were asked for
 * count, since a jump is narrowed by what stands behind it. Where the way ends in DNAT, what was
 * gathered is the service and the translated address a server.
 *
 * kube-proxy has a comment `NAMESPACE/NAME:PORT` on each of its rules, the ones for cluster
 * addresses, external ones and node ports alike, which is what joins them to one service.
 */
#include "import/iptables.h"

#include "base/array.h"
#include "base/dotname.h"
#include "import/iptables_rules.h"
#include "import/iptables_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define STEPS_MAX 2000000 /* rules visited, and ports of theirs: jumps can multiply them */

/* What was asked of a destination. Strings are of the rules, or of an element of a set. */
struct match {
	const char *destination, *protocol, *ports;
	const char *service; /* NAMESPACE/NAME:PORT */
	bool is_local, is_negated;
};

/* A service, by what its packets' destinations have in common. */
struct service {
	char *key;
	struct draft *draft;
	size_t sourced; /* of its servers, those whose source was added */
};

struct importer {
	struct drafts *drafts;
	struct iptables_ruleset ruleset;
	const struct iptables_table *table;
	struct service *services;
	size_t service_count;
	unsigned steps;
	bool failed;
};

static struct draft_location
at(const struct importer *importer, const struct iptables_rule *rule)
{
	return (struct draft_location){importer->ruleset.file, rule->line};
}

/* The name of a match's service: that of Kubernetes, else the destination's. */
static void
make_name(char *name, size_t size, const struct match *match)
{
	char word[512], made[DOTNAME_MAX + 1];
	const char *parts[4] = {NULL};

	snprintf(word, sizeof(word), "%.*s", match->service ? (int)strcspn(match->service, " ") : 0,
		 match->service ? match->service : "");
	if (dotname_split(word, parts) == 0) {
		dotname_make(made, parts);
		snprintf(name, size, "%s", made);
		return;
	}
	snprintf(name, size, "%s%s%.*s%s%s", match->protocol ? match->protocol : "any",
		 match->destination ? "-" : "",
		 match->destination ? (int)strcspn(match->destination, "/") : 0,
		 match->destination ? match->destination : "", match->ports ? "-" : "",
		 match->ports ? match->ports : "");
}

/* The service of a match, added if there is none. NULL: out of memory. */
static struct draft *
find_service(struct importer *importer, const struct match *match)
{
	struct draft *draft;
	char name[512];

	make_name(name, sizeof(name), match);
	for (size_t i = importer->service_count; i > 0; i--)
		if (strcmp(importer->services[i - 1].key, name) == 0)
			return importer->services[i - 1].draft;
	draft = drafts_add(importer->drafts, name);
	if (!draft || array_grow(&importer->services, importer->service_count,
				 sizeof(*importer->services)) < 0) {
		importer->failed = true;
		return NULL;
	}
	importer->services[importer->service_count] = (struct service){strdup(name), draft, 0};
	importer->failed |= !importer->services[importer->service_count].key;
	return importer->services[importer->service_count++].draft;
}

/* Calls visit for each of the ports of a match: 80, 80:90, or a list of these. */
static void
for_each_port(struct importer *importer, const struct match *match,
	      const struct iptables_rule *rule, struct draft *draft,
	      void (*visit)(struct importer *, const struct match *, const struct iptables_rule *,
			    struct draft *, struct draft_ports))
{
	struct draft_ports ports = {match->protocol, DRAFT_ANY_PORT};
	char *list = match->ports ? strdup(match->ports) : NULL, *rest = list;

	if (!match->ports)
		visit(importer, match, rule, draft, ports);
	importer->failed |= match->ports && !list;
	for (char *word; (word = strsep(&rest, ",")) && importer->steps < STEPS_MAX;) {
		importer->steps++;
		if (strchr(word, ':'))
			*strchr(word, ':') = '-';
		if (draft_endpoint_parse_ports(word, &ports.first, &ports.last) < 0)
			draft_warn(draft, at(importer, rule), "not a port: '%s'", word);
		else
			visit(importer, match, rule, draft, ports);
	}
	free(list);
}

static void
add_vip(struct importer *importer, const struct match *match, const struct iptables_rule *rule,
	struct draft *draft, struct draft_ports ports)
{
	const char *host = match->destination, *slash = host ? strchr(host, '/') : NULL;
	const int family = rule->to && *rule->to == '[' ? 6 : 4;
	char one[64];

	if (slash && strcmp(slash, strchr(host, ':') ? "/128" : "/32") == 0) {
		snprintf(one, sizeof(one), "%.*s", (int)(slash - host), host);
		host = one;
	}
	draft_add_vip(draft, at(importer, rule),
		      &(struct draft_endpoint){host, host ? 0 : family, ports, NULL});
}

/* Adds what DNAT translates to: ADDRESS[-ADDRESS][:PORT[-PORT]]. */
static void
add_server(struct importer *importer, const struct match *match, const struct iptables_rule *rule,
	   struct draft *draft, struct draft_ports ports)
{
	char *word = strdup(rule->to ? rule->to : ""), *host = word, *port = NULL;

	(void)match;
	if (!word) {
		importer->failed = true;
		return;
	}
	/* An IPv6 address without brackets has no port. */
	if (*word == '[' || strchr(word, ':') == strrchr(word, ':'))
		host = draft_endpoint_split(word, &port);
	if (port)
		port[strcspn(port, "/")] = '\0';
	if (!*host || (port && draft_endpoint_parse_ports(port, &ports.first, &ports.last) < 0))
		draft_warn(draft, at(importer, rule), "not an address to translate to: '%s'",
			   rule->to ? rule->to : "");
	else
		draft_add_server(draft, at(importer, rule),
				 &(struct draft_endpoint){host, 0, ports, NULL});
	free(word);
}

static bool
has_ports(const char *protocol)
{
	return strcmp(protocol, "tcp") == 0 || strcmp(protocol, "udp") == 0 ||
	       strcmp(protocol, "sctp") == 0;
}

/* Adds the service of a DNAT rule, or with is_dead the one that has no endpoints. */
static void
add_service(struct importer *importer, const struct match *match, const struct iptables_rule *rule,
	    bool is_dead)
{
	struct draft *draft;

	if (match->protocol && !has_ports(match->protocol)) {
		drafts_warn(importer->drafts, at(importer, rule),
			    "protocol is not tcp, udp or sctp: '%s'", match->protocol);
		return;
	}
	if (!match->destination && !match->is_local && match->is_negated) {
		drafts_warn(importer->drafts, at(importer, rule),
			    "negated destination match is not followed");
		return;
	}
	draft = find_service(importer, match);
	if (!draft)
		return;
	if (draft->comments.count == 0)
		draft_add_comment(draft, "rules of %s:%u", importer->ruleset.file, rule->line);
	if (!match->destination && !match->is_local)
		draft_warn(draft, at(importer, rule),
			   "no destination address: only the host's own are imported");
	for_each_port(importer, match, rule, draft, add_vip);
	if (!is_dead)
		for_each_port(importer, match, rule, draft, add_server);
}

static void walk_chain(struct importer *importer, const char *chain, const struct match *match,
		       unsigned depth);

/* Ends a rule whose destination is known. */
static void
apply_target(struct importer *importer, const struct iptables_rule *rule, const struct match *match,
	     unsigned depth)
{
	const char *target = rule->target ? rule->target : "";
	const bool is_dead = rule->comment && strstr(rule->comment, " has no endpoints");

	if (strcmp(importer->table->name, "nat") != 0) {
		if (is_dead && match->service && match->protocol)
			add_service(importer, match, rule, true);
		else if (strncmp(target, "KUBE-", 5) == 0)
			walk_chain(importer, target, match, depth + 1);
	} else if (strcmp(target, "DNAT") == 0) {
		add_service(importer, match, rule, false);
	} else if (strcmp(target, "NETMAP") == 0) {
		drafts_warn(importer->drafts, at(importer, rule),
			    "networks that are mapped are not followed: '%s'", target);
	} else if (strcmp(target, "REDIRECT") == 0) {
		drafts_warn(importer->drafts, at(importer, rule),
			    "redirected to this host: no server");
	} else if (*target) {
		walk_chain(importer, target, match, depth + 1);
	}
}

/* Narrows a match by an element of a set: ADDRESS, [PROTOCOL:]PORT, joined by commas as the set's
 * type has it, of which flags say which are destinations. */
static void
apply_element(struct importer *importer, const struct iptables_rule *rule, struct match match,
	      const char *type, const char *element, unsigned depth)
{
	char *words = strdup(element), *rest = words, *flags = strdup(rule->set_flags),
	     *flag = flags;
	const char *kind = strchr(type, ':');

	for (char *word; words && flags && (word = strsep(&rest, ","));) {
		const char *side = flag ? strsep(&flag, ",") : "";
		char *colon = strchr(word, ':');

		kind = kind ? kind + 1 : "";
		if (strcmp(side, "dst") == 0 && strncmp(kind, "port", 4) == 0) {
			match.ports = colon ? colon + 1 : word;
			if (colon)
				*colon = '\0';
			match.protocol = colon ? word : match.protocol;
		} else if (strcmp(side, "dst") == 0) {
			match.destination = word;
		}
		kind = strchr(kind, ',');
	}
	importer->failed |= !words || !flags;
	apply_target(importer, rule, &match, depth);
	free(words);
	free(flags);
}

static void
apply_set(struct importer *importer, const struct iptables_rule *rule, const struct match *match,
	  unsigned depth)
{
	const struct iptables_set *set = iptables_ruleset_set(&importer->ruleset, rule->set);

	if (!set)
		drafts_warn(importer->drafts, at(importer, rule),
			    "set is not known: '%s' ('ipset save' prints it)", rule->set);
	for (size_t i = 0; set && i < set->elements.count && importer->steps < STEPS_MAX; i++) {
		importer->steps++;
		apply_element(importer, rule, *match, set->type, set->elements.list[i], depth);
	}
}

static bool
is_service(const char *comment)
{
	char word[512];
	const char *parts[3];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(comment, " "), comment);
	return dotname_split(word, parts) == 0;
}

static void
apply_rule(struct importer *importer, const struct iptables_rule *rule, struct match match,
	   unsigned depth)
{
	if (rule->destination && rule->is_not_destination)
		match.is_negated = true;
	else if (rule->destination)
		match.destination = rule->destination;
	if (rule->protocol && *rule->protocol != '!' && strcmp(rule->protocol, "all") != 0)
		match.protocol = rule->protocol;
	if (rule->ports && !rule->is_not_ports)
		match.ports = rule->ports;
	match.is_local |= rule->is_local;
	if (rule->comment && strncmp(rule->chain, "KUBE-", 5) == 0 && is_service(rule->comment))
		match.service = rule->comment;
	if (rule->set && !rule->is_not_set && strstr(rule->set_flags, "dst"))
		apply_set(importer, rule, &match, depth);
	else
		apply_target(importer, rule, &match, depth);
}

static void
walk_chain(struct importer *importer, const char *chain, const struct match *match, unsigned depth)
{
	const struct iptables_rule *rules;
	const size_t count = iptables_table_chain(importer->table, chain, &rules);

	for (size_t i = 0; i < count && depth < DEPTH_MAX; i++) {
		if (importer->steps++ >= STEPS_MAX) {
			drafts_warn(importer->drafts, at(importer, &rules[i]), "too many rules");
			return;
		}
		apply_rule(importer, &rules[i], *match, depth);
	}
}

/* Adds the sources of the servers that this table's rules have added. */
static void
add_sources(struct importer *importer)
{
	struct iptables_sources sources = {0};

	importer->failed |= iptables_sources_collect(&sources, importer->table) < 0;
	for (size_t i = 0; i < importer->service_count; i++) {
		struct draft *draft = importer->services[i].draft;
		size_t *k = &importer->services[i].sourced;

		for (; *k < draft->servers.lines.count; ++*k) {
			const char *line = draft->servers.lines.list[*k], *source;
			const struct iptables_rule *rule;
			char server[128], address[64];

			snprintf(server, sizeof(server), "%.*s", (int)strcspn(line, " "), line);
			source = iptables_sources_find(&sources, server, &draft->servers.ports[*k],
						       &rule);
			/* ADDRESS[-ADDRESS][:PORTS] */
			snprintf(address, sizeof(address), "%.*s",
				 source && !strchr(server, ':') ? (int)strcspn(source, ":") : 63,
				 source ? source : "");
			draft_add_source(draft, source ? address : NULL);
			draft->has_unlinked |= !source || strcmp(source, "client") != 0;
			if (rule && !source)
				draft_add_comment(draft,
						  "some clients may be hidden from servers: '%s' "
						  "of %s:%u",
						  rule->target, importer->ruleset.file, rule->line);
		}
	}
	free(sources.list);
}

int
iptables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	static const char *const chains[] = {"PREROUTING", "OUTPUT", "KUBE-SERVICES",
					     "KUBE-EXTERNAL-SERVICES"};
	struct importer importer = {.drafts = drafts};
	int rc = iptables_ruleset_parse(&importer.ruleset, drafts, text, file, why);

	for (size_t i = 0; rc == 0 && i < importer.ruleset.table_count; i++) {
		const bool is_nat = strcmp(importer.ruleset.tables[i].name, "nat") == 0;

		importer.table = &importer.ruleset.tables[i];
		for (size_t k = is_nat ? 0 : 2; k < (is_nat ? 2 : 4); k++)
			walk_chain(&importer, chains[k], &(struct match){0}, 0);
		if (is_nat)
			add_sources(&importer);
	}
	for (size_t i = 0; i < importer.service_count; i++)
		free(importer.services[i].key);
	free(importer.services);
	iptables_ruleset_release(&importer.ruleset);
	drafts->failed |= importer.failed;
	return rc;
}
