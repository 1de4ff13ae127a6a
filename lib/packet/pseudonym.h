/*
 * Addresses in place of others, by a key: the same for the same key, in all files. Two addresses that
 * begin with the same n bits have pseudonyms that begin with the same n bits.
 *
 * The construction is Crypto-PAn (J. Xu, J. Fan, M. Ammar, S. Moon: "Prefix-Preserving IP Address
 * Anonymization", ICNP 2002), with AES-128, for IPv4 and IPv6. What an address is stays as it is: its first
 * 4 bits of IPv4; of IPv6 3, of unique local addresses 7 and of link-local ones 10. Loopback and
 * unspecified addresses, the broadcast and multicast ones are their own pseudonyms; an address whose
 * pseudonym would be one of these gets that one's.
 */
#ifndef VCAP_PSEUDONYM_H
#define VCAP_PSEUDONYM_H

#include "base/failure.h"
#include "packet/addrset.h"

#define PSEUDONYM_KEY 32 /* bytes of a key */

struct pseudonyms; /* opaque */

/* NULL with why: the cipher is not there, or out of memory. */
struct pseudonyms *pseudonyms_new(const unsigned char key[PSEUDONYM_KEY], struct failure *why);
/* pseudonyms may be NULL. */
void pseudonyms_free(struct pseudonyms *pseudonyms);

/* Whether the cipher has failed: pseudonyms since then may be the addresses themselves. */
bool pseudonyms_have_failed(const struct pseudonyms *pseudonyms);

/* The pseudonym of an address. */
struct addr pseudonym_of(struct pseudonyms *pseudonyms, struct addr addr);

/* Replaces the last three bytes of an Ethernet address; groups, and one of zeros, stay as they are. */
void pseudonym_ethernet(struct pseudonyms *pseudonyms, unsigned char address[6]);

/* The text with each address in it replaced, also with a port or a length of a prefix behind it. Heap, the
 * caller's; NULL: out of memory. */
char *pseudonym_text(struct pseudonyms *pseudonyms, const char *text);

#endif
