/*
 * A packet that passes several interfaces (a bond and its member, a VLAN and the device below)
 * would be captured on each of them. The default choice captures it once. seen_on names, for an
 * interface, another that sees everything it carries: for a VLAN the device below, which sees the
 * packets with their tags; for members of a bond or bridge the bond or bridge. An interface is
 * taken if none of those that follow from it by seen_on is.
 */
#include "capture/iface.h"

#include "base/array.h"
#include "base/netlink.h"
#include "packet/packet.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void
ifaces_release(struct ifaces *ifaces)
{
	free(ifaces->list);
	*ifaces = IFACES_INIT;
}

static struct iface *
find_index(const struct ifaces *ifaces, int index)
{
	for (size_t i = 0; index && i < ifaces->count; i++)
		if (ifaces->list[i].index == index)
			return &ifaces->list[i];
	return NULL;
}

static struct iface *
find_name(const struct ifaces *ifaces, const char *name)
{
	for (size_t i = 0; i < ifaces->count; i++)
		if (strcmp(ifaces->list[i].name, name) == 0)
			return &ifaces->list[i];
	return NULL;
}

static uint16_t
linktype_of(unsigned short hardware)
{
	switch (hardware) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK: return LINKTYPE_EN10MB;
	/* Those whose packets start with the IP header, once the kernel has taken its own off. */
	case ARPHRD_NONE:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE: return LINKTYPE_RAW;
	default: return IFACE_NO_LINKTYPE;
	}
}

static void
read_link_attribute(struct iface *iface, const struct netlink_attribute *a, bool *elsewhere)
{
	struct netlink_attribute inner;

	switch (a->type) {
	case IFLA_IFNAME: netlink_text(a, iface->name, sizeof(iface->name)); break;
	case IFLA_LINK: iface->lower = (int)netlink_u32(a); break;
	case IFLA_LINK_NETNSID: *elsewhere = true; break;
	case IFLA_MASTER: iface->master = (int)netlink_u32(a); break;
	case IFLA_LINKINFO:
		if (netlink_find_nested(a, IFLA_INFO_KIND, &inner))
			netlink_text(&inner, iface->kind, sizeof(iface->kind));
		break;
	case IFLA_XDP:
		iface->has_xdp = netlink_find_nested(a, IFLA_XDP_ATTACHED, &inner) &&
				 inner.size > 0 && inner.data[0] != XDP_ATTACHED_NONE;
		break;
	}
}

static int
read_link(struct ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = netlink_body(message, sizeof(*info));
	struct netlink_walk attributes = netlink_attributes(message, sizeof(*info));
	struct netlink_attribute attribute;
	bool elsewhere = false;
	struct iface iface = {0};

	if (!info || info->ifi_index <= 0)
		return 0;
	iface.index = info->ifi_index;
	iface.is_up = info->ifi_flags & IFF_UP;
	iface.is_loopback = info->ifi_flags & IFF_LOOPBACK;
	iface.linktype = linktype_of(info->ifi_type);
	while (netlink_next_attribute(&attributes, &attribute))
		read_link_attribute(&iface, &attribute, &elsewhere);
	/* An index of another namespace means nothing here. */
	if (elsewhere)
		iface.lower = 0;
	if (!*iface.name || find_index(ifaces, iface.index))
		return 0;
	if (array_grow(&ifaces->list, ifaces->count, sizeof(iface)) < 0)
		return -1;
	ifaces->list[ifaces->count++] = iface;
	return 0;
}

int
ifaces_parse(struct ifaces *ifaces, const void *dump, size_t size)
{
	struct netlink_walk messages = netlink_walk(dump, size);
	const struct nlmsghdr *message;

	while ((message = netlink_next_message(&messages))) {
		const struct ifaddrmsg *address = netlink_body(message, sizeof(*address));
		struct iface *iface;

		if (message->nlmsg_type == RTM_NEWLINK && read_link(ifaces, message) < 0)
			return -1;
		if (message->nlmsg_type != RTM_NEWADDR || !address)
			continue;
		iface = find_index(ifaces, (int)address->ifa_index);
		if (iface)
			iface->has_address = true;
	}
	return 0;
}

static int
parse(void *ifaces, const void *messages, size_t size)
{
	return ifaces_parse(ifaces, messages, size);
}

/* ethtool(8)'s oldest request, which every driver that knows a speed answers. */
static uint64_t
ask_speed(int fd, const char *name)
{
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
	struct ifreq request = {.ifr_data = (void *)&command};
	uint32_t megabits;

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (ioctl(fd, SIOCETHTOOL, &request) < 0)
		return 0;
	megabits = ethtool_cmd_speed(&command);
	return megabits == (uint32_t)SPEED_UNKNOWN ? 0 : megabits * UINT64_C(1000000);
}

int
ifaces_read(struct ifaces *ifaces, struct failure *why)
{
	int fd = netlink_open(NETLINK_ROUTE), ioctl_fd;
	int rc = fd < 0 ? -1 : 0;

	*ifaces = IFACES_INIT;
	if (rc == 0)
		rc = netlink_dump(fd, RTM_GETLINK, parse, ifaces);
	if (rc == 0)
		rc = netlink_dump(fd, RTM_GETADDR, parse, ifaces);
	if (rc < 0) {
		failure_errno(why, "cannot list the network interfaces");
		ifaces_release(ifaces);
	}
	if (fd >= 0)
		close(fd);
	ioctl_fd = rc == 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	for (size_t i = 0; ioctl_fd >= 0 && i < ifaces->count; i++)
		ifaces->list[i].speed = ask_speed(ioctl_fd, ifaces->list[i].name);
	if (ioctl_fd >= 0)
		close(ioctl_fd);
	return rc;
}

static bool
is_kind(const struct iface *iface, const char *kind)
{
	return iface && strcmp(iface->kind, kind) == 0;
}

static bool
is_candidate(const struct iface *iface)
{
	return iface->is_up && iface->has_address && iface->linktype == LINKTYPE_EN10MB;
}

/* The interface that also sees everything this one carries, or NULL. */
static const struct iface *
seen_on(const struct ifaces *ifaces, const struct iface *iface)
{
	const struct iface *master = find_index(ifaces, iface->master);

	if (is_kind(iface, "vlan") || is_kind(iface, "macvlan") || is_kind(iface, "ipvlan"))
		return find_index(ifaces, iface->lower);
	/* A VRF runs on its members; a bond or bridge is preferred to them. */
	return is_kind(master, "vrf") ? NULL : master;
}

/* depth bounds the recursion: a dump that is not the kernel's could describe a circle. */
static bool
is_default(const struct ifaces *ifaces, const struct iface *iface, unsigned depth)
{
	const struct iface *other = seen_on(ifaces, iface);

	if (!is_candidate(iface))
		return false;
	/* The other one may not be taken itself, but run on one that is. */
	for (unsigned i = depth; other && i < 8; i++) {
		if (is_default(ifaces, other, i + 1))
			return false;
		other = seen_on(ifaces, other);
	}
	if (is_kind(iface, "vrf"))
		for (size_t i = 0; i < ifaces->count; i++)
			if (ifaces->list[i].master == iface->index && depth < 8 &&
			    is_default(ifaces, &ifaces->list[i], depth + 1))
				return false;
	return true;
}

bool
iface_is_left_out(const struct iface *iface)
{
	return !iface->taken && iface->is_up && iface->has_address &&
	       iface->linktype != LINKTYPE_EN10MB;
}

static int
take_named(struct ifaces *ifaces, const char *name, uint16_t *linktype, const char **first,
	   struct failure *why)
{
	struct iface *iface = find_name(ifaces, name);

	if (!iface)
		return failure_set(why, "no interface '%s'%s", name,
				   strcmp(name, "any") == 0
				       ? " (without -i, every one with an address is taken)"
				       : "");
	if (!iface->is_up)
		return failure_set(why, "interface '%s' is down", name);
	if (iface->linktype == IFACE_NO_LINKTYPE)
		return failure_set(why, "interface '%s' has a link type that is not supported",
				   name);
	if (*first && iface->linktype != *linktype)
		return failure_set(why, "interfaces '%s' and '%s' have different link types",
				   *first, name);
	*first = iface->name;
	*linktype = iface->linktype;
	iface->taken = true;
	return 0;
}

int
ifaces_choose(struct ifaces *ifaces, const char *const *names, size_t name_count,
	      struct failure *why)
{
	const char *first = NULL;
	uint16_t linktype = 0;
	size_t taken = 0;

	for (size_t i = 0; i < ifaces->count; i++)
		ifaces->list[i].taken = false;
	for (size_t i = 0; i < name_count; i++) {
		if (take_named(ifaces, names[i], &linktype, &first, why) == 0)
			continue;
		for (size_t j = 0; j < ifaces->count; j++)
			ifaces->list[j].taken = false;
		return -1;
	}
	for (size_t i = 0; name_count == 0 && i < ifaces->count; i++) {
		ifaces->list[i].taken = is_default(ifaces, &ifaces->list[i], 0);
		taken += ifaces->list[i].taken;
	}
	if (name_count == 0 && taken == 0)
		return failure_set(why, "no interface is up and has an address");
	return 0;
}
