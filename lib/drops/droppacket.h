/*
 * A dropped packet as the kernel's program tells it (dropevent.h), made a packet of Ethernet with the
 * reason as its comment. Pure.
 */
#ifndef VCAP_DROPPACKET_H
#define VCAP_DROPPACKET_H

#include "drops/dropevent.h"
#include "packet/packet.h"

#include <stdint.h>

#define DROPPACKET_HEADER  14  /* bytes of Ethernet's header, in front of packets that have none */
#define DROPPACKET_COMMENT 160 /* bytes of the comment's option */

struct droppacket {
	struct packet packet; /* data and options are the two below: it cannot be copied */
	unsigned char data[DROPPACKET_HEADER + DROPEVENT_BYTES];
	unsigned char options[DROPPACKET_COMMENT];
};

/* Fills *to. reason is what the kernel calls it, device the name of event->ifindex where the event
 * has none, or NULL. boot_ns is the realtime clock's when the boot-time clock was 0. -1: the event
 * contradicts itself, or has no IP packet; *to is undefined. */
int droppacket_make(struct droppacket *to, const struct dropevent *event, const char *reason,
		    const char *device, int64_t boot_ns);

#endif
