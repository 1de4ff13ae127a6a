/*
 * A source of the packets in a list, all of one byte each. What it yielded is overwritten by the
 * next next(), as in a source that reads a file.
 */
#ifndef VCAP_TEST_LIST_SOURCE_H
#define VCAP_TEST_LIST_SOURCE_H

#include "packet/packet.h"

enum { LIST_MAX = 400 };

struct list_source {
	struct source source; /* first */
	struct packet packets[LIST_MAX];
	unsigned char bytes[LIST_MAX];
	size_t count, at;
	unsigned char yielded;
};

static enum source_event
list_source_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct list_source *list = (struct list_source *)source;

	(void)why;
	list->yielded = 0xee;
	if (list->at == list->count)
		return SOURCE_END;
	*packet = list->packets[list->at];
	list->yielded = list->bytes[list->at++];
	packet->data = &list->yielded;
	return SOURCE_PACKET;
}

static void
list_source_init(struct list_source *list, struct interface *interfaces, uint32_t count)
{
	*list = (struct list_source){.source = {.next = list_source_next,
						.interfaces = interfaces,
						.interface_count = count}};
}

static void
list_source_add(struct list_source *list, int64_t ts_ns, uint32_t iface, unsigned char byte)
{
	list->bytes[list->count] = byte;
	list->packets[list->count++] = (struct packet){
	    .ts_ns = ts_ns, .caplen = 1, .len = 1, .iface = iface, .core = PACKET_NO_CORE};
}

#endif
