#include "packet/packet.h"

#include <stdlib.h>

void
interface_release(struct interface *interface)
{
	free(interface->name);
	free(interface->description);
	free(interface->filter);
	free(interface->options);
	free(interface->comment);
}

void
statistics_add(uint64_t *sum, uint64_t value)
{
	if (value != STATISTICS_UNKNOWN)
		*sum = *sum == STATISTICS_UNKNOWN ? value : *sum + value;
}

uint64_t
statistics_lost(const struct statistics *statistics)
{
	uint64_t sum = statistics->dropped;

	statistics_add(&sum, statistics->os_dropped);
	return sum;
}
