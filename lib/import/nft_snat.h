/*
 * The snat and masquerade statements of nftables' postrouting chains, and the source address that
 * servers see because of them.
 */
#ifndef VCAP_NFT_SNAT_H
#define VCAP_NFT_SNAT_H

#include "import/nft_match.h"

struct nft_snat_rule {
	struct nft_match match;
	json_t *address; /* borrowed from the ruleset; NULL: masquerade, or not known */
};

struct nft_snat {
	struct nft_snat_rule *rules; /* in the order of the walk */
	size_t count;
};

#define NFT_SNAT_INIT ((struct nft_snat){0})

/* Frees the rules; snat is NFT_SNAT_INIT afterwards. */
void nft_snat_release(struct nft_snat *snat);

/* Appends a statement for packets of this match, which is copied. -1: out of memory; snat is
 * unchanged. */
int nft_snat_add(struct nft_snat *snat, const struct nft_match *match, json_t *address);

/* The source address that a server (an address, range or subnet) sees at these ports: "client", or
 * an address, which is written to buffer; NULL: not known. */
const char *nft_snat_source(const struct nft_snat *snat, const char *server,
			    const struct draft_ports *ports, char buffer[128]);

#endif
