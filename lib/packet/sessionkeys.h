/*
 * The keys (tlskey.h) of the TLS sessions whose ClientHello is among some packets, and for how many of these
 * there are some: first take the packets, then the lines of key logs, and then ask.
 */
#ifndef VCAP_SESSIONKEYS_H
#define VCAP_SESSIONKEYS_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sessionkeys;

/* NULL with why. */
struct sessionkeys *sessionkeys_new(struct failure *why);
/* keys may be NULL. */
void sessionkeys_free(struct sessionkeys *keys);

/* Takes a packet. 0, or -1: out of memory. */
int sessionkeys_see(struct sessionkeys *keys, const struct packet *packet, uint16_t linktype);

/* Takes the keys of all lines that are good, and whose hello has been seen. -1: it cannot be read, or out of
 * memory. */
int sessionkeys_read(struct sessionkeys *keys, FILE *in, struct failure *why);

/* Writes them as lines, each once, in an order that does not depend on that of their coming. -1: cannot be
 * written. */
int sessionkeys_print(struct sessionkeys *keys, FILE *out);

/* Hellos of sessions, each counted once, and how many of them have a key that opens packets. */
struct sessionkeys_count {
	uint64_t hellos, keyed;
};
struct sessionkeys_count sessionkeys_count(const struct sessionkeys *keys);

#endif
