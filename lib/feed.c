#include "feed.h"

#include "label.h"
#include "pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A packet or note of a source that is read out of order. */
struct feed_entry {
	int64_t ts_ns; /* moved */
	uint64_t place;
	uint32_t origin, core;
};

void
feed_init(struct feed *feed, const struct merge_input *input, size_t number)
{
	*feed = (struct feed){
	    .input = *input,
	    .number = number,
	    .packet = {.ts_ns = INT64_MIN, .core = 0},
	    .origin = UINT32_MAX,
	    .promise_ns = INT64_MIN,
	};
}

void
feed_release(struct feed *feed)
{
	free(feed->routes);
	free(feed->index);
}

static int
no_memory(struct failure *why)
{
	errno = ENOMEM;
	return failure_errno(why, "cannot merge");
}

/* Two link types in one file cannot be read by libpcap. */
static int
check_linktype(const struct feed *feed, struct roster *roster, const struct interface *interface,
	       struct failure *why)
{
	if (roster->interface_count == 0)
		roster->first_input = feed->input.name;
	else if (!roster->mixes_linktypes && roster->interfaces[0].linktype != interface->linktype)
		return failure_set(why, "'%s' and '%s' are of different link types (%u and %u)",
				   roster->first_input, feed->input.name,
				   roster->interfaces[0].linktype, interface->linktype);
	return 0;
}

/* A live merge goes on without an input of another link type. */
static int
end_alone(struct feed *feed, const struct roster *roster, struct failure *why)
{
	if (!roster->is_live)
		return -1;
	feed->outcome.is_cut = true;
	feed->outcome.why = *why;
	*why = FAILURE_INIT;
	return 0;
}

/* Gives the source's interfaces that are new their places. */
static int
follow_interfaces(struct feed *feed, struct roster *roster, struct failure *why)
{
	const struct source *source = feed->input.source;
	struct feed_route *routes =
	    realloc(feed->routes, source->interface_count * sizeof(*feed->routes));

	if (!routes)
		return no_memory(why);
	feed->routes = routes;
	for (; feed->route_count < source->interface_count; feed->route_count++) {
		const struct interface *interface = &source->interfaces[feed->route_count];
		struct feed_route *route = &routes[feed->route_count];
		struct label_hint hint = feed->input.hint;
		struct label label;
		int rc;

		if (check_linktype(feed, roster, interface, why) < 0)
			return -1;
		hint.trusts_description |= source->describes_engine;
		if (label_of(&label, interface, &hint) < 0)
			return no_memory(why);
		rc = roster_add(roster, interface, &label, &route->interface, &route->origin);
		label_release(&label);
		if (rc < 0)
			return no_memory(why);
	}
	return 0;
}

int
feed_compare_origins(const struct roster *roster, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	return strcmp(a == UINT32_MAX ? "" : roster->origins[a].engine,
		      b == UINT32_MAX ? "" : roster->origins[b].engine);
}

/* Whether the packet belongs before the head. */
static bool
is_behind(const struct feed *feed, const struct roster *roster, int64_t ts_ns, uint32_t origin,
	  uint32_t core)
{
	int order;

	if (__builtin_expect(ts_ns != feed->packet.ts_ns, 1))
		return ts_ns < feed->packet.ts_ns;
	order = feed_compare_origins(roster, origin, feed->origin);
	return order ? order < 0 : core < feed->packet.core;
}

static int64_t
promised(const struct feed *feed, int64_t ts_ns)
{
	return ts_ns > feed->promise_ns ? ts_ns : feed->promise_ns;
}

static void
take_packet(struct feed *feed, struct roster *roster, const struct packet *packet)
{
	const struct feed_route *route = &feed->routes[packet->iface];
	struct origin *origin = &roster->origins[route->origin];
	const int64_t ts_ns = roster_shifted(packet->ts_ns, origin->offset_ns);

	if (__builtin_expect(is_behind(feed, roster, ts_ns, route->origin, packet->core), 0)) {
		feed->is_disordered = true;
		if (!roster->is_live)
			feed->outcome.late += ts_ns < feed->packet.ts_ns;
	}
	feed->is_note = false;
	feed->origin = route->origin;
	feed->packet = *packet;
	feed->packet.iface = route->interface;
	feed->packet.ts_ns = ts_ns;
	if (__builtin_expect(
		(uint64_t)ts_ns - (uint64_t)origin->offset_ns != (uint64_t)packet->ts_ns, 0))
		feed->outcome.beyond++;
	if (ts_ns > origin->newest_ns)
		origin->newest_ns = ts_ns;
	feed->promise_ns = promised(feed, ts_ns);
}

/* Takes the newest counters of an interface, and what their time promises. */
static int
take_statistics(struct feed *feed, struct roster *roster, uint32_t iface)
{
	const struct interface *interface = &feed->input.source->interfaces[iface];
	const uint32_t origin = feed->routes[iface].origin;

	feed->promise_ns = promised(
	    feed, roster_shifted(interface->statistics.ts_ns, roster->origins[origin].offset_ns));
	return roster_count(roster, origin, feed->number, &interface->statistics,
			    interface->comment);
}

/* Reads on to the next head, as the source stands. */
static int
read_head(struct feed *feed, struct roster *roster, struct failure *why)
{
	struct source *source = feed->input.source;

	for (;;) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &feed->outcome.why);

		if (feed->route_count < source->interface_count &&
		    follow_interfaces(feed, roster, why) < 0)
			return end_alone(feed, roster, why);
		switch (event) {
		case SOURCE_PACKET: take_packet(feed, roster, &packet); return 1;
		case SOURCE_STATISTICS:
			if (take_statistics(feed, roster, packet.iface) < 0)
				return no_memory(why);
			break;
		case SOURCE_NOTE:
			feed->is_note = pcapng_is_copyable(&source->note);
			if (feed->is_note)
				return 1;
			break;
		case SOURCE_LATER: return FEED_LATER;
		case SOURCE_CUT: feed->outcome.is_cut = true; return 0;
		case SOURCE_END: return 0;
		}
	}
}

/* Reads the head that the index names next. */
static int
revisit_head(struct feed *feed)
{
	struct source *source = feed->input.source;
	const struct feed_entry *entry;
	enum source_event event;

	if (feed->index_at == feed->index_count)
		return 0;
	entry = &feed->index[feed->index_at++];
	if (source->revisit(source, entry->place, &feed->outcome.why) < 0)
		event = SOURCE_CUT;
	else
		event = source->next(source, &feed->packet, &feed->outcome.why);
	if (event != SOURCE_PACKET && event != SOURCE_NOTE) {
		failure_set(&feed->outcome.why, "'%s' changed while it was read", feed->input.name);
		feed->outcome.is_cut = true;
		return 0;
	}
	feed->is_note = event == SOURCE_NOTE;
	if (!feed->is_note)
		feed->packet.iface = feed->routes[feed->packet.iface].interface;
	feed->packet.ts_ns = entry->ts_ns;
	feed->packet.core = entry->core;
	feed->origin = entry->origin;
	return 1;
}

int
feed_advance(struct feed *feed, struct roster *roster, struct failure *why)
{
	return feed->index ? revisit_head(feed) : read_head(feed, roster, why);
}

static int
compare_entries(const void *a, const void *b, void *roster)
{
	const struct feed_entry *x = a, *y = b;
	int order;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	order = feed_compare_origins(roster, x->origin, y->origin);
	if (order)
		return order;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Forgets the heads, but not what was learnt about the source: it will be read from the start. */
static int
rewind_source(struct feed *feed, uint64_t place, struct failure *why)
{
	struct source *source = feed->input.source;
	struct feed fresh;

	feed_init(&fresh, &feed->input, feed->number);
	fresh.routes = feed->routes;
	fresh.route_count = feed->route_count;
	free(feed->index);
	*feed = fresh;
	return source->revisit(source, place, why);
}

int
feed_sort(struct feed *feed, struct roster *roster, struct failure *why)
{
	const struct source *source = feed->input.source;
	int more;

	if (!source->revisit)
		return 0;
	while ((more = read_head(feed, roster, why)) > 0) {
		if (roster_grow(&feed->index, feed->index_count, sizeof(*feed->index)) < 0)
			return no_memory(why);
		feed->index[feed->index_count++] = (struct feed_entry){.ts_ns = feed->packet.ts_ns,
								       .place = source->place,
								       .origin = feed->origin,
								       .core = feed->packet.core};
	}
	if (more < 0 || !feed->index)
		return more;
	if (!feed->is_disordered)
		return rewind_source(feed, feed->index[0].place, why);
	qsort_r(feed->index, feed->index_count, sizeof(*feed->index), compare_entries, roster);
	feed->outcome.late = 0;
	return 0;
}

void
feed_renumber(struct feed *feed, const uint32_t *place)
{
	for (uint32_t i = 0; i < feed->route_count; i++)
		feed->routes[i].interface = place[feed->routes[i].interface];
	if (feed->origin != UINT32_MAX && !feed->is_note)
		feed->packet.iface = place[feed->packet.iface];
}
