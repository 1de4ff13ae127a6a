/*
 * What the kernel tells of links and addresses, as a list that follows it: a dump is a sequence of
 * messages that something is there, and an event is one of the same messages, or one that something
 * is gone. So both are read by the same code, and what is told twice changes nothing.
 *
 * Messages of the family AF_BRIDGE are about a bridge's ports, although they have the same types: an
 * RTM_DELLINK of that kind says that a port has left its bridge, not that the interface is gone.
 */
#include "capture/iface.h"

#include "base/array.h"
#include "base/netlink.h"
#include "packet/packet.h"

#include <linux/ethtool.h>
#include <linux/if_addr.h>
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
	for (size_t i = 0; i < ifaces->count; i++)
		free(ifaces->list[i].other_names);
	free(ifaces->list);
	free(ifaces->addresses);
	*ifaces = IFACES_INIT;
}

struct iface *
ifaces_by_index(const struct ifaces *ifaces, int index)
{
	for (size_t i = 0; index && i < ifaces->count; i++)
		if (ifaces->list[i].index == index)
			return &ifaces->list[i];
	return NULL;
}

/* Other names are separated by NUL, as the kernel ends each, and the last one is empty. */
bool
iface_has_name(const struct iface *iface, const char *name)
{
	const char *other = iface->other_names;

	if (strcmp(iface->name, name) == 0)
		return true;
	for (; other && *other; other += strlen(other) + 1)
		if (strcmp(other, name) == 0)
			return true;
	return false;
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

/* IFLA_PROP_LIST, of which each IFLA_ALT_IFNAME is a name. Without memory there are none. */
static char *
read_other_names(const struct netlink_attribute *list)
{
	struct netlink_walk walk = netlink_walk(list->data, list->size);
	struct netlink_attribute name;
	char *names = calloc(1, list->size + 1);
	size_t used = 0;

	/* Each is shorter than its attribute. */
	while (names && netlink_next_attribute(&walk, &name)) {
		if (name.type != IFLA_ALT_IFNAME || name.size == 0)
			continue;
		netlink_text(&name, names + used, name.size + 1);
		used += strlen(names + used) + 1;
	}
	return names;
}

static void
read_link_attribute(struct iface *iface, const struct netlink_attribute *a)
{
	struct netlink_attribute inner;

	switch (a->type) {
	case IFLA_IFNAME: netlink_text(a, iface->name, sizeof(iface->name)); break;
	case IFLA_LINK: iface->lower = (int)netlink_u32(a); break;
	case IFLA_LINK_NETNSID: iface->is_elsewhere = true; break;
	case IFLA_MASTER: iface->master = (int)netlink_u32(a); break;
	case IFLA_LINKINFO:
		if (netlink_find_nested(a, IFLA_INFO_KIND, &inner))
			netlink_text(&inner, iface->kind, sizeof(iface->kind));
		break;
	case IFLA_PROP_LIST:
		free(iface->other_names);
		iface->other_names = read_other_names(a);
		break;
	case IFLA_XDP:
		iface->has_xdp = netlink_find_nested(a, IFLA_XDP_ATTACHED, &inner) &&
				 inner.size > 0 && inner.data[0] != XDP_ATTACHED_NONE;
		break;
	}
}

/* An interface as it is now: what is known of it already stays. */
static int
add_link(struct ifaces *ifaces, struct iface *iface)
{
	struct iface *known = ifaces_by_index(ifaces, iface->index);

	if (known) {
		iface->has_address = known->has_address;
		iface->speed = known->speed;
		iface->taken = known->taken;
		free(known->other_names);
		*known = *iface;
		return 0;
	}
	if (array_grow(&ifaces->list, ifaces->count, sizeof(*iface)) < 0)
		return -1;
	ifaces->list[ifaces->count++] = *iface;
	return 0;
}

static int
read_link(struct ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = netlink_body(message, sizeof(*info));
	struct netlink_walk attributes = netlink_attributes(message, sizeof(*info));
	struct netlink_attribute attribute;
	struct iface iface = {0};
	int rc = 0;

	if (!info || info->ifi_index <= 0 || info->ifi_family != AF_UNSPEC)
		return 0;
	iface.index = info->ifi_index;
	iface.is_up = info->ifi_flags & IFF_UP;
	iface.is_loopback = info->ifi_flags & IFF_LOOPBACK;
	iface.linktype = linktype_of(info->ifi_type);
	while (netlink_next_attribute(&attributes, &attribute))
		read_link_attribute(&iface, &attribute);
	/* An index of another namespace means nothing here. */
	if (iface.is_elsewhere)
		iface.lower = 0;
	if (*iface.name && (rc = add_link(ifaces, &iface)) == 0)
		return 0;
	free(iface.other_names);
	return rc;
}

static struct addr
read_addr(const unsigned char *bytes, size_t size)
{
	struct addr addr = {.family = size == 4 ? 4 : 6};

	for (size_t i = 0; i < size; i++)
		addr.value = addr.value << 8 | bytes[i];
	return addr;
}

bool
iface_address_is(const struct iface_address *a, const struct iface_address *b)
{
	return a->index == b->index && a->addr.family == b->addr.family &&
	       a->addr.value == b->addr.value;
}

/* Removes the addresses of an interface: that one, or all if it is NULL. */
static void
remove_addresses(struct ifaces *ifaces, int index, const struct iface_address *one)
{
	size_t left = 0;

	for (size_t i = 0; i < ifaces->address_count; i++) {
		const struct iface_address *at = &ifaces->addresses[i];

		if (one ? !iface_address_is(at, one) : at->index != index)
			ifaces->addresses[left++] = *at;
	}
	ifaces->address_count = left;
}

static void
remove_link(struct ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = netlink_body(message, sizeof(*info));
	struct iface *iface =
	    info && info->ifi_family == AF_UNSPEC ? ifaces_by_index(ifaces, info->ifi_index) : NULL;

	if (!iface)
		return;
	remove_addresses(ifaces, iface->index, NULL);
	free(iface->other_names);
	ifaces->count--;
	memmove(iface, iface + 1, (size_t)(ifaces->list + ifaces->count - iface) * sizeof(*iface));
}

/* The host's own end, where a link has two. False: there is none. */
static bool
own_address(const struct nlmsghdr *message, const struct ifaddrmsg *head, struct addr *addr)
{
	struct netlink_walk attributes = netlink_attributes(message, sizeof(*head));
	const size_t size = head->ifa_family == AF_INET ? 4 : 16;
	struct netlink_attribute attribute;
	bool is_found = false;

	while (netlink_next_attribute(&attributes, &attribute)) {
		const bool is_local = attribute.type == IFA_LOCAL;

		if ((!is_local && (attribute.type != IFA_ADDRESS || is_found)) ||
		    attribute.size != size)
			continue;
		*addr = read_addr(attribute.data, size);
		is_found = true;
	}
	return is_found;
}

static int
read_address(struct ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *head = netlink_body(message, sizeof(*head));
	struct iface_address address = {0};
	struct iface *iface;

	if (!head || (head->ifa_family != AF_INET && head->ifa_family != AF_INET6) ||
	    !own_address(message, head, &address.addr))
		return 0;
	address.index = (int)head->ifa_index;
	iface = ifaces_by_index(ifaces, address.index);
	if (!iface)
		return 0;
	/* One that is told again is the same. */
	remove_addresses(ifaces, address.index, &address);
	if (message->nlmsg_type == RTM_DELADDR)
		return 0;
	iface->has_address = true;
	if (array_grow(&ifaces->addresses, ifaces->address_count, sizeof(address)) < 0)
		return -1;
	ifaces->addresses[ifaces->address_count++] = address;
	return 0;
}

int
ifaces_parse(struct ifaces *ifaces, const void *messages, size_t size)
{
	struct netlink_walk walk = netlink_walk(messages, size);
	const struct nlmsghdr *message;
	int rc = 0;

	while (rc == 0 && (message = netlink_next_message(&walk)))
		switch (message->nlmsg_type) {
		case RTM_NEWLINK: rc = read_link(ifaces, message); break;
		case RTM_DELLINK: remove_link(ifaces, message); break;
		case RTM_NEWADDR:
		case RTM_DELADDR: rc = read_address(ifaces, message); break;
		}
	return rc;
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
	/* As ethtool_cmd_speed does, whose shift of an int overflows where the speed is not known. */
	megabits = (uint32_t)command.speed_hi << 16 | command.speed;
	return megabits == (uint32_t)SPEED_UNKNOWN ? 0 : megabits * UINT64_C(1000000);
}

int
ifaces_dump(struct ifaces *ifaces, int fd)
{
	*ifaces = IFACES_INIT;
	if (netlink_dump(fd, RTM_GETLINK, parse, ifaces) == 0 &&
	    netlink_dump(fd, RTM_GETADDR, parse, ifaces) == 0)
		return 0;
	ifaces_release(ifaces);
	return -1;
}

int
ifaces_read(struct ifaces *ifaces, struct failure *why)
{
	int fd = netlink_open(NETLINK_ROUTE), ioctl_fd;
	int rc = -1;

	*ifaces = IFACES_INIT;
	if (fd < 0 || (rc = ifaces_dump(ifaces, fd)) < 0)
		failure_errno(why, "cannot list the network interfaces");
	if (fd >= 0)
		close(fd);
	ioctl_fd = rc == 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	for (size_t i = 0; ioctl_fd >= 0 && i < ifaces->count; i++)
		ifaces->list[i].speed = ask_speed(ioctl_fd, ifaces->list[i].name);
	if (ioctl_fd >= 0)
		close(ioctl_fd);
	return rc;
}
