/*
 * The destinations that the matches of an nftables rule allow: addresses, ports and protocols
 * (libnftables-json(5), EXPRESSIONS).
 */
#ifndef VCAP_NFT_MATCH_H
#define VCAP_NFT_MATCH_H

#include "import/draft.h"
#include "import/json.h"

#include <stdbool.h>
#include <stddef.h>

#define NFT_STEPS_MAX 200000 /* statements and elements visited: jumps can multiply them */

/* A ruleset, and the state of its walk. */
struct nft_ruleset {
	json_t *objects;     /* the array of tables, chains, sets, rules; borrowed */
	const json_t *rule;  /* the current rule, or chain: sets are looked up in its table */
	unsigned long steps; /* taken so far; the walk ends at NFT_STEPS_MAX */
	bool failed;         /* memory ran out */
};

/* The possible destinations of a packet. The lists are JSON arrays, of addresses, ranges and
 * subnets, of ports and ranges, and of protocols; NULL: any. */
struct nft_match {
	json_t *addresses, *excluded, *ports, *protocols;
	bool is_local;    /* the address is one of this host */
	bool is_narrowed; /* something else was matched as well, so not all such packets pass */
};

/* A copy, which the caller releases as well. It shares the lists, which are never changed but
 * replaced by others. */
struct nft_match nft_match_copy(const struct nft_match *from);
/* Drops the lists; match is undefined afterwards. */
void nft_match_release(struct nft_match *match);

/* Narrows match to packets whose key (an expression) has this value; a key that is not about the
 * destination only sets is_narrowed. Out of memory: ruleset->failed is set, here and below. */
void nft_match_require(struct nft_ruleset *ruleset, struct nft_match *match, json_t *key,
		       json_t *value);
/* Excludes packets whose destination address is this value. */
void nft_match_exclude(struct nft_ruleset *ruleset, struct nft_match *match, json_t *value);

/* Writes the index-th combination of protocol and ports that match allows; protocol is NULL if it
 * is not one of draft_ports'. false: there are not as many. */
bool nft_match_ports(const struct nft_match *match, size_t index, struct draft_ports *ports);

/* Writes a name for the service of these destinations, by the first of each: PROTOCOL-ADDRESS-PORT. */
void nft_match_name(const struct nft_match *match, char *to, size_t size);

/* The match as text, the same for equal destinations. Heap; NULL: out of memory. */
char *nft_match_key(const struct nft_match *match);

/* Whether the expression is about the destination. */
bool nft_is_destination(const json_t *key);
/* The string member key of the object, which owns it; "" if there is none. */
const char *nft_text(const json_t *object, const char *key);
/* Whether that is text. */
bool nft_text_is(const json_t *object, const char *key, const char *text);
/* The elements of the set or map "@name" in the table of ruleset->rule; NULL: none. Borrowed. */
json_t *nft_find_set(const struct nft_ruleset *ruleset, const char *name);
/* The value of an element {"elem": {"val": X}}, or the value itself. Borrowed. */
json_t *nft_element_value(json_t *value);
/* Appends the plain values of a set, a list or a value to the array to. */
void nft_flatten(struct nft_ruleset *ruleset, json_t *to, json_t *value);
/* Writes an address, range or subnet in the notation of vcap-service(5). false: value is none of
 * these; `to` is unchanged. */
bool nft_format_address(char *to, size_t size, json_t *value);
/* Whether the address or subnet is one of loopback addresses only. */
bool nft_is_loopback(json_t *value);
/* The name of a protocol, given by name or number; NULL: not one that a service can have. */
const char *nft_protocol_name(const json_t *value);
/* Parses a port or range of ports; false: it is neither; ports is unchanged. */
bool nft_parse_ports(json_t *value, struct draft_ports *ports);

#endif
