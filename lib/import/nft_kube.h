/*
 * What kube-proxy in its nftables mode calls its chains and maps (kubernetes/pkg/proxy/nftables): the
 * names of Services.
 */
#ifndef VCAP_NFT_KUBE_H
#define VCAP_NFT_KUBE_H

#include "base/dotname.h"
#include "import/draft.h"
#include "import/nft_match.h"

#include <stdbool.h>

/* Writes NAMESPACE.NAME.PORT for a chain KIND-HASH-NAMESPACE/NAME/PROTOCOL/PORT; false: it is called
 * otherwise, or its name is cut; name is unchanged. */
bool nft_kube_name(char name[DOTNAME_MAX + 1], const char *chain);

/* Adds the VIPs of the Services without endpoints, which only maps for refusals have. `at` is for
 * warnings. */
void nft_kube_add_dead(const struct nft_ruleset *ruleset, struct drafts *drafts,
		       struct draft_location at);

#endif
