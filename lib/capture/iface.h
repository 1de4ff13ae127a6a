/*
 * The network interfaces of this host and their addresses, as rtnetlink(7) tells of them. Only
 * ifaces_read and ifaces_dump make system calls.
 */
#ifndef VCAP_IFACE_H
#define VCAP_IFACE_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IFACE_NAME_SIZE 16 /* IFNAMSIZ */

struct iface {
	int index;
	char name[IFACE_NAME_SIZE];
	char *other_names; /* heap, owned: alternative names, each ended by NUL, and an empty one;
			      NULL: none */
	char kind[16];     /* IFLA_INFO_KIND: "vlan", "bond", ...; empty for hardware */
	bool is_up;        /* administratively */
	bool is_loopback;
	bool has_address;  /* IPv4 or IPv6, link-local included; or has had one in this list */
	bool has_xdp;      /* an XDP program, which may take packets before any socket sees them */
	bool is_elsewhere; /* the device below, or the other end, is in another namespace */
	int lower;         /* index of the device below, 0 if none or in another namespace */
	int master;        /* index of the bond, bridge or VRF it is in, or 0 */
	uint16_t linktype; /* LINKTYPE_EN10MB or LINKTYPE_RAW, or IFACE_NO_LINKTYPE */
	uint64_t speed;    /* bits per second, 0 if unknown */
	bool taken;        /* chosen by ifrule_apply */
};

#define IFACE_NO_LINKTYPE UINT16_MAX

/* An address of the interface with this index. */
struct iface_address {
	int index;
	struct addr addr;
};

struct ifaces {
	struct iface *list; /* heap, owned; in the order of the dump */
	size_t count;
	struct iface_address *addresses; /* heap, owned */
	size_t address_count;
};

#define IFACES_INIT ((struct ifaces){0})

/* Frees the lists; *ifaces is then IFACES_INIT. */
void ifaces_release(struct ifaces *ifaces);

/* Sets *ifaces to the interfaces of this network namespace. On failure it is empty. */
int ifaces_read(struct ifaces *ifaces, struct failure *why);

/* The same, without speeds, by requests on a netlink socket of NETLINK_ROUTE. It only reads and
 * writes the socket, so that a confined process may call it. -1 with errno: *ifaces is empty. */
int ifaces_dump(struct ifaces *ifaces, int fd);

/*
 * Brings *ifaces up to date by netlink messages, of a dump or of events: RTM_NEWLINK, RTM_DELLINK,
 * RTM_NEWADDR, RTM_DELADDR. Skips other messages and damaged attributes. Pointers into the lists are
 * then void. -1: out of memory, and some of the messages may have been read.
 */
int ifaces_parse(struct ifaces *ifaces, const void *messages, size_t size);

/* The interface with this index, or NULL. Owned by ifaces. */
struct iface *ifaces_by_index(const struct ifaces *ifaces, int index);

/* Whether the interface is called that, by its name or an alternative one. */
bool iface_has_name(const struct iface *iface, const char *name);

/* Whether both are the same address of the same interface. */
bool iface_address_is(const struct iface_address *a, const struct iface_address *b);

#endif
