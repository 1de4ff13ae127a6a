#include "merge/input.h"

#include "merge/label.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A packet or note of a source that is read out of order. */
struct input_index {
	int64_t ts_ns; /* moved */
	uint64_t place;
	uint32_t origin, core;
};

void
input_init(struct input *feed, const struct merge_input *input, size_t number)
{
	*feed = (struct input){
	    .input = *input,
	    .number = number,
	    .packet = {.ts_ns = INT64_MIN, .core = 0},
	    .origin = UINT32_MAX,
	    .promise_ns = INT64_MIN,
	};
}

void
input_release(struct input *feed)
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
check_linktype(const struct input *feed, struct interfaces *roster,
	       const struct interface *interface, struct failure *why)
{
	if (roster->interface_count == 0)
		roster->first_input = feed->input.name;
	else if (!roster->mixes_linktypes && roster->interfaces[0].linktype != interface->linktype)
		return failure_set(why, "'%s' and '%s' are of different link types (%u and %u)",
				   roster->first_input, feed->input.name,
				   roster->interfaces[0].linktype, interface->linktype);
	return 0;
}

/* A merge_live merge goes on without an input of another link type. */
static int
end_alone(struct input *feed, const struct interfaces *roster, struct failure *why)
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
follow_interfaces(struct input *feed, struct interfaces *roster, struct failure *why)
{
	const struct source *source = feed->input.source;
	struct route *routes =
	    realloc(feed->routes, source->interface_count * sizeof(*feed->routes));

	if (!routes)
		return no_memory(why);
	feed->routes = routes;
	for (; feed->route_count < source->interface_count; feed->route_count++) {
		const struct interface *interface = &source->interfaces[feed->route_count];
		struct label_hint hint = feed->input.hint;
		struct label label;
		int rc;

		if (check_linktype(feed, roster, interface, why) < 0)
			return -1;
		hint.from_vcap = source->from_vcap;
		if (label_of(&label, interface, &hint) < 0)
			return no_memory(why);
		routes[feed->route_count].newest_ns = INT64_MIN;
		rc =
		    interfaces_add(roster, interface, &label, &routes[feed->route_count].interface);
		label_release(&label);
		if (rc < 0)
			return no_memory(why);
	}
	return 0;
}

int
input_compare_origins(const struct interfaces *roster, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	return strcmp(a == UINT32_MAX ? "" : roster->origins[a].engine,
		      b == UINT32_MAX ? "" : roster->origins[b].engine);
}

/* Whether the packet belongs before the head. */
static bool
is_behind(const struct input *feed, const struct interfaces *roster, int64_t ts_ns, uint32_t origin,
	  uint32_t core)
{
	int order;

	if (__builtin_expect(ts_ns != feed->packet.ts_ns, 1))
		return ts_ns < feed->packet.ts_ns;
	order = input_compare_origins(roster, origin, feed->origin);
	return order ? order < 0 : core < feed->packet.core;
}

/* Whether one of two packets in a row belongs before the other. */
static inline bool
is_out_of_order(const struct interfaces *roster, const struct packet *before,
		const struct packet *packet)
{
	int order;

	if (__builtin_expect(packet->ts_ns != before->ts_ns, 1))
		return packet->ts_ns < before->ts_ns;
	order = input_compare_origins(roster, roster->homes[packet->iface].origin,
				      roster->homes[before->iface].origin);
	return order ? order < 0 : packet->core < before->core;
}

static int64_t
promised(const struct input *feed, int64_t ts_ns)
{
	return ts_ns > feed->promise_ns ? ts_ns : feed->promise_ns;
}

/* Moves the time of a packet as its origin's clock asks for. */
static void
move_packet(struct input *feed, const struct origin *origin, struct packet *packet)
{
	const int64_t ts_ns = packet->ts_ns;

	packet->ts_ns = interfaces_shifted(ts_ns, origin->offset_ns);
	feed->outcome.beyond +=
	    (uint64_t)packet->ts_ns - (uint64_t)origin->offset_ns != (uint64_t)ts_ns;
}

/* Gives packets of the source the roster's interfaces, and their moved times. */
static void
route_packets(struct input *feed, const struct interfaces *roster, struct packet *list,
	      size_t count)
{
	for (size_t i = 0; i < count;) {
		const uint32_t iface = list[i].iface, interface = feed->routes[iface].interface;
		const struct origin *origin = &roster->origins[roster->homes[interface].origin];
		int64_t newest_ns = feed->routes[iface].newest_ns;

		/* Those of one interface in a row share the way. */
		for (; i < count && list[i].iface == iface; i++) {
			list[i].iface = interface;
			if (__builtin_expect(origin->offset_ns != 0, 0))
				move_packet(feed, origin, &list[i]);
			if (list[i].ts_ns > newest_ns)
				newest_ns = list[i].ts_ns;
		}
		feed->routes[iface].newest_ns = newest_ns;
	}
}

/* Makes a packet, which has been routed, the head. */
static void
take_packet(struct input *feed, const struct interfaces *roster, const struct packet *packet)
{
	const uint32_t origin = roster->homes[packet->iface].origin;

	if (__builtin_expect(is_behind(feed, roster, packet->ts_ns, origin, packet->core), 0)) {
		feed->is_disordered = true;
		if (!roster->is_live)
			feed->outcome.late += packet->ts_ns < feed->packet.ts_ns;
	}
	feed->is_note = false;
	feed->origin = origin;
	feed->packet = *packet;
	feed->promise_ns = promised(feed, packet->ts_ns);
}

/* Takes the newest counters of an interface, and what their time promises. */
static int
take_statistics(struct input *feed, struct interfaces *roster, uint32_t iface)
{
	const struct interface *interface = &feed->input.source->interfaces[iface];
	const uint32_t origin = roster->homes[feed->routes[iface].interface].origin;

	feed->promise_ns = promised(feed, interfaces_shifted(interface->statistics.ts_ns,
							     roster->origins[origin].offset_ns));
	return interfaces_count(roster, origin, feed->number, &interface->statistics,
				interface->comment);
}

/* Reads on to the next head, as the source stands. */
static int
read_head(struct input *feed, struct interfaces *roster, struct failure *why)
{
	struct source *source = feed->input.source;

	for (;;) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &feed->outcome.why);

		if (feed->route_count < source->interface_count &&
		    follow_interfaces(feed, roster, why) < 0)
			return end_alone(feed, roster, why);
		switch (event) {
		case SOURCE_PACKET:
			route_packets(feed, roster, &packet, 1);
			take_packet(feed, roster, &packet);
			return 1;
		case SOURCE_STATISTICS:
			if (take_statistics(feed, roster, packet.iface) < 0)
				return no_memory(why);
			break;
		case SOURCE_NOTE:
			feed->is_note = source->note.is_copyable;
			if (feed->is_note)
				return 1;
			break;
		case SOURCE_LATER: return INPUT_LATER;
		case SOURCE_CUT: feed->outcome.is_cut = true; return 0;
		case SOURCE_END: return 0;
		}
	}
}

/* Reads the head that the index names next. */
static int
revisit_head(struct input *feed)
{
	struct source *source = feed->input.source;
	const struct input_index *entry;
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

/* How many packets of a list, before whose first another stands, are in order. */
static uint32_t
count_in_order(const struct interfaces *roster, const struct packet *list, size_t count)
{
	uint32_t sound = 0;

	while (sound < count &&
	       __builtin_expect(!is_out_of_order(roster, &list[(ptrdiff_t)sound - 1], &list[sound]),
				1))
		sound++;
	return sound;
}

/* Adds to ahead what the source has at hand. */
static void
read_ahead(struct input *feed, const struct interfaces *roster, uint32_t most)
{
	struct source *source = feed->input.source;
	struct packet *new = &feed->ahead[feed->ahead_count];
	const uint32_t room = most - feed->ahead_count;
	size_t count = source->more && room ? source->more(source, new, room) : 0;

	route_packets(feed, roster, new, count);
	if (feed->ahead_sound == feed->ahead_count)
		feed->ahead_sound += count_in_order(roster, new, count);
	feed->ahead_count += (uint32_t)count;
}

uint32_t
input_look_ahead(struct input *feed, const struct interfaces *roster, uint32_t most)
{
	struct source *source = feed->input.source;
	const uint32_t left = feed->ahead_count - feed->ahead_at;

	if (feed->index || feed->is_note || !source->turn || !feed->ahead)
		return 0;
	if (feed->ahead_at && (left >= most / 2 || feed->ahead_sound < feed->ahead_count))
		return feed->ahead_sound - feed->ahead_at;
	memmove(feed->ahead + 1, feed->ahead + feed->ahead_at, left * sizeof(*feed->ahead));
	feed->ahead[0] = feed->packet;
	feed->ahead_at = 1;
	feed->ahead_count = feed->ahead_sound = left + 1;
	read_ahead(feed, roster, most + 1);
	if (feed->ahead_count <= most && feed->pinned == 0 && source->more &&
	    source->turn(source)) {
		feed->pinned = feed->ahead_count;
		read_ahead(feed, roster, most + 1);
	}
	return feed->ahead_sound - 1;
}

/* So many of the packets at hand have been handed out. */
static void
unpin(struct input *feed, uint32_t count)
{
	feed->pinned -= count < feed->pinned ? count : feed->pinned;
}

void
input_hand_out(struct input *feed, const struct interfaces *roster, uint32_t count)
{
	feed->ahead_at += count;
	feed->packet = feed->ahead[feed->ahead_at - 1];
	feed->origin = roster->homes[feed->packet.iface].origin;
	unpin(feed, count);
}

/* The next of those that were read ahead. */
static int
take_ahead(struct input *feed, const struct interfaces *roster)
{
	take_packet(feed, roster, &feed->ahead[feed->ahead_at++]);
	if (feed->ahead_sound < feed->ahead_at)
		feed->ahead_sound = feed->ahead_at;
	unpin(feed, 1);
	return 1;
}

int
input_advance(struct input *feed, struct interfaces *roster, struct failure *why)
{
	if (feed->index)
		return revisit_head(feed);
	if (feed->ahead_at < feed->ahead_count)
		return take_ahead(feed, roster);
	feed->ahead_at = feed->ahead_count = feed->ahead_sound = 0;
	feed->pinned = 0;
	return read_head(feed, roster, why);
}

static int
compare_entries(const void *a, const void *b, void *roster)
{
	const struct input_index *x = a, *y = b;
	int order;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	order = input_compare_origins(roster, x->origin, y->origin);
	if (order)
		return order;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Forgets the heads, but not what was learnt about the source: it will be read from the start. */
static int
rewind_source(struct input *feed, uint64_t place, struct failure *why)
{
	struct source *source = feed->input.source;
	struct input fresh;

	input_init(&fresh, &feed->input, feed->number);
	fresh.ahead = feed->ahead;
	fresh.routes = feed->routes;
	fresh.route_count = feed->route_count;
	free(feed->index);
	*feed = fresh;
	return source->revisit(source, place, why);
}

int
input_sort(struct input *feed, struct interfaces *roster, struct failure *why)
{
	const struct source *source = feed->input.source;
	int more;

	if (!source->revisit)
		return 0;
	while ((more = read_head(feed, roster, why)) > 0) {
		if (array_grow(&feed->index, feed->index_count, sizeof(*feed->index)) < 0)
			return no_memory(why);
		feed->index[feed->index_count++] = (struct input_index){.ts_ns = feed->packet.ts_ns,
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
input_finish(const struct input *feed, struct interfaces *roster)
{
	for (uint32_t i = 0; i < feed->route_count; i++) {
		const struct route *route = &feed->routes[i];

		interfaces_newest(roster, roster->homes[route->interface].origin, route->newest_ns);
	}
}

void
input_renumber(struct input *feed, const uint32_t *place)
{
	for (uint32_t i = 0; i < feed->route_count; i++)
		feed->routes[i].interface = place[feed->routes[i].interface];
	if (feed->origin != UINT32_MAX && !feed->is_note)
		feed->packet.iface = place[feed->packet.iface];
}
