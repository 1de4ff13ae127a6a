/*
 * Sorted by client and time when they are looked for. The proxy's clock is the engine's, but a line is
 * written a little after its request: times are believed to a second.
 */
#include "transactions/sayings.h"

#include "base/array.h"
#include "base/clock.h"
#include "join/evidence.h"

#include <stdlib.h>
#include <string.h>

#define SLACK_NS NS_PER_SECOND

struct saying {
	struct addr client;
	int64_t time_ns;
	struct connpair_said said;
	uint16_t port, source_port; /* of the client, and towards the server; 0: none */
	bool is_given;              /* to a stream */
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
				      .port = pair->client.port,
				      .source_port = pair->source.has_port ? pair->source.port : 0};

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

/* The first of a client's connection at that time or later, or what follows. */
static size_t
find_first(struct sayings *sayings, struct addr client, uint16_t port, int64_t from_ns)
{
	const struct saying key = {.client = client, .port = port, .time_ns = from_ns};
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
	return first;
}

/* Whether the which-th is of that connection, and came in time. */
static bool
is_of(const struct sayings *sayings, size_t which, struct addr client, uint16_t port, int64_t to_ns)
{
	const struct saying *saying;

	if (which >= sayings->count)
		return false;
	saying = &sayings->list[which];
	return saying->port == port && saying->client.value == client.value &&
	       saying->client.family == client.family && saying->time_ns <= to_ns;
}

const struct connpair_said *
sayings_find(struct sayings *sayings, struct addr client, uint16_t port, int64_t from_ns,
	     int64_t to_ns, uint64_t which)
{
	size_t first = find_first(sayings, client, port, from_ns - SLACK_NS);

	if (which >= sayings->count - first ||
	    !is_of(sayings, first + (size_t)which, client, port, to_ns + SLACK_NS))
		return NULL;
	return &sayings->list[first + (size_t)which].said;
}

/* HAProxy's first letter says who ended the session, - nobody did (its manual, 8.5). */
static bool
can_be_of(const struct saying *saying, const struct sayings_stream *stream)
{
	if (saying->is_given || (stream->is_broken && saying->said.end[0] == '-'))
		return false;
	if (stream->source_port && saying->source_port &&
	    stream->source_port != saying->source_port)
		return false;
	return !stream->status || strtoul(saying->said.status, NULL, 10) == stream->status;
}

const struct connpair_said *
sayings_take_stream(struct sayings *sayings, const struct sayings_stream *stream)
{
	size_t at = find_first(sayings, stream->client, stream->port, stream->ended_ns - SLACK_NS);
	struct saying *found = NULL;

	for (; is_of(sayings, at, stream->client, stream->port, stream->ended_ns + SLACK_NS);
	     at++) {
		struct saying *saying = &sayings->list[at];

		if (!can_be_of(saying, stream))
			continue;
		if (found && (strcmp(found->said.end, saying->said.end) != 0 ||
			      strcmp(found->said.status, saying->said.status) != 0))
			return NULL;
		found = found ? found : saying;
	}
	if (!found)
		return NULL;
	found->is_given = true;
	return &found->said;
}
