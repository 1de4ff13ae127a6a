/*
 * What the matches of an nftables rule say of a packet's destination: addresses, ports, protocols
 * (libnftables-json(5), EXPRESSIONS). libjansson is included here alone.
 */
#ifndef VCAP_NFT_MATCH_H
#define VCAP_NFT_MATCH_H

#include "import/draft.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define NFT_STEPS_MAX 200000 /* statements and elements looked at: jumps can multiply them */

/* A ruleset, and how far its walk is. */
struct nft_ruleset {
	json_t *objects;     /* the array of tables, chains, sets, rules; borrowed */
	const json_t *rule;  /* the current rule, or chain: sets are looked up in its table */
	unsigned long steps; /* so far; the walk ends at NFT_STEPS_MAX */
	bool failed;         /* memory ran out */
};

/* What is known of a packet's destination. The lists are JSON arrays of addresses, ranges and
 * subnets, of ports and ranges, and of protocols; NULL: any. */
struct nft_match {
	json_t *addresses, *excluded, *ports, *protocols;
	bool is_local;    /* the address is one of this host */
	bool is_narrowed; /* something else was matched as well */
};

/* A copy that shares the lists, which later changes replace; to be released as well. */
struct nft_match nft_match_copy(const struct nft_match *from);
void nft_match_release(struct nft_match *match);

/* Narrows match to packets whose key (an expression) has this value; a key that says nothing of the
 * destination only sets is_narrowed. */
void nft_match_require(struct nft_ruleset *ruleset, struct nft_match *match, json_t *key,
		       json_t *value);
/* Narrows match to packets whose destination address is not this value. */
void nft_match_exclude(struct nft_ruleset *ruleset, struct nft_match *match, json_t *value);

/* The index-th of the protocols and ports that match allows; protocol is NULL if it is not one of
 * draft_ports. false: there is none of this index. */
bool nft_match_ports(const struct nft_match *match, size_t index, struct draft_ports *ports);

/* The match as text, the same for equal destinations. Heap; NULL without memory. */
char *nft_match_key(const struct nft_match *match);

/* Whether the expression says something of the destination. */
bool nft_is_destination(const json_t *key);
/* The member of the object, a string; "" if it is none. */
const char *nft_text(const json_t *object, const char *key);
bool nft_text_is(const json_t *object, const char *key, const char *text);
/* The elements of the set or map "@name" in the table of ruleset->rule; NULL: none. Borrowed. */
json_t *nft_find_set(const struct nft_ruleset *ruleset, const char *name);
/* The value of an element {"elem": {"val": X}}, or the value itself. Borrowed. */
json_t *nft_element_value(json_t *value);
/* Appends the plain values of a set, a list or a value to an array. */
void nft_flatten(struct nft_ruleset *ruleset, json_t *to, json_t *value);
/* Writes an address, range or subnet as vcap-service(5) has it. false: it is none of these, and
 * `to` is unchanged. */
bool nft_format_address(char *to, size_t size, json_t *value);
/* Reads a port or range of ports; false: it is neither, and ports is unchanged. */
bool nft_parse_ports(json_t *value, struct draft_ports *ports);

#endif
