/*
 * Sorted by client and time when they are looked for. The proxy's clock is the engine's, but a line is
 * written a little after its request: times are believed to a second.
 */
#include "transactions/sayings.h"

#include "base/array.h"
#include "base/clock.h"
#include "join/evidence.h"

#include <stdlib.h>

#define SLACK_NS NS_PER_SECOND

struct saying {
	struct addr client;
	int64_t time_ns;
	struct connpair_said said;
	uint16_t port;
};

void
sayings_release(struct sayings *sayings)
{
	free(sayings->list);
	*sayings = SAYINGS_INIT;
}

void
sayings_add(struct sayings *sayings, const struct connpair *pair)
{
	const struct saying saying = {.client = evidence_addr(pair->client.addr),
				      .time_ns = pair->time_ns,
				      .said = pair->said,
				      .port = pair->client.port};

	if (!pair->said.end[0] || !pair->client.has_port || sayings->count == SAYINGS_MAX ||
	    array_grow(&sayings->list, sayings->count, sizeof(saying)) < 0)
		return;
	sayings->list[sayings->count++] = saying;
	sayings->is_sorted = false;
}

static int
compare(const void *a, const void *b)
{
	const struct saying *one = a, *other = b;

	if (one->client.family != other->client.family)
		return one->client.family < other->client.family ? -1 : 1;
	if (one->client.value != other->client.value)
		return one->client.value < other->client.value ? -1 : 1;
	if (one->port != other->port)
		return one->port < other->port ? -1 : 1;
	return one->time_ns < other->time_ns ? -1 : one->time_ns > other->time_ns;
}

const struct connpair_said *
sayings_find(struct sayings *sayings, struct addr client, uint16_t port, int64_t from_ns,
	     int64_t to_ns, uint64_t which)
{
	const struct saying key = {.client = client, .port = port, .time_ns = from_ns - SLACK_NS};
	size_t first = 0, end = sayings->count;

	if (!sayings->is_sorted && sayings->count)
		qsort(sayings->list, sayings->count, sizeof(*sayings->list), compare);
	sayings->is_sorted = true;
	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (compare(&sayings->list[middle], &key) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	if (which >= sayings->count - first)
		return NULL;
	first += (size_t)which;
	if (sayings->list[first].port != port ||
	    sayings->list[first].client.value != client.value ||
	    sayings->list[first].client.family != client.family ||
	    sayings->list[first].time_ns > to_ns + SLACK_NS)
		return NULL;
	return &sayings->list[first].said;
}
