#include "packet/burst.h"

void
burst_init(struct burst *burst, struct source *source)
{
	burst->source = source;
	burst->at = burst->count = 0;
}

enum source_event
burst_next(struct burst *burst, struct packet *packet, struct failure *why)
{
	struct source *source = burst->source;

	if (burst->at == burst->count) {
		burst->at = 0;
		burst->count = source->more ? source->more(source, burst->packets, BURST_MAX) : 0;
	}
	if (burst->count == 0)
		return source->next(source, packet, why);
	*packet = burst->packets[burst->at++];
	return SOURCE_PACKET;
}
