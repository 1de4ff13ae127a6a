/*
 * In postrouting, after dnat, a packet's destination is the server, so each statement's match is
 * compared with the server's addresses and ports, in the order in which the kernel evaluates them;
 * the first that applies decides. One that may or may not apply ends the search with an unknown
 * source, since a wrong source line in a service would lose packets.
 */
#include "import/nft_snat.h"

#include "base/array.h"
#include "packet/addrset.h"

#include <stdlib.h>
#include <string.h>

void
nft_snat_release(struct nft_snat *snat)
{
	for (size_t i = 0; i < snat->count; i++)
		nft_match_release(&snat->rules[i].match);
	free(snat->rules);
	*snat = NFT_SNAT_INIT;
}

int
nft_snat_add(struct nft_snat *snat, const struct nft_match *match, json_t *address)
{
	if (array_grow(&snat->rules, snat->count, sizeof(*snat->rules)) < 0)
		return -1;
	snat->rules[snat->count++] = (struct nft_snat_rule){nft_match_copy(match), address};
	return 0;
}

enum applies { NEVER, PERHAPS, ALWAYS };

/* Adds the addresses of a list to a set and seals it; false: some are not addresses, or the list is
 * NULL. */
static bool
read_addresses(const json_t *list, struct addrset *set)
{
	bool is_complete = list != NULL;
	char text[128];
	json_t *value;
	size_t i;

	json_array_foreach((json_t *)list, i, value) {
		is_complete &= nft_format_address(text, sizeof(text), value) &&
			       addrset_add(set, text, NULL) == 0;
	}
	addrset_seal(set);
	return is_complete;
}

/* Whether a match allows some of these ports. */
static bool
allows_ports(const struct nft_match *match, const struct draft_ports *ports)
{
	struct draft_ports each;

	for (size_t i = 0; nft_match_ports(match, i, &each); i++)
		if (!each.protocol || !ports->protocol ||
		    (strcmp(each.protocol, ports->protocol) == 0 && each.first <= ports->last &&
		     ports->first <= each.last))
			return true;
	return false;
}

/* Whether a rule applies to connections to a server, whose addresses are a sealed set. */
static enum applies
rule_applies(const struct nft_snat_rule *rule, const struct addrset *server,
	     const struct draft_ports *ports)
{
	const struct nft_match *match = &rule->match;
	struct addrset set = ADDRSET_INIT, excluded = ADDRSET_INIT;
	const bool is_known = read_addresses(match->addresses, &set);
	const bool is_excluded =
	    read_addresses(match->excluded, &excluded) && addrset_covers(&excluded, server);
	enum applies applies = PERHAPS;

	if (!allows_ports(match, ports) || is_excluded ||
	    (is_known && !addrset_meets(&set, server)))
		applies = NEVER;
	else if (is_known && addrset_covers(&set, server) && !match->is_narrowed && !match->ports &&
		 (ports->protocol || !match->protocols))
		applies = ALWAYS;
	addrset_release(&set);
	addrset_release(&excluded);
	return applies;
}

const char *
nft_snat_source(const struct nft_snat *snat, const char *server, const struct draft_ports *ports,
		char buffer[128])
{
	struct addrset set = ADDRSET_INIT;
	enum applies applies = NEVER;
	bool is_address = false;

	addrset_add(&set, server, NULL);
	addrset_seal(&set);
	for (size_t i = 0; applies == NEVER && i < snat->count; i++) {
		applies = rule_applies(&snat->rules[i], &set, ports);
		is_address = nft_format_address(buffer, 128, snat->rules[i].address);
	}
	addrset_release(&set);
	return applies == NEVER ? "client" : applies == ALWAYS && is_address ? buffer : NULL;
}
