#include "merge/period.h"

#include <stdlib.h>

struct periodic {
	struct source source; /* first; its interfaces are those of from */
	struct source *from;
	struct period period;
};

static enum source_event
periodic_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct periodic *periodic = (struct periodic *)source;
	struct source *from = periodic->from;
	enum source_event event;

	do
		event = from->next(from, packet, why);
	while (event == SOURCE_PACKET && (packet->ts_ns < periodic->period.since_ns ||
					  packet->ts_ns >= periodic->period.until_ns));
	source->interfaces = from->interfaces;
	source->interface_count = from->interface_count;
	source->note = from->note;
	return event;
}

struct periodic *
periodic_new(struct source *from, const struct period *period, struct failure *why)
{
	struct periodic *periodic = calloc(1, sizeof(*periodic));

	if (!periodic) {
		failure_nomem(why);
		return NULL;
	}
	periodic->source.next = periodic_next;
	periodic->from = from;
	periodic->period = *period;
	return periodic;
}

void
periodic_free(struct periodic *periodic)
{
	free(periodic);
}

struct source *
periodic_source(struct periodic *periodic)
{
	return &periodic->source;
}
