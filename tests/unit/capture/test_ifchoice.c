/*
 * The choice of interfaces as a sequence of events. A packet of every interface is offered at every
 * moment, before and after each event, and what is taken is compared with what should be.
 */
#include "capture/ifchoice.h"
#include "made_links.h"
#include "packet/packet.h"
#include "tap.h"

#include <stdlib.h>

#define S INT64_C(1000000000)

static const struct link lo = {1, "lo", .hardware = ARPHRD_LOOPBACK};

static struct ifchoice choice;
static struct iftable table;
static int64_t now; /* of both clocks; the first event is at 100 s */

/* Begins with these links, which have addresses as they say. */
static void
begin_with(const struct link *links, const struct ifrule *rule)
{
	struct ifaces ifaces = IFACES_INIT;
	struct failure why;

	dump_size = 0;
	for (const struct link *link = links; link->index; link++)
		add_link(link);
	for (const struct link *link = links; link->index; link++)
		if (!link->no_address)
			add_address(link->index);
	ifaces_parse(&ifaces, dump, dump_size);
	iftable_init(&table, 4, &why);
	ifchoice_begin(&choice, rule, &table, &ifaces);
	dump_size = 0;
	now = 100 * S;
}

#define BEGIN(...) begin_with((const struct link[]){__VA_ARGS__, {0}}, &(struct ifrule){0})

static void
end(void)
{
	ifchoice_release(&choice);
	iftable_release(&table);
}

/* What was added has happened: between quiet and now, which are a second apart. */
static void
happen(void)
{
	now += 10 * S;
	ifchoice_read(&choice, dump, dump_size);
	ifchoice_decide(&choice, &(struct ifmoment){now - S, now, now});
	dump_size = 0;
}

/* The names that packets on interfaces 1 to 9 have at a time, in the order of their indices. */
static const char *
at(int64_t ts_ns)
{
	static char text[256];

	text[0] = '\0';
	for (int index = 1; index < 10; index++) {
		const uint32_t slot = ifspans_find(&choice.spans, index, ts_ns);

		if (slot != IFTABLE_NONE)
			strcat(strcat(text, table.slots[slot].name), " ");
	}
	return text;
}

/* The events so far. */
static const char *
told(void)
{
	static char text[1024];
	char addr[64];

	text[0] = '\0';
	for (uint64_t i = 0; i < choice.event_count; i++) {
		const struct ifevent *event = &choice.events[i % IFCHOICE_EVENTS];

		strcat(strcat(text, event->is_coming ? "+" : "-"), event->name);
		if (event->addr.family)
			strcat(strcat(text, " "), addr_format(event->addr, addr, sizeof(addr)));
		strcat(text, ";");
	}
	return text;
}

static void
test_address(void)
{
	BEGIN(lo, {2, "eth0"}, {3, "eth1", .no_address = 1});
	is_str(at(0), "lo eth0 ", "one without an address is not taken");
	add_address_message(RTM_NEWADDR, 3, 10);
	happen();
	is_str(at(now), "lo eth0 eth1 ", "it gets one");
	is_str(at(now - S / 2), "lo eth0 eth1 ", "... also before that was read");
	is_str(at(now - S - S / 50), "lo eth0 eth1 ", "... and a moment more, if it was told late");
	is_str(at(now - 2 * S), "lo eth0 ", "... but not before it was");
	is_str(told(), "+eth1;+eth1 192.0.2.10;", "the interface and the address are told");
	ok(table.slots[2].came_ns == now && table.slots[1].came_ns == 0, "with its time");
	add_address_message(RTM_NEWADDR, 3, 10);
	happen();
	is_str(told(), "+eth1;+eth1 192.0.2.10;", "the same address again is nothing new");
	add_address_message(RTM_DELADDR, 3, 10);
	happen();
	is_str(at(now), "lo eth0 eth1 ", "who still sends to an address that has gone is captured");
	is_str(told(), "+eth1;+eth1 192.0.2.10;-eth1 192.0.2.10;", "that it has gone is told");
	end();
}

static void
test_link(void)
{
	BEGIN(lo, {2, "eth0"});
	add_link(&(struct link){3, "veth1", "veth", .elsewhere = 1, .no_address = 1});
	happen();
	is_str(at(now), "lo eth0 veth1 ", "a pod's veth comes");
	add_link_message(RTM_DELLINK, AF_UNSPEC, &(struct link){3, "veth1", "veth"});
	happen();
	is_str(at(now + S), "lo eth0 ", "it is deleted");
	is_str(at(now - S / 2), "lo eth0 veth1 ", "... and what rings still have of it counts");
	add_link(&(struct link){4, "veth1", "veth", .elsewhere = 1, .no_address = 1});
	happen();
	is_str(at(now), "lo eth0 veth1 ", "made again it has another index");
	ok(table.count == 3, "... and the same number");
	is_str(told(), "+veth1;-veth1;+veth1;", "all of it is told");
	add_link(&(struct link){2, "eth0", .down = 1});
	happen();
	is_str(at(now + S), "lo veth1 ", "down");
	add_link(&(struct link){2, "eth0"});
	happen();
	is_str(at(now), "lo eth0 veth1 ", "up again");
	add_link(&(struct link){2, "wan"});
	happen();
	is_str(at(now + S), "lo wan veth1 ", "renamed");
	is_str(at(now - 5 * S), "lo eth0 veth1 ", "... it was eth0 before");
	add_link(&(struct link){5, "tun0", .hardware = ARPHRD_NONE});
	add_address(5);
	happen();
	is_str(at(now), "lo wan veth1 ", "what is not Ethernet is left out");
	add_link(&(struct link){6, "eth9"});
	add_address(6);
	happen();
	is_str(at(now), "lo wan veth1 ", "the table is full");
	is_str(choice.missed, "eth9", "... which is told");
	end();
}

static void
test_master(void)
{
	BEGIN(lo, {2, "eth0"}, {3, "br0", "bridge"});
	add_link(&(struct link){2, "eth0", .master = 3});
	happen();
	is_str(at(now + S), "lo br0 ", "a member of a bridge is seen there");
	is_str(at(now - S / 2), "lo eth0 br0 ", "in the moment of the change both count");
	is_str(at(now - 2 * S), "lo eth0 br0 ", "before, both did");
	ok(ifspans_doubt(&choice.spans, now - S / 2) &&
	       ifspans_doubt(&choice.spans, now + S / 2000) &&
	       !ifspans_doubt(&choice.spans, now + S / 500) &&
	       !ifspans_doubt(&choice.spans, now - 2 * S),
	   "... so what two carried is to be looked for there, and there alone");
	add_link_message(RTM_DELLINK, AF_BRIDGE, &(struct link){2, "eth0", .master = 3});
	happen();
	is_str(at(now + S), "lo br0 ", "a bridge's message of a port deletes nothing");
	add_link(&(struct link){2, "eth0"});
	happen();
	is_str(at(now), "lo eth0 br0 ", "the member leaves");
	add_link(&(struct link){2, "eth0", .master = 3});
	add_link(&(struct link){3, "br0", "bridge", .down = 1});
	happen();
	is_str(at(now + S), "lo eth0 ", "what is seen on a bridge that is down is not");
	end();
}

static void
test_settled(void)
{
	BEGIN(lo, {2, "eth0"});
	add_link(&(struct link){3, "eth1"});
	add_address(3);
	add_link_message(RTM_DELLINK, AF_UNSPEC, &(struct link){2, "eth0"});
	happen();
	is_str(at(now - 100 * S), "lo eth0 ", "before");
	ifchoice_settle(&choice, now + S);
	is_str(at(now - 100 * S), "lo eth0 ", "a second later nothing is settled");
	ifchoice_settle(&choice, now + 5 * S);
	is_str(at(now - 100 * S), "lo eth0 eth1 ", "a clock that is set back hides nothing then");
	ifchoice_settle(&choice, now + 40 * S);
	is_str(at(now - S), "lo eth1 ", "what has gone is forgotten in the end");
	ok(choice.settle_mono == INT64_MAX, "nothing more is to be settled");
	end();
}

static void
test_lost_messages(void)
{
	struct ifaces ifaces = IFACES_INIT;

	BEGIN(lo, {2, "eth0"}, {3, "eth1"});
	add_address_message(RTM_DELADDR, 2, 1);
	happen();
	add_link(&lo);
	add_link(&(struct link){2, "eth0"});
	add_link(&(struct link){4, "eth2"});
	add_address(1);
	add_address(4);
	ifaces_parse(&ifaces, dump, dump_size);
	dump_size = 0;
	ifchoice_replace(&choice, &ifaces);
	happen();
	is_str(at(now + S), "lo eth0 eth2 ", "a dump tells what came and went unheard");
	is_str(told(), "-eth0 192.0.2.1;-eth1;+eth2;+eth2 192.0.2.1;", "... also as events");
	end();
}

static void
test_awaited(void)
{
	const char *const awaited[] = {"eth7", "lan"}, *const named[] = {"eth0"};
	const struct link links[] = {lo, {2, "eth0"}, {3, "eth1"}, {0}};

	begin_with(links, &(struct ifrule){named, 1, awaited, 2});
	is_str(at(now), "eth0 ", "what is waited for is not there");
	add_link(&(struct link){4, "eth7", .down = 1});
	happen();
	is_str(at(now), "eth0 ", "... or not up");
	add_link(&(struct link){4, "eth7"});
	add_link(&(struct link){3, "eth1", .other_name = "lan"});
	happen();
	is_str(at(now), "eth0 eth1 eth7 ", "then it is, also by another name");
	end();
}

int
main(void)
{
	test_address();
	test_link();
	test_master();
	test_settled();
	test_lost_messages();
	test_awaited();
	return done_testing();
}
