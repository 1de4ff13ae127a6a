#include "merge/cutter.h"

#include "capfile/pcapng.h"
#include "packet/headers.h"

#include <stdlib.h>

struct cutter {
	struct source source; /* first; its interfaces are those of from */
	struct source *from;
};

static enum source_event
cutter_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct source *from = ((struct cutter *)source)->from;
	enum source_event event;

	do
		event = from->next(from, packet, why);
	while (event == SOURCE_NOTE && from->note.type == PCAPNG_DSB);
	source->interfaces = from->interfaces;
	source->interface_count = from->interface_count;
	source->note = from->note;
	if (event == SOURCE_PACKET)
		headers_cut(packet, from->interfaces[packet->iface].linktype);
	return event;
}

struct cutter *
cutter_new(struct source *from, struct failure *why)
{
	struct cutter *cutter = calloc(1, sizeof(*cutter));

	if (!cutter) {
		failure_nomem(why);
		return NULL;
	}
	cutter->source.next = cutter_next;
	cutter->from = from;
	return cutter;
}

void
cutter_free(struct cutter *cutter)
{
	free(cutter);
}

struct source *
cutter_source(struct cutter *cutter)
{
	return &cutter->source;
}
