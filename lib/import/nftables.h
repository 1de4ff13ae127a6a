/*
 * The rules of nftables, as `nft -j list ruleset` prints them (libnftables-json(5)), as services:
 * one for each set of destinations that is translated (dnat in chains of type nat), called
 * PROTOCOL-ADDRESS-PORT after the first of them.
 *
 * Followed: sets, maps, named or not, by any key (numgen, jhash, concatenations), jumps, and vmaps.
 * Matches of anything but the destination are not weighed: what could be translated is. Where no
 * destination address is matched, those of the host are taken, and unless the rule says so
 * (`fib daddr type local`), that is remarked upon.
 *
 * snat and masquerade say what servers see: their client's address if no rule could apply to them,
 * an address if one surely does, otherwise it is left open.
 *
 * Places are told by table, chain and handle, as the JSON is one line.
 */
#ifndef VCAP_NFTABLES_H
#define VCAP_NFTABLES_H

#include "import/draft.h"

int nftables_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
