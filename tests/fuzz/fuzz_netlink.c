/* Netlink messages: messages and attributes lie in what was given, and interfaces are read. */
#include "base/netlink.h"
#include "capture/ifchoice.h"
#include "capture/ifrule.h"
#include "fuzz.h"

static void
walk_attributes(struct netlink_walk walk, unsigned depth)
{
	const unsigned char *from = walk.at;
	struct netlink_attribute attribute;
	char text[16];

	while (netlink_next_attribute(&walk, &attribute)) {
		const struct netlink_walk inner = netlink_walk(attribute.data, attribute.size);
		struct netlink_attribute first;

		must(attribute.data > from && attribute.data <= walk.at);
		must(attribute.size <= (size_t)(walk.end - attribute.data));
		must(walk.at <= walk.end);
		netlink_text(&attribute, text, sizeof(text));
		must(strlen(text) <= attribute.size);
		netlink_u32(&attribute);
		if (netlink_find_nested(&attribute, attribute.type, &first))
			must(first.data > attribute.data && first.size < attribute.size);
		if (depth > 0)
			walk_attributes(inner, depth - 1);
		from = attribute.data;
	}
}

static void
read_interfaces(const void *messages, size_t size)
{
	struct ifaces ifaces = IFACES_INIT;
	struct failure why = FAILURE_INIT;

	must(ifaces_parse(&ifaces, messages, size) == 0);
	for (size_t i = 0; i < ifaces.count; i++)
		must(ifaces.list[i].index > 0 && *ifaces.list[i].name);
	if (ifrule_check(&(struct ifrule){0}, &ifaces, &why) < 0)
		must(*why.text);
	ifrule_apply(&(struct ifrule){0}, &ifaces);
	ifaces_release(&ifaces);
}

/* The same messages as events after a dump of half of them. */
static void
choose(const void *messages, size_t size)
{
	struct ifaces ifaces = IFACES_INIT;
	struct iftable table = IFTABLE_INIT;
	struct ifchoice choice;
	const size_t half = size / 8 * 4;

	must(iftable_init(&table, 3, NULL) == 0);
	must(ifaces_parse(&ifaces, messages, half) == 0);
	must(ifchoice_begin(&choice, &(struct ifrule){0}, &table, &ifaces) == 0);
	must(ifchoice_read(&choice, messages, size) == 0);
	must(ifchoice_decide(&choice, &(struct ifmoment){10, 20, 20}) == 0);
	for (size_t i = 0; i < choice.spans.count; i++) {
		const struct ifspan *span = &choice.spans.list[i];

		must(span->slot < table.count);
		must(i == 0 || span[-1].index <= span->index);
		must(ifspans_find(&choice.spans, span->index, 15) != IFTABLE_NONE);
	}
	ifchoice_settle(&choice, INT64_MAX);
	for (size_t i = 0; i < choice.spans.count; i++)
		must(choice.spans.list[i].from_ns == INT64_MIN);
	ifchoice_release(&choice);
	iftable_release(&table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_text(data, size); /* aligned */
	struct netlink_walk walk = netlink_walk(copy, size);
	const struct nlmsghdr *message;

	while ((message = netlink_next_message(&walk))) {
		must((const unsigned char *)message + message->nlmsg_len <= walk.end);
		must(netlink_error(message) >= 0);
		for (size_t body = 0; body <= 20; body += 4)
			walk_attributes(netlink_attributes(message, body), 3);
	}
	read_interfaces(copy, size);
	choose(copy, size);
	free(copy);
	return 0;
}
