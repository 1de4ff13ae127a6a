/*
 * The network interfaces of this host, as rtnetlink(7) describes them, and which of them a capture
 * takes. Reading a dump and choosing are pure; only ifaces_read asks the kernel.
 */
#ifndef VCAP_IFACE_H
#define VCAP_IFACE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iface {
	int index;
	char name[16]; /* IFNAMSIZ */
	char kind[16]; /* IFLA_INFO_KIND: "vlan", "bond", ...; empty for hardware */
	bool is_up;    /* administratively */
	bool is_loopback;
	bool has_address;  /* IPv4 or IPv6, link-local included */
	bool has_xdp;      /* a program that may take packets before any socket sees them */
	int lower;         /* the device this one runs on, 0 if none or in another namespace */
	int master;        /* the bond, bridge or VRF this one is in, or 0 */
	uint16_t linktype; /* LINKTYPE_EN10MB or LINKTYPE_RAW, or IFACE_NO_LINKTYPE */
	uint64_t speed;    /* bits per second, 0 if unknown */
	bool taken;        /* by ifaces_choose */
};

#define IFACE_NO_LINKTYPE UINT16_MAX

struct ifaces {
	struct iface *list; /* heap, owned; in the order of the dump */
	size_t count;
};

#define IFACES_INIT ((struct ifaces){0})

void ifaces_release(struct ifaces *ifaces);

/* Asks the kernel. */
int ifaces_read(struct ifaces *ifaces, struct failure *why);

/* Adds what the netlink messages of a dump say: RTM_NEWLINK, and RTM_NEWADDR for linktypes that are
 * there already. Anything else, and damaged attributes, are passed over. -1: no memory. */
int ifaces_parse(struct ifaces *ifaces, const void *dump, size_t size);

/*
 * Marks as taken those named, or, with name_count 0, every Ethernet or loopback interface that is
 * up and has an address, except where its packets are seen on another one that is taken: a member
 * of a bond or bridge, and a VLAN, macvlan, ipvlan or VRF device. -1: a name is absent, down or of
 * an unsupported type, link types differ, or nothing is left; nothing is then taken.
 */
int ifaces_choose(struct ifaces *ifaces, const char *const *names, size_t name_count,
		  struct failure *why);

/* Whether the default choice passed this one over for its link type alone. */
bool iface_is_left_out(const struct iface *iface);

#endif
