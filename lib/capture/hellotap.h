/*
 * Tells the client randoms of the ClientHellos that a capture writes (packet/clienthello.h), TLSKEY_RANDOM bytes
 * each, to a pipe: that of vcap-keys (keyproc.h). The outputs of all cores share one, as the segments of a
 * hello may come by several.
 */
#ifndef VCAP_HELLOTAP_H
#define VCAP_HELLOTAP_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stdint.h>

struct hellotap;

/* fd, which does not block, stays the caller's. NULL with why. */
struct hellotap *hellotap_new(int fd, struct failure *why);
/* tap may be NULL. */
void hellotap_free(struct hellotap *tap);

/* Takes a packet that was written, as it was. Any thread. What the pipe has no room for is lost, and
 * counted. */
void hellotap_see(struct hellotap *tap, const struct packet *packet, uint16_t linktype);

/* Hellos that were lost. Any thread. */
uint64_t hellotap_lost(struct hellotap *tap);

#endif
