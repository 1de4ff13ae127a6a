/*
 * Finds the ClientHellos of TLS (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2) among packets, and of each its client
 * random, by which a session's secrets are known (tlskey.h).
 *
 * A hello may be of any size, and split over segments and records as its sender likes, the random itself
 * included; segments may come in any order, a PROXY header (v1, v2) before it, and clear text (STARTTLS). Of TCP over
 * IPv4 and IPv6; not in later fragments of IP, nor in tunnels. What a packet lacks by its snaplen is not found.
 * Memory is fixed: of too many connections that have not said anything yet the oldest go first, and then
 * only a hello whose random is in one segment is found.
 */
#ifndef VCAP_CLIENTHELLO_H
#define VCAP_CLIENTHELLO_H

#include "base/failure.h"
#include "base/siphash.h"
#include "packet/packet.h"
#include "packet/tlskey.h"

#include <stdbool.h>
#include <stdint.h>

struct clienthello;

/* secret, which is random, keys the hash. NULL: out of memory. */
struct clienthello *clienthello_new(struct siphash_key secret, struct failure *why);
/* finder may be NULL. */
void clienthello_free(struct clienthello *finder);

/* Takes the next packet. True: with it a hello's random is known, and stored in random. A hello that
 * comes again is found again. */
bool clienthello_see(struct clienthello *finder, const struct packet *packet, uint16_t linktype,
		     unsigned char random[TLSKEY_RANDOM]);

#endif
