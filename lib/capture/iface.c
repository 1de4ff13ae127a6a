/*
 * A packet that passes several interfaces (a bond and its member, a VLAN and the device below)
 * would be captured on each of them. The default choice captures it once. seen_on names, for an
 * interface, another that sees everything it carries: for a VLAN the device below, which sees the
 * packets with their tags; for members of a bond or bridge the bond or bridge. An interface is
 * taken if none of those that follow from it by seen_on is.
 */
#include "capture/iface.h"

#include "base/array.h"
#include "packet/packet.h"

#include <errno.h>
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
copy_text(char *to, size_t size, const struct rtattr *attribute)
{
	size_t length = strnlen(RTA_DATA(attribute), RTA_PAYLOAD(attribute));

	if (length >= size)
		length = size - 1;
	memcpy(to, RTA_DATA(attribute), length);
	to[length] = '\0';
}

static uint32_t
read_u32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

/* The attribute of this type among those nested in outer, or NULL. */
static const struct rtattr *
find_nested(const struct rtattr *outer, unsigned short type)
{
	const struct rtattr *a = RTA_DATA(outer);
	int left = (int)RTA_PAYLOAD(outer);

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static void
read_link_attribute(struct iface *iface, const struct rtattr *a, bool *elsewhere)
{
	const struct rtattr *inner;

	switch (a->rta_type & NLA_TYPE_MASK) {
	case IFLA_IFNAME: copy_text(iface->name, sizeof(iface->name), a); break;
	case IFLA_LINK: iface->lower = (int)read_u32(a); break;
	case IFLA_LINK_NETNSID: *elsewhere = true; break;
	case IFLA_MASTER: iface->master = (int)read_u32(a); break;
	case IFLA_LINKINFO:
		inner = find_nested(a, IFLA_INFO_KIND);
		if (inner)
			copy_text(iface->kind, sizeof(iface->kind), inner);
		break;
	case IFLA_XDP:
		inner = find_nested(a, IFLA_XDP_ATTACHED);
		iface->has_xdp = inner && RTA_PAYLOAD(inner) > 0 &&
				 *(const unsigned char *)RTA_DATA(inner) != XDP_ATTACHED_NONE;
		break;
	}
}

static int
read_link(struct ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	int left;
	bool elsewhere = false;
	struct iface iface = {0};

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_index <= 0)
		return 0;
	left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(*info)));
	iface.index = info->ifi_index;
	iface.is_up = info->ifi_flags & IFF_UP;
	iface.is_loopback = info->ifi_flags & IFF_LOOPBACK;
	iface.linktype = linktype_of(info->ifi_type);
	for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
		read_link_attribute(&iface, a, &elsewhere);
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

/* The message at *at, which moves behind it; NULL at the end, or if it is not whole. */
static const struct nlmsghdr *
next_message(const unsigned char **at, const unsigned char *end)
{
	const struct nlmsghdr *message = (const void *)*at;
	size_t left = (size_t)(end - *at);

	if (left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > left)
		return NULL;
	*at += NLMSG_ALIGN(message->nlmsg_len) < left ? NLMSG_ALIGN(message->nlmsg_len) : left;
	return message;
}

int
ifaces_parse(struct ifaces *ifaces, const void *dump, size_t size)
{
	const unsigned char *at = dump, *end = at + size;
	const struct nlmsghdr *message;

	while ((message = next_message(&at, end))) {
		const struct ifaddrmsg *address = NLMSG_DATA(message);
		struct iface *iface;

		if (message->nlmsg_type == RTM_NEWLINK && read_link(ifaces, message) < 0)
			return -1;
		if (message->nlmsg_type != RTM_NEWADDR ||
		    message->nlmsg_len < NLMSG_LENGTH(sizeof(*address)))
			continue;
		iface = find_index(ifaces, (int)address->ifa_index);
		if (iface)
			iface->has_address = true;
	}
	return 0;
}

/* Whether the messages end the dump: 1, or -1 with errno for an error, 0 if more will come. */
static int
dump_is_over(const void *messages, size_t size)
{
	const unsigned char *at = messages, *end = at + size;
	const struct nlmsghdr *message;

	while ((message = next_message(&at, end))) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(message);

			errno = -error->error;
			return -1;
		}
	}
	return 0;
}

static int
dump(struct ifaces *ifaces, int fd, unsigned short type)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg body; /* as long as any the kernel expects here */
	} request = {
	    .head = {.nlmsg_len = sizeof(request),
		     .nlmsg_type = type,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};
	static const size_t room = 256 << 10; /* above what the kernel puts in one datagram */
	void *messages = malloc(room);
	int over = messages ? 0 : -1;

	if (over == 0 && send(fd, &request, sizeof(request), 0) < 0)
		over = -1;
	while (over == 0) {
		ssize_t n = recv(fd, messages, room, 0);

		if (n < 0 && errno == EINTR)
			continue;
		over = n < 0 ? -1 : dump_is_over(messages, (size_t)n);
		if (over >= 0 && ifaces_parse(ifaces, messages, (size_t)n) < 0)
			over = -1;
	}
	free(messages);
	return over < 0 ? -1 : 0;
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
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), ioctl_fd;
	int rc = fd < 0 ? -1 : 0;

	*ifaces = IFACES_INIT;
	if (rc == 0)
		rc = dump(ifaces, fd, RTM_GETLINK);
	if (rc == 0)
		rc = dump(ifaces, fd, RTM_GETADDR);
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
