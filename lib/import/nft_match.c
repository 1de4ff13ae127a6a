/*
 * Each match of a rule narrows the destinations that packets can have, so a rule's matches are
 * intersected, one list at a time. Only lists of plain values can be intersected by comparison; if
 * ranges or subnets are among them the later match replaces the earlier, since rulesets usually
 * match a subnet first and then something within it. Concatenated keys are matched part by part.
 * The addresses of negated matches are kept apart, as only the search for connections' sources
 * needs them.
 */
#include "import/nft_match.h"

#include "packet/ipproto.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16 /* of sets within sets */

const char *
nft_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool
nft_text_is(const json_t *object, const char *key, const char *text)
{
	return strcmp(nft_text(object, key), text) == 0;
}

void
nft_match_release(struct nft_match *match)
{
	json_decref(match->addresses);
	json_decref(match->excluded);
	json_decref(match->ports);
	json_decref(match->protocols);
}

struct nft_match
nft_match_copy(const struct nft_match *from)
{
	json_incref(from->addresses);
	json_incref(from->excluded);
	json_incref(from->ports);
	json_incref(from->protocols);
	return *from;
}

json_t *
nft_find_set(const struct nft_ruleset *ruleset, const char *name)
{
	size_t i;
	json_t *object;

	json_array_foreach(ruleset->objects, i, object) {
		json_t *set = json_object_get(object, "set");

		if (!set)
			set = json_object_get(object, "map");
		if (set && nft_text_is(set, "name", name + 1) &&
		    nft_text_is(set, "table", nft_text(ruleset->rule, "table")) &&
		    nft_text_is(set, "family", nft_text(ruleset->rule, "family")))
			return json_object_get(set, "elem");
	}
	return NULL;
}

json_t *
nft_element_value(json_t *value)
{
	json_t *elem = json_object_get(value, "elem");

	return elem && json_object_get(elem, "val") ? json_object_get(elem, "val") : value;
}

static void
flatten(struct nft_ruleset *ruleset, json_t *to, json_t *value, unsigned depth)
{
	const char *text = json_string_value(value);
	json_t *list = json_is_array(value) ? value : json_object_get(value, "set"), *element;
	size_t i;

	if (text && *text == '@')
		list = nft_find_set(ruleset, text);
	else if (!list && json_array_append(to, nft_element_value(value)) < 0)
		ruleset->failed = true;
	if (depth >= DEPTH_MAX || ruleset->steps >= NFT_STEPS_MAX)
		return;
	json_array_foreach(list, i, element) {
		ruleset->steps++;
		flatten(ruleset, to, element, depth + 1);
	}
}

void
nft_flatten(struct nft_ruleset *ruleset, json_t *to, json_t *value)
{
	flatten(ruleset, to, value, 0);
}

/* Whether some value is a range or subnet, which can contain other values. */
static bool
has_ranges(const json_t *list)
{
	json_t *value;
	size_t i;

	json_array_foreach((json_t *)list, i, value) {
		if (json_is_object(value))
			return true;
	}
	return false;
}

/* The values that are in both lists; NULL: out of memory. */
static json_t *
intersect(const json_t *one, const json_t *other)
{
	json_t *both = json_array(), *first, *second;
	size_t i, k;

	if (!both)
		return NULL;
	json_array_foreach((json_t *)one, i, first) {
		json_array_foreach((json_t *)other, k, second) {
			if (json_equal(first, second))
				json_array_append(both, second);
		}
	}
	return both;
}

/* Narrows a list to the values of a match. */
static void
narrow(struct nft_ruleset *ruleset, json_t **list, json_t *value)
{
	json_t *found, *both = NULL;

	if (!value) /* not printed by nft */
		return;
	found = json_array();
	if (!found) {
		ruleset->failed = true;
		return;
	}
	nft_flatten(ruleset, found, value);
	if (!*list) {
		*list = found;
		return;
	}
	if (!has_ranges(*list) && !has_ranges(found))
		both = intersect(*list, found);
	json_decref(*list);
	*list = json_array_size(both) ? both : found;
	json_decref(*list == both ? found : both);
}

static void
require_port(struct nft_ruleset *ruleset, struct nft_match *match, const json_t *payload,
	     json_t *value)
{
	json_t *protocol = json_string(nft_text(payload, "protocol"));

	narrow(ruleset, &match->ports, value);
	/* "th" is the transport header of any protocol. */
	if (!nft_text_is(payload, "protocol", "th"))
		narrow(ruleset, &match->protocols, protocol);
	json_decref(protocol);
}

/* Whether all packets of a service pass a match of this key: the IP version, the state of the
 * connection. */
static bool
narrows_nothing(const json_t *key)
{
	return nft_text_is(json_object_get(key, "meta"), "key", "nfproto") ||
	       nft_text_is(json_object_get(key, "ct"), "key", "status");
}

void
nft_match_require(struct nft_ruleset *ruleset, struct nft_match *match, json_t *key, json_t *value)
{
	const json_t *payload = json_object_get(key, "payload");
	json_t *keys = json_object_get(key, "concat"), *part;
	json_t *values = json_object_get(nft_element_value(value), "concat");
	size_t i;

	if (keys) {
		json_array_foreach(keys, i, part) {
			if (json_array_get(values, i))
				nft_match_require(ruleset, match, part, json_array_get(values, i));
		}
	} else if (nft_text_is(payload, "field", "daddr")) {
		narrow(ruleset, &match->addresses, value);
	} else if (nft_text_is(payload, "field", "dport")) {
		require_port(ruleset, match, payload, value);
	} else if (nft_text_is(json_object_get(key, "meta"), "key", "l4proto") ||
		   nft_text_is(payload, "field", "protocol") ||
		   nft_text_is(payload, "field", "nexthdr")) {
		narrow(ruleset, &match->protocols, value);
	} else if (nft_text_is(json_object_get(key, "fib"), "result", "type") &&
		   json_is_string(value) && strcmp(json_string_value(value), "local") == 0) {
		match->is_local = true;
	} else if (!narrows_nothing(key)) {
		match->is_narrowed = true;
	}
}

void
nft_match_exclude(struct nft_ruleset *ruleset, struct nft_match *match, json_t *value)
{
	narrow(ruleset, &match->excluded, value);
}

char *
nft_match_key(const struct nft_match *match)
{
	json_t *all = json_pack("[O?, O?, O?, b]", match->addresses, match->ports, match->protocols,
				match->is_local);
	char *key = json_dumps(all, JSON_COMPACT);

	json_decref(all);
	return key;
}

bool
nft_is_destination(const json_t *key)
{
	const json_t *payload = json_object_get(key, "payload");

	return json_object_get(key, "concat") || nft_text_is(payload, "field", "daddr") ||
	       nft_text_is(payload, "field", "dport");
}

bool
nft_format_address(char *to, size_t size, json_t *value)
{
	json_t *range = json_object_get(value, "range"), *prefix = json_object_get(value, "prefix");
	const char *first = json_string_value(json_array_get(range, 0));
	const char *last = json_string_value(json_array_get(range, 1));

	if (json_is_string(value))
		snprintf(to, size, "%s", json_string_value(value));
	else if (json_array_size(range) == 2 && first && last)
		snprintf(to, size, "%s-%s", first, last);
	else if (prefix)
		snprintf(to, size, "%s/%d", nft_text(prefix, "addr"),
			 (int)json_integer_value(json_object_get(prefix, "len")));
	else
		return false;
	return true;
}

bool
nft_is_loopback(json_t *value)
{
	char address[128], *slash;

	if (!nft_format_address(address, sizeof(address), value))
		return false;
	slash = strchr(address, '/');
	if (slash && strtoul(slash + 1, NULL, 10) < 8)
		return false;
	if (slash)
		*slash = '\0';
	return draft_endpoint_is_loopback(address);
}

bool
nft_parse_ports(json_t *value, struct draft_ports *ports)
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

const char *
nft_protocol_name(const json_t *value)
{
	const char *name = json_string_value(value);
	const json_int_t number = json_integer_value(value);

	if (name)
		return ipproto_name(ipproto_number(name, strlen(name)));
	return number > 0 && number <= UINT8_MAX ? ipproto_name((unsigned)number) : NULL;
}

bool
nft_match_ports(const struct nft_match *match, size_t index, struct draft_ports *ports)
{
	const size_t protocols = json_array_size(match->protocols);
	const size_t each = match->ports ? json_array_size(match->ports) : 1;

	*ports = (struct draft_ports){NULL, DRAFT_ANY_PORT};
	if (!protocols || !each)
		return index == 0 && !match->ports;
	if (index >= protocols * each)
		return false;
	ports->protocol = nft_protocol_name(json_array_get(match->protocols, index / each));
	if (match->ports && !nft_parse_ports(json_array_get(match->ports, index % each), ports))
		ports->protocol = NULL;
	return true;
}

void
nft_match_name(const struct nft_match *match, char *to, size_t size)
{
	struct draft_ports ports;
	char address[128] = "", port[16] = "";

	nft_format_address(address, sizeof(address), json_array_get(match->addresses, 0));
	nft_match_ports(match, 0, &ports);
	if (ports.first)
		snprintf(port, sizeof(port), "-%u", ports.first);
	snprintf(to, size, "%s%s%s%s", ports.protocol ? ports.protocol : "any", *address ? "-" : "",
		 address, port);
}
