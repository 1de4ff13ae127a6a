#include "import/nftables.h"

#include "packet/addrset.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16     /* of jumps, as in the kernel (NFT_JUMP_STACK_SIZE) */
#define STEPS_MAX 200000 /* statements and elements looked at: jumps can multiply */

/* What is known of a packet's destination on the way to a statement. Lists are JSON arrays of plain
 * values; NULL: any. */
struct destination {
	json_t *addresses, *excluded, *ports, *protocols;
	bool is_local;    /* an address of this host */
	bool is_narrowed; /* something else was matched */
};

/* A snat or masquerade. */
struct hiding {
	struct destination of;
	json_t *address; /* NULL: masquerade */
};

/* A service by what it translates. */
struct known {
	char *signature;
	struct draft *draft;
};

struct rules {
	struct drafts *drafts;
	const char *file;
	json_t *objects; /* the array */
	struct hiding *hidings;
	size_t hiding_count;
	struct known *known;
	size_t known_count;
	unsigned long steps;
	/* Of the rule that is looked at. */
	const json_t *rule;
	struct draft_place place;
	char where[512];
	bool is_source; /* the walk is through postrouting */
	bool is_cut;    /* ... where a verdict may have ended it before this rule */
	bool failed;
};

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool
is_text(const json_t *object, const char *key, const char *what)
{
	return strcmp(text_of(object, key), what) == 0;
}

static void
release(struct destination *destination)
{
	json_decref(destination->addresses);
	json_decref(destination->excluded);
	json_decref(destination->ports);
	json_decref(destination->protocols);
}

static struct destination
copy(const struct destination *from)
{
	json_incref(from->addresses);
	json_incref(from->excluded);
	json_incref(from->ports);
	json_incref(from->protocols);
	return *from;
}

/* The set or map "@name" of the rule's table. */
static json_t *
find_named(const struct rules *rules, const char *name)
{
	size_t i;
	json_t *object;

	json_array_foreach(rules->objects, i, object)
	{
		json_t *set = json_object_get(object, "set");

		if (!set)
			set = json_object_get(object, "map");
		if (set && is_text(set, "name", name + 1) &&
		    is_text(set, "table", text_of(rules->rule, "table")) &&
		    is_text(set, "family", text_of(rules->rule, "family")))
			return json_object_get(set, "elem");
	}
	return NULL;
}

/* Takes {"elem": {"val": X}} off a value. */
static json_t *
bare(json_t *value)
{
	json_t *elem = json_object_get(value, "elem");

	return elem && json_object_get(elem, "val") ? json_object_get(elem, "val") : value;
}

/* Appends the plain values that a right-hand side stands for. */
static void
flatten(struct rules *rules, json_t *to, json_t *value, unsigned depth)
{
	const char *text = json_string_value(value);
	json_t *list = json_is_array(value) ? value : json_object_get(value, "set"), *element;
	size_t i;

	if (text && *text == '@')
		list = find_named(rules, text);
	else if (!list && json_array_append(to, bare(value)) < 0)
		rules->failed = true;
	if (depth < DEPTH_MAX && rules->steps < STEPS_MAX)
		json_array_foreach(list, i, element)
		{
			rules->steps++;
			flatten(rules, to, element, depth + 1);
		}
}

/* Whether a value is a range or the like, of which others can be part. */
static bool
has_parts(const json_t *list)
{
	json_t *value;
	size_t i;

	json_array_foreach((json_t *)list, i, value) if (json_is_object(value)) return true;
	return false;
}

/* What may be there both before and after a match. */
static void
narrow(struct rules *rules, json_t **list, json_t *value)
{
	json_t *found, *both, *before, *after;
	size_t i, k;

	if (!value) /* none that nft prints */
		return;
	found = json_array();
	if (!found) {
		rules->failed = true;
		return;
	}
	flatten(rules, found, value, 0);
	if (!*list) {
		*list = found;
		return;
	}
	both = has_parts(*list) || has_parts(found) ? NULL : json_array();
	json_array_foreach(both ? *list : NULL, i, before)
	    json_array_foreach(found, k, after) if (json_equal(before, after))
		json_array_append(both, after);
	/* Without equal ones the later match is the narrower: a range, then an address in it. */
	json_decref(*list);
	*list = json_array_size(both) ? both : found;
	json_decref(*list == both ? found : both);
}

/* Adds what a match of key with value says. */
static void
constrain(struct rules *rules, struct destination *destination, json_t *key, json_t *value)
{
	const json_t *payload = json_object_get(key, "payload"),
		     *meta = json_object_get(key, "meta");
	const json_t *fib = json_object_get(key, "fib"), *ct = json_object_get(key, "ct");
	json_t *keys = json_object_get(key, "concat"), *part;
	json_t *values = json_object_get(bare(value), "concat");
	size_t i;

	if (keys) {
		json_array_foreach(keys, i, part) if (json_array_get(values, i))
		    constrain(rules, destination, part, json_array_get(values, i));
	} else if (payload && is_text(payload, "field", "daddr")) {
		narrow(rules, &destination->addresses, value);
	} else if (payload && is_text(payload, "field", "dport")) {
		json_t *protocol = json_string(text_of(payload, "protocol"));

		narrow(rules, &destination->ports, value);
		if (!is_text(payload, "protocol", "th"))
			narrow(rules, &destination->protocols, protocol);
		json_decref(protocol);
	} else if ((meta && is_text(meta, "key", "l4proto")) ||
		   (payload && (is_text(payload, "field", "protocol") ||
				is_text(payload, "field", "nexthdr")))) {
		narrow(rules, &destination->protocols, value);
	} else if (is_text(fib, "result", "type") && json_is_string(value) &&
		   strcmp(json_string_value(value), "local") == 0) {
		destination->is_local = true;
	} else if (!(meta && is_text(meta, "key", "nfproto")) &&
		   !(ct && is_text(ct, "key", "status"))) {
		destination->is_narrowed = true;
	}
}

/* Whether a key says something of the destination. */
static bool
is_of_destination(const json_t *key)
{
	const json_t *payload = json_object_get(key, "payload");

	return json_object_get(key, "concat") || (payload && (is_text(payload, "field", "daddr") ||
							      is_text(payload, "field", "dport")));
}

/* An address, range or subnet as vcap-service(5) writes it. */
static bool
write_address(char *to, size_t size, json_t *value)
{
	json_t *range = json_object_get(value, "range"), *prefix = json_object_get(value, "prefix");

	if (json_is_string(value))
		snprintf(to, size, "%s", json_string_value(value));
	else if (json_array_size(range) == 2 && json_is_string(json_array_get(range, 0)) &&
		 json_is_string(json_array_get(range, 1)))
		snprintf(to, size, "%s-%s", json_string_value(json_array_get(range, 0)),
			 json_string_value(json_array_get(range, 1)));
	else if (prefix)
		snprintf(to, size, "%s/%d", text_of(prefix, "addr"),
			 (int)json_integer_value(json_object_get(prefix, "len")));
	else
		return false;
	return true;
}

/* A port or range of ports; false if it is none. */
static bool
read_ports(json_t *value, struct draft_ports *ports)
{
	json_t *range = json_object_get(value, "range");
	json_int_t first = json_integer_value(range ? json_array_get(range, 0) : value);
	json_int_t last = json_integer_value(range ? json_array_get(range, 1) : value);

	if (first < 1 || last < first || last > UINT16_MAX)
		return false;
	ports->first = (unsigned)first;
	ports->last = (unsigned)last;
	return true;
}

static const char *
protocol_of(const json_t *value)
{
	static const struct {
		const char *name;
		int number;
	} protocols[] = {{"tcp", 6}, {"udp", 17}, {"sctp", 132}};

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (json_is_string(value) ? strcmp(json_string_value(value), protocols[i].name) == 0
					  : json_is_integer(value) &&
						json_integer_value(value) == protocols[i].number)
			return protocols[i].name;
	return NULL;
}

/* The protocols and ports of a destination, one by one: true while *ports is the index-th. */
static bool
next_ports(const struct destination *destination, size_t index, struct draft_ports *ports)
{
	const size_t protocols = json_array_size(destination->protocols);
	const size_t each = destination->ports ? json_array_size(destination->ports) : 1;

	*ports = (struct draft_ports){NULL, DRAFT_ANY_PORT};
	if (!protocols || !each)
		return index == 0 && !destination->ports;
	if (index >= protocols * each)
		return false;
	ports->protocol = protocol_of(json_array_get(destination->protocols, index / each));
	if (destination->ports &&
	    !read_ports(json_array_get(destination->ports, index % each), ports))
		ports->protocol = NULL;
	return true;
}

static int
family_of(const struct rules *rules, const json_t *statement)
{
	const char *family = text_of(statement, "family");

	if (!*family)
		family = text_of(rules->rule, "family");
	return strcmp(family, "ip") == 0 ? 4 : strcmp(family, "ip6") == 0 ? 6 : 0;
}

/* The service that translates this destination, made if need be. */
static struct draft *
find_service(struct rules *rules, const struct destination *destination, int family)
{
	json_t *all = json_pack("[O?, O?, O?, b]", destination->addresses, destination->ports,
				destination->protocols, destination->is_local);
	char *signature = json_dumps(all, JSON_COMPACT), address[128] = "", name[256];
	struct known *larger;
	struct draft_ports ports;
	struct draft *draft;
	json_t *value;
	size_t i;

	json_decref(all);
	for (i = 0; signature && i < rules->known_count; i++) {
		if (strcmp(rules->known[i].signature, signature) == 0) {
			free(signature);
			return rules->known[i].draft;
		}
	}
	larger = reallocarray(rules->known, rules->known_count + 1, sizeof(*larger));
	if (larger)
		rules->known = larger;
	write_address(address, sizeof(address), json_array_get(destination->addresses, 0));
	next_ports(destination, 0, &ports);
	i = (size_t)snprintf(name, sizeof(name), "%s%s%s", ports.protocol ? ports.protocol : "any",
			     *address ? "-" : "", address);
	if (ports.first)
		snprintf(name + i, sizeof(name) - i, "-%u", ports.first);
	draft = signature && larger ? drafts_add(rules->drafts, name) : NULL;
	if (!draft) {
		free(signature);
		rules->failed = true;
		return NULL;
	}
	larger[rules->known_count++] = (struct known){signature, draft};
	draft_note(draft, "%s", rules->where);
	for (size_t k = 0; next_ports(destination, k, &ports); k++) {
		if (!ports.protocol && destination->protocols) {
			drafts_remark(rules->drafts, draft, rules->place,
				      "not ports of tcp, udp or sctp");
			continue;
		}
		if (!destination->addresses)
			draft_vip(rules->drafts, draft, rules->place, NULL, family, ports, NULL);
		json_array_foreach(destination->addresses, i,
				   value) if (write_address(address, sizeof(address), value))
		    draft_vip(rules->drafts, draft, rules->place, address, 0, ports, NULL);
	}
	if (draft->vips.count == 0)
		drafts_remark(rules->drafts, draft, rules->place, "no destination that is known");
	else if (!destination->addresses && !destination->is_local)
		drafts_remark(rules->drafts, draft, rules->place,
			      "no destination address: only the host's own are taken");
	return draft;
}

/* Adds servers at an address; port NULL: the ports that were there before. */
static void
add_server(struct rules *rules, const struct destination *destination, json_t *address,
	   json_t *port, int family)
{
	struct draft *draft = find_service(rules, destination, family);
	struct draft_ports ports;
	char host[128];

	if (!draft)
		return;
	if (!write_address(host, sizeof(host), address)) {
		drafts_remark(rules->drafts, draft, rules->place, "not an address to translate to");
		return;
	}
	for (size_t i = 0; next_ports(destination, i, &ports); i++) {
		if (!ports.protocol && destination->protocols)
			continue;
		if (port && !read_ports(port, &ports))
			drafts_remark(rules->drafts, draft, rules->place,
				      "not a port to translate to");
		else
			draft_server(rules->drafts, draft, rules->place, host, 0, ports, NULL);
	}
}

typedef void visitor(struct rules *rules, const struct destination *destination, json_t *value,
		     void *context);

/* Hands every value that a map may yield to visit, with what its key says of the destination. */
static void
visit_map(struct rules *rules, const struct destination *destination, const json_t *map,
	  visitor *visit, void *context)
{
	json_t *key = json_object_get(map, "key"), *data = json_object_get(map, "data"), *element;
	json_t *elements = json_is_string(data) ? find_named(rules, json_string_value(data))
						: json_object_get(data, "set");
	size_t i;

	json_array_foreach(elements, i, element)
	{
		struct destination narrower = copy(destination);

		if (rules->steps++ >= STEPS_MAX)
			drafts_remark(rules->drafts, NULL, rules->place,
				      "more rules than are read");
		else {
			constrain(rules, &narrower, key, json_array_get(element, 0));
			visit(rules, &narrower, bare(json_array_get(element, 1)), context);
		}
		release(&narrower);
	}
}

/* What a dnat statement has beside the address. */
struct target {
	json_t *port;
	int family;
};

static void
visit_address(struct rules *rules, const struct destination *destination, json_t *value,
	      void *context)
{
	const struct target *target = context;
	json_t *concat = json_object_get(value, "concat"), *map = json_object_get(value, "map");
	json_t *port = target->port, *element;
	size_t i;

	if (map) {
		visit_map(rules, destination, map, visit_address, context);
	} else if (concat) {
		add_server(rules, destination, json_array_get(concat, 0), json_array_get(concat, 1),
			   target->family);
	} else if (json_object_get(port, "map")) {
		drafts_remark(rules->drafts, NULL, rules->place, "a map of ports is not followed");
	} else if (!value) { /* only the port is translated */
		json_array_foreach(destination->addresses, i, element)
		    add_server(rules, destination, element, port, target->family);
		if (!destination->addresses)
			drafts_remark(rules->drafts, NULL, rules->place,
				      "no address to translate to");
	} else {
		add_server(rules, destination, value, port, target->family);
	}
}

static void
add_hiding(struct rules *rules, const struct destination *destination, json_t *address)
{
	struct hiding *larger =
	    reallocarray(rules->hidings, rules->hiding_count + 1, sizeof(*larger));

	if (!larger) {
		rules->failed = true;
		return;
	}
	rules->hidings = larger;
	larger[rules->hiding_count] = (struct hiding){copy(destination), address};
	larger[rules->hiding_count++].of.is_narrowed |= rules->is_cut;
}

static void walk_chain(struct rules *rules, const char *name, const struct destination *destination,
		       unsigned depth);

/* A verdict: a jump is followed. */
static void
visit_verdict(struct rules *rules, const struct destination *destination, json_t *value,
	      void *context)
{
	const unsigned *depth = context;
	json_t *jump = json_object_get(value, "jump");

	rules->is_cut |= rules->is_source &&
			 (json_object_get(value, "accept") || json_object_get(value, "return") ||
			  json_object_get(value, "drop") || json_object_get(value, "goto"));
	if (!jump)
		jump = json_object_get(value, "goto");
	if (jump)
		walk_chain(rules, text_of(jump, "target"), destination, *depth + 1);
}

/* A match of all destinations but some: as for hiding, those are told; false: the rule ends here.
 */
static bool
exclude(struct rules *rules, struct destination *destination, const json_t *match)
{
	const json_t *payload = json_object_get(json_object_get(match, "left"), "payload");

	destination->is_narrowed = true;
	if (!rules->is_source)
		drafts_remark(rules->drafts, NULL, rules->place,
			      "a match of all destinations but some is not followed");
	else if (is_text(payload, "field", "daddr"))
		narrow(rules, &destination->excluded, json_object_get(match, "right"));
	return rules->is_source;
}

/* What iptables has put there: it may match, translate, or neither. */
static void
take_foreign(struct rules *rules, struct destination *destination)
{
	drafts_remark(rules->drafts, NULL, rules->place,
		      "a rule of iptables, which nft does not tell");
	destination->is_narrowed = true;
	if (rules->is_source)
		add_hiding(rules, destination, NULL);
}

/* One statement of a rule; false if the rule ends here for what can be said of it. */
static bool
take_statement(struct rules *rules, struct destination *destination, json_t *statement,
	       unsigned depth)
{
	json_t *match = json_object_get(statement, "match");
	json_t *dnat = json_object_get(statement, "dnat"),
	       *snat = json_object_get(statement, "snat");
	struct target target = {json_object_get(dnat, "port"), family_of(rules, dnat)};

	if (match && is_text(match, "op", "!=") &&
	    is_of_destination(json_object_get(match, "left")))
		return exclude(rules, destination, match);
	if (match && is_text(match, "op", "!="))
		destination->is_narrowed = true;
	else if (match)
		constrain(rules, destination, json_object_get(match, "left"),
			  json_object_get(match, "right"));
	else if (dnat && !rules->is_source)
		visit_address(rules, destination, json_object_get(dnat, "addr"), &target);
	else if (rules->is_source && (snat || json_object_get(statement, "masquerade")))
		add_hiding(rules, destination, json_object_get(snat, "addr"));
	else if (json_object_get(statement, "redirect") || json_object_get(statement, "tproxy"))
		drafts_remark(rules->drafts, NULL, rules->place,
			      "what is redirected to this host itself has no server");
	else if (json_object_get(statement, "xt"))
		take_foreign(rules, destination);
	else if (json_object_get(statement, "vmap"))
		visit_map(rules, destination, json_object_get(statement, "vmap"), visit_verdict,
			  &depth);
	else
		visit_verdict(rules, destination, statement, &depth);
	return true;
}

/* Several destinations that a match of more than one thing has at once; NULL: it is not that. */
static json_t *
find_choices(struct rules *rules, const json_t *statement)
{
	json_t *match = json_object_get(statement, "match");
	json_t *right = json_object_get(match, "right"), *choices;

	if (!right || !json_object_get(json_object_get(match, "left"), "concat") ||
	    json_object_get(bare(right), "concat") || is_text(match, "op", "!="))
		return NULL;
	choices = json_array();
	if (choices)
		flatten(rules, choices, right, 0);
	else
		rules->failed = true;
	return choices;
}

/* The statements of a rule, from one on. */
static void
walk_statements(struct rules *rules, const json_t *rule, size_t from,
		const struct destination *destination, unsigned depth)
{
	struct destination here = copy(destination);
	json_t *statements = json_object_get(rule, "expr"), *statement, *choices, *choice;
	size_t i, k;

	for (i = from; (statement = json_array_get(statements, i)); i++) {
		/* Chains that were jumped to have rules of their own. */
		rules->rule = rule;
		snprintf(rules->where, sizeof(rules->where), "%s: %s %s %s handle %d", rules->file,
			 text_of(rule, "family"), text_of(rule, "table"), text_of(rule, "chain"),
			 (int)json_integer_value(json_object_get(rule, "handle")));
		if (rules->steps++ >= STEPS_MAX)
			break;
		choices = find_choices(rules, statement);
		json_array_foreach(choices, k, choice)
		{
			struct destination narrower = copy(&here);

			constrain(rules, &narrower,
				  json_object_get(json_object_get(statement, "match"), "left"),
				  choice);
			walk_statements(rules, rule, i + 1, &narrower, depth);
			release(&narrower);
		}
		json_decref(choices);
		if (choices || !take_statement(rules, &here, statement, depth))
			break;
	}
	release(&here);
}

/* A chain of the table of rules->rule, which may be the chain itself. */
static void
walk_chain(struct rules *rules, const char *name, const struct destination *destination,
	   unsigned depth)
{
	const json_t *of = rules->rule;
	json_t *object;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	json_array_foreach(rules->objects, i, object)
	{
		const json_t *rule = json_object_get(object, "rule");

		if (rule && is_text(rule, "chain", name) &&
		    is_text(rule, "table", text_of(of, "table")) &&
		    is_text(rule, "family", text_of(of, "family")) && rules->steps++ < STEPS_MAX)
			walk_statements(rules, rule, 0, destination, depth);
	}
	rules->rule = of;
}

/* Follows every base chain of type nat at these hooks. */
static void
walk_hooks(struct rules *rules, const char *one, const char *other, bool is_source)
{
	const struct destination anything = {0};
	json_t *object;
	size_t i;

	rules->is_source = is_source;
	rules->is_cut = false;
	json_array_foreach(rules->objects, i, object)
	{
		const json_t *chain = json_object_get(object, "chain");

		if (!chain || !is_text(chain, "type", "nat") ||
		    (!is_text(chain, "hook", one) && !is_text(chain, "hook", other)))
			continue;
		rules->rule = chain;
		walk_chain(rules, text_of(chain, "name"), &anything, 0);
	}
}

enum applies { NEVER, PERHAPS, SURELY };

/* The addresses of a list, as far as they are; false if some are something else. */
static bool
read_set(const json_t *list, struct addrset *set)
{
	bool is_whole = list != NULL;
	char text[128];
	json_t *value;
	size_t i;

	json_array_foreach(list, i, value) is_whole &=
	    write_address(text, sizeof(text), value) && addrset_add(set, text, NULL) == 0;
	addrset_seal(set);
	return is_whole;
}

/* Whether a rule of postrouting applies to connections to the server, whose address is in the set.
 */
static enum applies
hiding_applies(const struct hiding *hiding, const struct addrset *server,
	       const struct draft_ports *ports)
{
	struct addrset set = ADDRSET_INIT, excluded = ADDRSET_INIT;
	const bool is_known = read_set(hiding->of.addresses, &set);
	const bool is_excluded =
	    read_set(hiding->of.excluded, &excluded) && addrset_covers(&excluded, server);
	enum applies answer = PERHAPS;
	struct draft_ports each;
	bool meets_ports = false;

	for (size_t k = 0; next_ports(&hiding->of, k, &each); k++)
		meets_ports |= !each.protocol || !ports->protocol ||
			       (strcmp(each.protocol, ports->protocol) == 0 &&
				each.first <= ports->last && ports->first <= each.last);
	if (!meets_ports || is_excluded || (is_known && !addrset_meets(&set, server)))
		answer = NEVER;
	else if (is_known && addrset_covers(&set, server) && !hiding->of.is_narrowed &&
		 !hiding->of.ports && (ports->protocol || !hiding->of.protocols))
		answer = SURELY;
	addrset_release(&set);
	addrset_release(&excluded);
	return answer;
}

/* What the server of this line sees as its client. */
static void
find_source(const struct rules *rules, struct draft *draft, size_t at)
{
	struct addrset server = ADDRSET_INIT;
	enum applies answer = NEVER;
	char text[128] = "";

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(draft->servers.list[at], " "),
		 draft->servers.list[at]);
	addrset_add(&server, text, NULL);
	addrset_seal(&server);
	*text = '\0';
	for (size_t i = 0; answer == NEVER && i < rules->hiding_count; i++) {
		answer = hiding_applies(&rules->hidings[i], &server, &draft->server_ports[at]);
		if (answer == SURELY)
			write_address(text, sizeof(text), rules->hidings[i].address);
	}
	draft_source(draft, answer == NEVER ? "client" : *text ? text : NULL);
	draft->has_unjoined |= answer != NEVER;
	addrset_release(&server);
}

int
nftables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct rules rules = {.drafts = drafts, .file = file};
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);

	rules.place.file = rules.where;
	rules.objects = json_object_get(root, "nftables");
	if (!json_is_array(rules.objects)) {
		failure_set(why, "%s: not the JSON of nft%s%s", file, root ? "" : ": ",
			    root ? "" : error.text);
		json_decref(root);
		return -1;
	}
	walk_hooks(&rules, "prerouting", "output", false);
	walk_hooks(&rules, "postrouting", "postrouting", true);
	for (size_t i = 0; i < rules.known_count; i++) {
		for (size_t k = 0; k < rules.known[i].draft->servers.count; k++)
			find_source(&rules, rules.known[i].draft, k);
		free(rules.known[i].signature);
	}
	for (size_t i = 0; i < rules.hiding_count; i++)
		release(&rules.hidings[i].of);
	free(rules.hidings);
	free(rules.known);
	json_decref(root);
	drafts->failed |= rules.failed;
	return 0;
}
