/* Messages of rtnetlink(7) as the kernel makes them, of devices that the machine may not have. */
#ifndef VCAP_MADE_LINKS_H
#define VCAP_MADE_LINKS_H

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>

static unsigned char dump[65536];
static size_t dump_size;

static struct nlmsghdr *
begin(unsigned short type, const void *body, size_t size)
{
	struct nlmsghdr *head = (void *)(dump + dump_size);

	*head = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_LENGTH(size), .nlmsg_type = type};
	memcpy(NLMSG_DATA(head), body, size);
	return head;
}

static struct rtattr *
attribute(struct nlmsghdr *head, unsigned short type, const void *data, size_t size)
{
	struct rtattr *a = (void *)((unsigned char *)head + NLMSG_ALIGN(head->nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(a), data, size);
	head->nlmsg_len = (uint32_t)(NLMSG_ALIGN(head->nlmsg_len) + RTA_ALIGN(a->rta_len));
	return a;
}

struct link {
	int index;
	const char *name, *kind;
	unsigned down : 1, no_address : 1, xdp : 1, elsewhere : 1;
	int lower, master;
	const char *other_name;
	unsigned short hardware; /* 0: Ethernet */
};

static void
add_link_message(unsigned short type, unsigned char family, const struct link *link)
{
	struct ifinfomsg info = {
	    .ifi_family = family,
	    .ifi_index = link->index,
	    .ifi_type = link->hardware ? link->hardware : ARPHRD_ETHER,
	    .ifi_flags =
		(link->down ? 0 : IFF_UP) | (link->hardware == ARPHRD_LOOPBACK ? IFF_LOOPBACK : 0),
	};
	struct nlmsghdr *head = begin(type, &info, sizeof(info));

	attribute(head, IFLA_IFNAME, link->name, strlen(link->name) + 1);
	if (link->lower)
		attribute(head, IFLA_LINK, &link->lower, 4);
	if (link->elsewhere)
		attribute(head, IFLA_LINK_NETNSID, &(int){0}, 4);
	if (link->master)
		attribute(head, IFLA_MASTER, &link->master, 4);
	if (link->other_name) {
		struct rtattr *list = attribute(head, IFLA_PROP_LIST | NLA_F_NESTED, "", 0);

		attribute(head, IFLA_ALT_IFNAME, "another", 8);
		attribute(head, IFLA_ALT_IFNAME, link->other_name, strlen(link->other_name) + 1);
		list->rta_len = (unsigned short)((unsigned char *)head + head->nlmsg_len -
						 (unsigned char *)list);
	}
	if (link->kind) {
		struct rtattr *info_attribute = attribute(head, IFLA_LINKINFO, "", 0);

		attribute(head, IFLA_INFO_KIND, link->kind, strlen(link->kind));
		info_attribute->rta_len = (unsigned short)((unsigned char *)head + head->nlmsg_len -
							   (unsigned char *)info_attribute);
	}
	if (link->xdp) {
		struct rtattr *xdp = attribute(head, IFLA_XDP, "", 0);

		attribute(head, IFLA_XDP_ATTACHED, &(uint8_t){XDP_ATTACHED_DRV}, 1);
		xdp->rta_len = (unsigned short)((unsigned char *)head + head->nlmsg_len -
						(unsigned char *)xdp);
	}
	dump_size += NLMSG_ALIGN(head->nlmsg_len);
}

static void
add_link(const struct link *link)
{
	add_link_message(RTM_NEWLINK, AF_UNSPEC, link);
}

/* 192.0.2.LAST */
static void
add_address_message(unsigned short type, int index, unsigned char last)
{
	struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_index = (unsigned)index};
	struct nlmsghdr *head = begin(type, &address, sizeof(address));

	attribute(head, IFA_ADDRESS, (const unsigned char[]){192, 0, 2, last}, 4);
	dump_size += NLMSG_ALIGN(head->nlmsg_len);
}

static void
add_address(int index)
{
	add_address_message(RTM_NEWADDR, index, 1);
}

#endif
