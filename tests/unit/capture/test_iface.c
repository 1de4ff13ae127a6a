/*
 * Which interfaces a capture takes, on dumps as the kernel makes them: also of devices that the
 * machine at hand may not have (VLAN, bond, VRF).
 */
#include "capture/ifrule.h"
#include "made_links.h"
#include "packet/packet.h"
#include "tap.h"

#include <stdlib.h>

/* The names taken of these links, in order, each followed by a blank. */
static const char *
taken(const struct link *links, const char *const *names, size_t name_count)
{
	static char text[512];
	const struct ifrule rule = {.named = names, .named_count = name_count};
	struct ifaces ifaces = IFACES_INIT;
	struct failure why = FAILURE_INIT;

	dump_size = 0;
	for (const struct link *link = links; link->index; link++)
		add_link(link);
	for (const struct link *link = links; link->index; link++)
		if (!link->no_address)
			add_address(link->index);
	text[0] = '\0';
	if (ifaces_parse(&ifaces, dump, dump_size) < 0)
		return "parse failed";
	if (ifrule_check(&rule, &ifaces, &why) < 0)
		snprintf(text, sizeof(text), "%s", why.text);
	else
		ifrule_apply(&rule, &ifaces);
	for (size_t i = 0; i < ifaces.count; i++)
		if (ifaces.list[i].taken)
			strcat(strcat(text, ifaces.list[i].name), " ");
	ifaces_release(&ifaces);
	return text;
}

#define TAKEN(...) taken((const struct link[]){__VA_ARGS__, {0}}, NULL, 0)

static void
test_default(void)
{
	struct link lo = {1, "lo", .hardware = ARPHRD_LOOPBACK};

	is_str(TAKEN(lo, {2, "eth0"}, {3, "eth1", .no_address = 1}, {4, "eth2", .down = 1}),
	       "lo eth0 ", "up and with an address");
	is_str(TAKEN({2, "eth0", .no_address = 1, .master = 4},
		     {3, "eth1", .no_address = 1, .master = 4}, {4, "bond0", "bond"}),
	       "bond0 ", "a bond rather than its members");
	is_str(TAKEN({2, "veth1", "veth", .master = 3}, {3, "br0", "bridge"}), "br0 ",
	       "a bridge, also when a member has a link-local address");
	is_str(TAKEN({2, "veth1", "veth", .master = 3}, {3, "br0", "bridge", .no_address = 1}),
	       "veth1 ", "a bridge that is not taken leaves its member");
	is_str(TAKEN({2, "eth0"}, {3, "eth0.7", "vlan", .lower = 2}), "eth0 ",
	       "not a VLAN whose lower device is taken");
	is_str(TAKEN({2, "eth0", .no_address = 1}, {3, "eth0.7", "vlan", .lower = 2}), "eth0.7 ",
	       "a VLAN whose lower device is not");
	is_str(TAKEN({2, "eth0"}, {3, "eth0.7", "vlan", .lower = 2, .no_address = 1},
		     {4, "eth0.7.9", "vlan", .lower = 3}),
	       "eth0 ", "a VLAN on a VLAN without address");
	is_str(TAKEN({2, "eth0", .no_address = 1, .master = 3},
		     {3, "bond0", "bond", .no_address = 1}, {4, "bond0.7", "vlan", .lower = 3}),
	       "bond0.7 ", "a VLAN on a bond without address");
	is_str(TAKEN({2, "eth0", .master = 4}, {3, "eth0.7", "vlan", .lower = 2},
		     {4, "br0", "bridge"}),
	       "eth0.7 br0 ", "a VLAN on a bridge's member: the bridge does not see it");
	is_str(TAKEN({2, "eth0", .master = 5, .no_address = 1}, {3, "eth0.7", "vlan", .lower = 2},
		     {4, "eth0.7.9", "vlan", .lower = 3}, {5, "br0", "bridge"}),
	       "eth0.7 br0 ", "... nor a VLAN on that");
	is_str(TAKEN({2, "eth0", .master = 4}, {3, "eth0.7", "vlan", .lower = 2},
		     {4, "br0", "bridge", .no_address = 1}),
	       "eth0 ", "... the member does, if it is taken");
	is_str(TAKEN({2, "eth0"}, {3, "eth0.7", "vlan", .lower = 2, .master = 4, .no_address = 1},
		     {4, "br7", "bridge"}),
	       "eth0 br7 ", "a bridge on a VLAN of a device with an address: both");
	is_str(TAKEN({2, "eth0", .master = 3}, {3, "red", "vrf"}), "eth0 ",
	       "a VRF's member rather than the VRF");
	is_str(TAKEN({2, "eth0", .master = 3, .no_address = 1}, {3, "red", "vrf"}), "red ",
	       "a VRF whose members are not taken");
	is_str(TAKEN({2, "eth0"}, {3, "vip", "macvlan", .lower = 2}), "eth0 ",
	       "not a macvlan whose lower device is taken");
	is_str(TAKEN({2, "eth0"}, {3, "veth7", "veth", .lower = 2, .elsewhere = 1}), "eth0 veth7 ",
	       "a veth whose other end is in another namespace");
	is_str(TAKEN({2, "eth0"}, {3, "veth7", "veth", .elsewhere = 1, .no_address = 1},
		     {4, "eth1", .no_address = 1}),
	       "eth0 veth7 ", "... without an address: what is inside has one");
	is_str(TAKEN({2, "eth0"},
		     {3, "veth7", "veth", .elsewhere = 1, .no_address = 1, .master = 4},
		     {4, "br0", "bridge", .no_address = 1}),
	       "eth0 ", "... unless a bridge forwards from there");
	is_str(TAKEN({2, "eth0"},
		     {3, "veth7", "veth", .elsewhere = 1, .no_address = 1, .master = 4},
		     {4, "red", "vrf"}),
	       "eth0 veth7 ", "... a VRF does not");
	is_str(TAKEN({2, "eth0", .lower = 3}, {3, "eth1", .lower = 2}), "eth0 eth1 ",
	       "a veth pair is two interfaces");
	is_str(TAKEN({2, "eth0"}, {3, "tun0", .hardware = ARPHRD_NONE}), "eth0 ",
	       "no tunnel by itself");
	is_str(TAKEN({2, "eth0", .down = 1}), "no interface is up and has an address", "nothing");
	ok(TAKEN({2, "a", "vlan", .lower = 3}, {3, "b", "vlan", .lower = 2}) != NULL,
	   "a loop comes to an end");
}

static void
test_named(void)
{
	const struct link links[] = {
	    {2, "eth0", .other_name = "an-alternative-name-that-is-long"},
	    {3, "eth1", .down = 1},
	    {4, "tun0", .hardware = ARPHRD_NONE},
	    {5, "ib0", .hardware = ARPHRD_INFINIBAND},
	    {6, "eth2", .no_address = 1},
	    {0},
	};

	is_str(taken(links, (const char *[]){"eth2", "eth0"}, 2), "eth0 eth2 ",
	       "named ones, with an address or not");
	is_str(taken(links, (const char *[]){"an-alternative-name-that-is-long"}, 1), "eth0 ",
	       "an alternative name");
	is_str(taken(links, (const char *[]){"tun0"}, 1), "tun0 ", "a tunnel that is named");
	is_str(taken(links, (const char *[]){"eth0", "tun0"}, 2),
	       "interfaces 'eth0' and 'tun0' have different link types", "no mixing");
	is_str(taken(links, (const char *[]){"eth0", "eth9"}, 2), "no interface 'eth9'", "absent");
	is_str(taken(links, (const char *[]){"eth1"}, 1), "interface 'eth1' is down", "down");
	is_str(taken(links, (const char *[]){"ib0"}, 1),
	       "interface 'ib0' has a link type that is not supported", "link type");
}

static void
test_attributes(void)
{
	struct ifaces ifaces = IFACES_INIT;
	struct link link = {2, "eth0", .xdp = 1};
	size_t whole;

	dump_size = 0;
	add_link(&link);
	whole = dump_size;
	ifaces_parse(&ifaces, dump, whole);
	ok(ifaces.count == 1 && ifaces.list[0].has_xdp, "an XDP program is seen");
	ok(ifaces.list[0].linktype == LINKTYPE_EN10MB, "link type");
	ifaces_parse(&ifaces, dump, whole);
	ok(ifaces.count == 1, "the same link twice is one");
	ifaces_release(&ifaces);
	/* Cut anywhere, and with any length in its first attribute: nothing outside is read
	 * (under the address sanitizer, from memory of just that size). */
	for (size_t size = 0; size <= whole; size++) {
		unsigned char *copy = malloc(size ? size : 1);

		memcpy(copy, dump, size);
		if (size > NLMSG_LENGTH(sizeof(struct ifinfomsg)) + 2)
			copy[NLMSG_LENGTH(sizeof(struct ifinfomsg))] = (unsigned char)(size * 7);
		if (size >= 4)
			memcpy(copy, &(uint32_t){(uint32_t)size}, 4);
		ifaces_parse(&ifaces, copy, size);
		free(copy);
		ifaces_release(&ifaces);
	}
	ok(true, "damaged dumps are harmless");
}

int
main(void)
{
	test_default();
	test_named();
	test_attributes();
	return done_testing();
}
