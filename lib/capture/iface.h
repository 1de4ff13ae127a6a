/*
 * The network interfaces of this host, as rtnetlink(7) describes them, and the choice of those that
 * are captured on. Only ifaces_read makes system calls.
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
	bool has_xdp;      /* an XDP program, which may take packets before any socket sees them */
	int lower;         /* index of the device below, 0 if none or in another namespace */
	int master;        /* index of the bond, bridge or VRF it is in, or 0 */
	uint16_t linktype; /* LINKTYPE_EN10MB or LINKTYPE_RAW, or IFACE_NO_LINKTYPE */
	uint64_t speed;    /* bits per second, 0 if unknown */
	bool taken;        /* chosen by ifaces_choose */
};

#define IFACE_NO_LINKTYPE UINT16_MAX

struct ifaces {
	struct iface *list; /* heap, owned; in the order of the dump */
	size_t count;
};

#define IFACES_INIT ((struct ifaces){0})

/* Frees the list; *ifaces is then IFACES_INIT. */
void ifaces_release(struct ifaces *ifaces);

/* Sets *ifaces to the interfaces of this network namespace. On failure it is empty. */
int ifaces_read(struct ifaces *ifaces, struct failure *why);

/* Adds the interfaces of a dump of netlink messages (RTM_NEWLINK), and marks those that have an
 * address (RTM_NEWADDR). Skips other messages and damaged attributes. -1: out of memory. */
int ifaces_parse(struct ifaces *ifaces, const void *dump, size_t size);

/*
 * Marks the interfaces named as taken. With name_count 0 these are all Ethernet and loopback
 * interfaces that are up and have an address, except those whose packets are seen on another one
 * that is taken: members of a bond or bridge, and VLAN, macvlan, ipvlan and VRF devices. -1: an
 * interface is missing, down or of an unsupported type, link types differ, or none is left; none is
 * then taken.
 */
int ifaces_choose(struct ifaces *ifaces, const char *const *names, size_t name_count,
		  struct failure *why);

/* Whether the default choice left this one out for its link type alone. */
bool iface_is_left_out(const struct iface *iface);

#endif
