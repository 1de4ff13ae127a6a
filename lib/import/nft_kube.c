/*
 * KIND is `service` (for clients in the cluster), `external` (for those outside) or `endpoint`; HASH
 * has eight letters and digits. A name that is too long for a chain ends in dots. The elements of the
 * maps `no-endpoint-...` have the Service, NAMESPACE/NAME:PORT, for a comment.
 */
#include "import/nft_kube.h"

#include <stdio.h>
#include <string.h>

#define HASH_LENGTH 8

/* What stands behind KIND-HASH-; NULL: the chain is none of these. */
static const char *
skip_hash(const char *chain)
{
	static const char *const kinds[] = {"service-", "external-", "endpoint-"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *hash = chain + strlen(kinds[i]);

		if (strncmp(chain, kinds[i], strlen(kinds[i])) == 0 &&
		    strspn(hash, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == HASH_LENGTH &&
		    hash[HASH_LENGTH] == '-')
			return hash + HASH_LENGTH + 1;
	}
	return NULL;
}

bool
nft_kube_name(char name[DOTNAME_MAX + 1], const char *chain)
{
	const char *rest = skip_hash(chain), *end;
	char words[512], *at = words, *parts[4] = {NULL};

	if (!rest || strlen(rest) >= sizeof(words))
		return false;
	end = strstr(rest, "__"); /* before an endpoint's address */
	snprintf(words, sizeof(words), "%.*s", end ? (int)(end - rest) : (int)strlen(rest), rest);
	if (strstr(words, ".."))
		return false;
	for (size_t i = 0; i < 4; i++)
		parts[i] = strsep(&at, "/");
	if (!parts[3] || at || !*parts[0] || !*parts[1])
		return false;
	dotname_make(name, (const char *const[]){parts[0], parts[1], parts[3], NULL});
	return true;
}

/* The elements of the set or map of this name in kube-proxy's table of this family; NULL: none. */
static json_t *
find_elements(const struct nft_ruleset *ruleset, const char *family, const char *name)
{
	json_t *object;
	size_t i;

	json_array_foreach(ruleset->objects, i, object) {
		json_t *set = json_object_get(object, "map");

		if (!set)
			set = json_object_get(object, "set");
		if (nft_text_is(set, "table", "kube-proxy") && nft_text_is(set, "name", name) &&
		    nft_text_is(set, "family", family))
			return json_object_get(set, "elem");
	}
	return NULL;
}

/* The draft of a Service, NAMESPACE/NAME:PORT, added if there is none; NULL: it is no such text, or
 * out of memory. */
static struct draft *
find_draft(struct drafts *drafts, struct draft_location at, const char *service)
{
	char text[512], name[DOTNAME_MAX + 1];
	const char *parts[4] = {NULL};
	struct draft *draft;

	snprintf(text, sizeof(text), "%s", service);
	if (strlen(service) >= sizeof(text) || dotname_split(text, parts) < 0)
		return NULL;
	dotname_make(name, parts);
	for (size_t i = 0; i < drafts->count; i++)
		if (strcmp(drafts->list[i]->name, name) == 0)
			return drafts->list[i];
	draft = drafts_add(drafts, name);
	if (draft)
		draft_add_comment(draft, "%s: %s without endpoints", at.file, service);
	return draft;
}

static void
add_vip(struct draft *draft, struct draft_location at, json_t *address, const char *protocol,
	json_t *port)
{
	struct draft_ports ports = {protocol, 0, 0};
	char host[128];

	if (nft_format_address(host, sizeof(host), address) && nft_parse_ports(port, &ports))
		draft_add_vip(draft, at, &(struct draft_endpoint){host, 0, ports, NULL});
}

/* Adds the VIPs of an element of a map: ADDRESS . PROTOCOL . PORT, or PROTOCOL . PORT at each of the
 * addresses. */
static void
add_element(struct drafts *drafts, struct draft_location at, json_t *key, json_t *addresses)
{
	const char *service = nft_text(json_object_get(key, "elem"), "comment");
	json_t *parts = json_object_get(nft_element_value(key), "concat"), *address;
	const size_t first = addresses ? 0 : 1;
	const char *protocol = nft_protocol_name(json_array_get(parts, first));
	json_t *port = json_array_get(parts, first + 1);
	struct draft *draft = protocol ? find_draft(drafts, at, service) : NULL;
	size_t i;

	if (!draft)
		return;
	if (!addresses)
		add_vip(draft, at, json_array_get(parts, 0), protocol, port);
	json_array_foreach(addresses, i, address) {
		add_vip(draft, at, nft_element_value(address), protocol, port);
	}
}

void
nft_kube_add_dead(const struct nft_ruleset *ruleset, struct drafts *drafts,
		  struct draft_location at)
{
	static const char *const families[] = {"ip", "ip6"};
	json_t *element;
	size_t k;

	for (size_t i = 0; i < 2; i++) {
		json_t *nodes = find_elements(ruleset, families[i], "nodeport-ips");

		json_array_foreach(find_elements(ruleset, families[i], "no-endpoint-services"), k,
				   element) {
			add_element(drafts, at, json_array_get(element, 0), NULL);
		}
		json_array_foreach(find_elements(ruleset, families[i], "no-endpoint-nodeports"), k,
				   element) {
			if (nodes)
				add_element(drafts, at, json_array_get(element, 0), nodes);
		}
	}
}
