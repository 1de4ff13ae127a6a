/*
 * The ruleset of nftables, as `nft -j list ruleset` prints it (libnftables-json(5)), as services:
 * one for each set of destinations that dnat rules (in chains of type nat) translate, called
 * PROTOCOL-ADDRESS-PORT after the first of them.
 *
 * Followed are sets, maps, named or not, by any key (numgen, jhash, concatenations), jumps and
 * vmaps. Matches of anything but the destination are not evaluated: what could be translated counts
 * as translated. A rule that matches no destination address is taken to be about the host's own
 * addresses, with a warning unless it says so (`fib daddr type local`).
 *
 * snat and masquerade rules tell what servers see: their client's address if no rule can apply to
 * them, the rule's address if one always does, and else it is left open.
 *
 * Warnings name family, table, chain and handle rather than a line, as nft prints but one.
 */
#ifndef VCAP_NFTABLES_H
#define VCAP_NFTABLES_H

#include "import/draft.h"

/* An importer (draft.h). -1: text is not such JSON. */
int nftables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
