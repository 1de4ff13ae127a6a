/*
 * Imports a ruleset of nftables, as `nft -j list ruleset` prints it (libnftables-json(5)): a
 * service for each set of destinations that dnat rules (in chains of type nat) translate, called
 * PROTOCOL-ADDRESS-PORT after the first of them; those of kube-proxy's chains are called
 * NAMESPACE.NAME.PORT, one with all its destinations (nft_kube.h).
 *
 * Supported: sets and maps, named or not, with any key (numgen, jhash, concatenations), jumps and
 * vmaps. Matches of anything but the destination are not evaluated: packets that could be
 * translated are taken as translated. A rule that matches no destination address is taken to mean
 * the host's own addresses, with a warning unless it has `fib daddr type local`.
 *
 * The source that servers see follows from snat and masquerade rules: the client's address if no
 * rule can apply, the rule's address if one always applies, otherwise it is not known.
 *
 * Warnings have family, table, chain and handle instead of a line number: nft prints a single line.
 */
#ifndef VCAP_NFTABLES_H
#define VCAP_NFTABLES_H

#include "import/draft.h"

/* An importer (draft.h). -1 with why: text is not a ruleset in JSON. */
int nftables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
