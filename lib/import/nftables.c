/*
 * The rules of each base chain are walked in the order in which the kernel evaluates them for a
 * packet, with the set of destinations that the packet can have (nft_match.h); a jump, or an entry
 * of a vmap, continues in another chain with that set. Since other matches are not evaluated, the
 * walk takes every branch; it is limited in depth as in the kernel, and in steps because branches
 * multiply.
 *
 * The first walk, through prerouting and output, collects dnat statements: the destinations there
 * are the VIPs of a service, the statement's address is its server. The second, through
 * postrouting, collects snat and masquerade statements, which determine the source that these
 * servers see (nft_snat.h).
 */
#include "import/nftables.h"

#include "base/array.h"
#include "import/nft_kube.h"
#include "import/nft_match.h"
#include "import/nft_snat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16 /* of jumps, as in the kernel (NFT_JUMP_STACK_SIZE) */

/* A service, identified by its key: the translated destinations as text. */
struct nft_service {
	char *key;
	struct draft *draft;
};

enum walk { WALK_DESTINATION, WALK_SOURCE };

struct nft_importer {
	struct drafts *drafts;
	const char *kube; /* the Service whose chains are walked, NAMESPACE.NAME.PORT; NULL: none */
	const char *file;
	struct nft_ruleset ruleset;
	struct nft_service *services;
	size_t service_count;
	struct nft_snat snat;
	enum walk walk;
	bool has_verdict;         /* in postrouting an earlier rule may have ended the evaluation */
	struct draft_location at; /* of the current rule; at.file is where */
	char where[512];
};

static void
set_location(struct nft_importer *importer, const json_t *rule)
{
	importer->ruleset.rule = rule;
	snprintf(importer->where, sizeof(importer->where), "%s: %s %s %s handle %d", importer->file,
		 nft_text(rule, "family"), nft_text(rule, "table"), nft_text(rule, "chain"),
		 (int)json_integer_value(json_object_get(rule, "handle")));
}

static void
add_vips(struct nft_importer *importer, struct draft *draft, const struct nft_match *match,
	 int family)
{
	struct draft_ports ports;
	json_t *value;
	size_t k;

	for (size_t i = 0; nft_match_ports(match, i, &ports); i++) {
		char address[128];

		if (!ports.protocol && match->protocols) {
			draft_warn(draft, importer->at, "protocol is not tcp, udp or sctp");
			continue;
		}
		if (!match->addresses)
			draft_add_vip(draft, importer->at,
				      &(struct draft_endpoint){NULL, family, ports, NULL});
		json_array_foreach(match->addresses, k, value) {
			if (nft_format_address(address, sizeof(address), value))
				draft_add_vip(draft, importer->at,
					      &(struct draft_endpoint){address, 0, ports, NULL});
		}
	}
	if (draft->vips.lines.count == 0)
		draft_warn(draft, importer->at, "no known destination");
	else if (!match->addresses && !match->is_local)
		draft_warn(draft, importer->at,
			   "no destination address: only the host's own are imported");
}

/* Adds the service of a match, which takes over key. NULL: out of memory; key stays the
 * caller's. */
static struct draft *
add_service(struct nft_importer *importer, const struct nft_match *match, char *key, int family)
{
	struct draft *draft;
	char name[256];

	if (array_grow(&importer->services, importer->service_count, sizeof(*importer->services)) <
	    0)
		return NULL;
	nft_match_name(match, name, sizeof(name));
	draft = drafts_add(importer->drafts, importer->kube ? importer->kube : name);
	if (!draft)
		return NULL;
	importer->services[importer->service_count++] = (struct nft_service){key, draft};
	draft_add_comment(draft, "%s", importer->where);
	add_vips(importer, draft, match, family);
	return draft;
}

/* The service for the destinations of a match, added if there is none. Those of kube-proxy's chains are
 * one with all destinations that lead there. NULL: out of memory. */
static struct draft *
find_service(struct nft_importer *importer, const struct nft_match *match, int family)
{
	char *key = importer->kube ? strdup(importer->kube) : nft_match_key(match);
	struct draft *draft = NULL;

	for (size_t i = 0; key && !draft && i < importer->service_count; i++)
		if (strcmp(importer->services[i].key, key) == 0)
			draft = importer->services[i].draft;
	if (draft) {
		free(key);
		if (importer->kube)
			add_vips(importer, draft, match, family);
		return draft;
	}
	draft = key ? add_service(importer, match, key, family) : NULL;
	if (!draft) {
		free(key);
		importer->ruleset.failed = true;
	}
	return draft;
}

/* A dnat statement without its address. */
struct dnat {
	json_t *port; /* NULL: ports are not translated */
	int family;   /* 4 or 6; 0: both */
};

static void
add_server(struct nft_importer *importer, const struct nft_match *match, json_t *address,
	   const struct dnat *dnat)
{
	struct draft *draft = find_service(importer, match, dnat->family);
	struct draft_ports ports;
	char host[128];

	if (!draft)
		return;
	if (!nft_format_address(host, sizeof(host), address)) {
		draft_warn(draft, importer->at, "unsupported dnat address");
		return;
	}
	for (size_t i = 0; nft_match_ports(match, i, &ports); i++) {
		if (!ports.protocol && match->protocols)
			continue;
		if (dnat->port && !nft_parse_ports(dnat->port, &ports))
			draft_warn(draft, importer->at, "unsupported dnat port");
		else
			draft_add_server(draft, importer->at,
					 &(struct draft_endpoint){host, 0, ports, NULL});
	}
}

typedef void value_visitor(struct nft_importer *importer, const struct nft_match *match,
			   json_t *value, const void *context);

/* Calls visit with every value that a map can yield, and the match narrowed by the value's key. */
static void
visit_map(struct nft_importer *importer, const struct nft_match *match, const json_t *map,
	  value_visitor *visit, const void *context)
{
	json_t *key = json_object_get(map, "key"), *data = json_object_get(map, "data"), *element;
	json_t *elements = json_is_string(data)
			       ? nft_find_set(&importer->ruleset, json_string_value(data))
			       : json_object_get(data, "set");
	size_t i;

	json_array_foreach(elements, i, element) {
		struct nft_match narrower;

		if (importer->ruleset.steps++ >= NFT_STEPS_MAX) {
			drafts_warn(importer->drafts, importer->at, "too many rules");
			return;
		}
		narrower = nft_match_copy(match);
		nft_match_require(&importer->ruleset, &narrower, key, json_array_get(element, 0));
		visit(importer, &narrower, nft_element_value(json_array_get(element, 1)), context);
		nft_match_release(&narrower);
	}
}

/* A dnat statement without an address: the destinations are the servers, at another port. */
static void
add_port_dnat(struct nft_importer *importer, const struct nft_match *match, const struct dnat *dnat)
{
	json_t *address;
	size_t i;

	json_array_foreach(match->addresses, i, address) {
		add_server(importer, match, address, dnat);
	}
	if (!match->addresses)
		drafts_warn(importer->drafts, importer->at, "no address to translate to");
}

/* The address of a dnat statement, or of one of a map's elements. */
static void
visit_address(struct nft_importer *importer, const struct nft_match *match, json_t *value,
	      const void *context)
{
	const struct dnat *dnat = context;
	json_t *concat = json_object_get(value, "concat"), *map = json_object_get(value, "map");

	if (map)
		visit_map(importer, match, map, visit_address, dnat);
	else if (concat)
		add_server(importer, match, json_array_get(concat, 0),
			   &(struct dnat){json_array_get(concat, 1), dnat->family});
	else if (json_object_get(dnat->port, "map"))
		drafts_warn(importer->drafts, importer->at, "port maps are not followed");
	else if (!value)
		add_port_dnat(importer, match, dnat);
	else
		add_server(importer, match, value, dnat);
}

static void
add_snat(struct nft_importer *importer, const struct nft_match *match, json_t *address)
{
	struct nft_match narrower = *match;

	narrower.is_narrowed |= importer->has_verdict;
	if (nft_snat_add(&importer->snat, &narrower, address) < 0)
		importer->ruleset.failed = true;
}

static void walk_chain(struct nft_importer *importer, const char *name,
		       const struct nft_match *match, unsigned depth);

/* A verdict, or a statement without effect here; context is the depth. */
static void
visit_verdict(struct nft_importer *importer, const struct nft_match *match, json_t *value,
	      const void *context)
{
	const unsigned *depth = context;
	json_t *jump = json_object_get(value, "jump");

	if (importer->walk == WALK_SOURCE &&
	    (json_object_get(value, "accept") || json_object_get(value, "return") ||
	     json_object_get(value, "drop") || json_object_get(value, "goto")))
		importer->has_verdict = true;
	if (!jump)
		jump = json_object_get(value, "goto");
	if (jump)
		walk_chain(importer, nft_text(jump, "target"), match, *depth + 1);
}

/* A negated match of the destination; false: the rest of the rule is not imported. */
static bool
apply_negated_match(struct nft_importer *importer, struct nft_match *match, const json_t *statement)
{
	const json_t *payload = json_object_get(json_object_get(statement, "left"), "payload");

	match->is_narrowed = true;
	if (importer->walk == WALK_DESTINATION) {
		/* What hosts say to themselves is no service's. */
		if (nft_is_loopback(json_object_get(statement, "right")))
			return true;
		drafts_warn(importer->drafts, importer->at,
			    "negated destination match is not followed");
		return false;
	}
	if (nft_text_is(payload, "field", "daddr"))
		nft_match_exclude(&importer->ruleset, match, json_object_get(statement, "right"));
	return true;
}

/* Any match; false: the rest of the rule is not imported. */
static bool
apply_match(struct nft_importer *importer, struct nft_match *match, const json_t *statement)
{
	json_t *left = json_object_get(statement, "left");

	if (!nft_text_is(statement, "op", "!="))
		nft_match_require(&importer->ruleset, match, left,
				  json_object_get(statement, "right"));
	else if (nft_is_destination(left))
		return apply_negated_match(importer, match, statement);
	else
		match->is_narrowed = true;
	return true;
}

/* A rule of iptables, which may match or translate anything. */
static void
apply_iptables_rule(struct nft_importer *importer, struct nft_match *match)
{
	drafts_warn(importer->drafts, importer->at,
		    "iptables rule, whose content nft does not print");
	match->is_narrowed = true;
	if (importer->walk == WALK_SOURCE)
		add_snat(importer, match, NULL);
}

static int
address_family(const struct nft_importer *importer, const json_t *statement)
{
	const char *family = nft_text(statement, "family");

	if (!*family)
		family = nft_text(importer->ruleset.rule, "family");
	return strcmp(family, "ip") == 0 ? 4 : strcmp(family, "ip6") == 0 ? 6 : 0;
}

/* Applies a statement of a rule; false: the rest of the rule is not imported. */
static bool
apply_statement(struct nft_importer *importer, struct nft_match *match, json_t *statement,
		unsigned depth)
{
	json_t *condition = json_object_get(statement, "match");
	json_t *dnat = json_object_get(statement, "dnat");
	json_t *snat = json_object_get(statement, "snat");

	if (condition)
		return apply_match(importer, match, condition);
	if (dnat && importer->walk == WALK_DESTINATION)
		visit_address(
		    importer, match, json_object_get(dnat, "addr"),
		    &(struct dnat){json_object_get(dnat, "port"), address_family(importer, dnat)});
	else if (importer->walk == WALK_SOURCE &&
		 (snat || json_object_get(statement, "masquerade")))
		add_snat(importer, match, json_object_get(snat, "addr"));
	else if (json_object_get(statement, "redirect") || json_object_get(statement, "tproxy"))
		drafts_warn(importer->drafts, importer->at, "redirected to this host: no server");
	else if (json_object_get(statement, "xt"))
		apply_iptables_rule(importer, match);
	else if (json_object_get(statement, "vmap"))
		visit_map(importer, match, json_object_get(statement, "vmap"), visit_verdict,
			  &depth);
	else
		visit_verdict(importer, match, statement, &depth);
	return true;
}

/* The elements of a match of concatenated keys, each of which is a separate destination: an array
 * that the caller releases; NULL: it is not such a match. */
static json_t *
list_alternatives(struct nft_importer *importer, const json_t *statement)
{
	json_t *match = json_object_get(statement, "match");
	json_t *right = json_object_get(match, "right"), *alternatives;

	if (!right || !json_object_get(json_object_get(match, "left"), "concat") ||
	    json_object_get(nft_element_value(right), "concat") || nft_text_is(match, "op", "!="))
		return NULL;
	alternatives = json_array();
	if (alternatives)
		nft_flatten(&importer->ruleset, alternatives, right);
	else
		importer->ruleset.failed = true;
	return alternatives;
}

/* Walks the statements of a rule from the one of this index. */
static void
walk_statements(struct nft_importer *importer, const json_t *rule, size_t from,
		const struct nft_match *match, unsigned depth)
{
	struct nft_match here = nft_match_copy(match);
	json_t *statements = json_object_get(rule, "expr"), *statement, *alternatives, *alternative;
	size_t k;

	for (size_t i = from; (statement = json_array_get(statements, i)); i++) {
		set_location(importer, rule); /* which a jump changes */
		if (importer->ruleset.steps++ >= NFT_STEPS_MAX)
			break;
		alternatives = list_alternatives(importer, statement);
		json_array_foreach(alternatives, k, alternative) {
			struct nft_match narrower = nft_match_copy(&here);

			nft_match_require(
			    &importer->ruleset, &narrower,
			    json_object_get(json_object_get(statement, "match"), "left"),
			    alternative);
			walk_statements(importer, rule, i + 1, &narrower, depth);
			nft_match_release(&narrower);
		}
		json_decref(alternatives);
		if (alternatives || !apply_statement(importer, &here, statement, depth))
			break;
	}
	nft_match_release(&here);
}

/* Walks a chain in the table of the current rule or chain. */
static void
walk_chain(struct nft_importer *importer, const char *name, const struct nft_match *match,
	   unsigned depth)
{
	const json_t *of = importer->ruleset.rule;
	const char *around = importer->kube;
	char kube[DOTNAME_MAX + 1];
	json_t *object;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	if (nft_kube_name(kube, name))
		importer->kube = kube;
	json_array_foreach(importer->ruleset.objects, i, object) {
		const json_t *rule = json_object_get(object, "rule");

		if (rule && nft_text_is(rule, "chain", name) &&
		    nft_text_is(rule, "table", nft_text(of, "table")) &&
		    nft_text_is(rule, "family", nft_text(of, "family")) &&
		    importer->ruleset.steps++ < NFT_STEPS_MAX)
			walk_statements(importer, rule, 0, match, depth);
	}
	importer->ruleset.rule = of;
	importer->kube = around;
}

/* Walks every base chain of type nat at a hook of the list, which is NULL-ended. */
static void
walk_hooks(struct nft_importer *importer, enum walk walk, const char *const *hooks)
{
	const struct nft_match anything = {0};
	json_t *object;
	size_t i;

	importer->walk = walk;
	json_array_foreach(importer->ruleset.objects, i, object) {
		const json_t *chain = json_object_get(object, "chain");

		if (!chain || !nft_text_is(chain, "type", "nat"))
			continue;
		for (const char *const *hook = hooks; *hook; hook++) {
			if (!nft_text_is(chain, "hook", *hook))
				continue;
			importer->ruleset.rule = chain;
			walk_chain(importer, nft_text(chain, "name"), &anything, 0);
		}
	}
}

/* Adds the source that the server of the draft's i-th server line sees. */
static void
add_source(const struct nft_importer *importer, struct draft *draft, size_t i)
{
	const char *line = draft->servers.lines.list[i];
	char server[128], address[128];
	const char *source;

	snprintf(server, sizeof(server), "%.*s", (int)strcspn(line, " "), line);
	source = nft_snat_source(&importer->snat, server, &draft->servers.ports[i], address);
	draft_add_source(draft, source);
	if (!source)
		draft_add_comment(draft,
				  "some clients may be hidden from servers, by snat or masquerade");
	draft->has_unlinked |= !source || strcmp(source, "client") != 0;
}

static void
release_importer(struct nft_importer *importer)
{
	for (size_t i = 0; i < importer->service_count; i++)
		free(importer->services[i].key);
	free(importer->services);
	nft_snat_release(&importer->snat);
}

int
nftables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct nft_importer importer = {.drafts = drafts, .file = file};
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);

	importer.at.file = importer.where;
	importer.ruleset.objects = json_object_get(root, "nftables");
	if (!json_is_array(importer.ruleset.objects)) {
		failure_set(why, "%s: not a ruleset in JSON%s%s", file, root ? "" : ": ",
			    root ? "" : error.text);
		json_decref(root);
		return -1;
	}
	walk_hooks(&importer, WALK_DESTINATION,
		   (const char *const[]){"prerouting", "output", NULL});
	walk_hooks(&importer, WALK_SOURCE, (const char *const[]){"postrouting", NULL});
	for (size_t i = 0; i < importer.service_count; i++)
		for (size_t k = 0; k < importer.services[i].draft->servers.lines.count; k++)
			add_source(&importer, importer.services[i].draft, k);
	nft_kube_add_dead(&importer.ruleset, drafts, (struct draft_location){file, 0});
	release_importer(&importer);
	json_decref(root);
	drafts->failed |= importer.ruleset.failed;
	return 0;
}
