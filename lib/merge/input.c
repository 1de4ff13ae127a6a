/*
 * The head of an input comes from one of three places.
 *
 * Usually next() of the source yields it. That is a call for each packet, so the lookahead asks the
 * source for many at a time: more() yields those that its buffer holds, turn() fills the other
 * buffer. A turn overwrites what was yielded before the turn before it; so the next turn has to
 * wait until all of those packets have been handed out ("pinned" counts them).
 *
 * A file that is not in order is read twice: first all times are noted with the places of the
 * packets in the file, and sorted; then the packets are fetched one by one in that order. Packets
 * themselves are never kept, so memory does not grow with their size.
 *
 * "In order" means by time, engine and core. An input that has two packets of one time keeps their
 * order; a packet that is older than the one before it can only be placed late.
 */
#include "merge/input.h"

#include "base/array.h"
#include "merge/label.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A packet or note of a sorted input. */
struct input_index {
	int64_t ts_ns; /* shifted */
	uint64_t place;
	uint32_t capture, core;
};

void
input_init(struct input *input, const struct merge_input *from, size_t number)
{
	*input = (struct input){.from = *from, .number = number, .capture = NO_CAPTURE};
	input->packet.ts_ns = INT64_MIN;
	input->watermark_ns = input->kept_watermark_ns = INT64_MIN;
}

void
input_release(struct input *input)
{
	free(input->map);
	free(input->brings);
	free(input->index);
	outage_release(&input->outage);
}

/* Two link types in one file cannot be read by libpcap. */
static int
check_linktype(const struct input *input, struct interfaces *interfaces,
	       const struct interface *interface, const struct label *label, struct failure *why)
{
	char first[LINKTYPE_TEXT], second[LINKTYPE_TEXT], what[300], *name;
	const struct interface *other = interfaces->list;

	if (interfaces->count == 0)
		interfaces->first_input = input->from.name;
	if (interfaces->count == 0 || interfaces->mixes_linktypes ||
	    other->linktype == interface->linktype)
		return 0;
	if (!(name = label_format(label, label->side)))
		return failure_nomem(why);
	snprintf(what, sizeof(what), "('%s' %s, '%s' %s): '--mixed' takes both", other->name,
		 linktype_text(other->linktype, first), name,
		 linktype_text(interface->linktype, second));
	free(name);
	if (strcmp(interfaces->first_input, input->from.name) == 0)
		return failure_set(why, "'%s' is of several link types %s", input->from.name, what);
	return failure_set(why, "'%s' and '%s' are of different link types %s",
			   interfaces->first_input, input->from.name, what);
}

/* Live, an input of another link type ends, and the merge goes on without it. */
static int
end_alone(struct input *input, const struct interfaces *interfaces, struct failure *why)
{
	if (!interfaces->is_live)
		return -1;
	input->outcome.is_cut = true;
	input->outcome.why = *why;
	*why = FAILURE_INIT;
	return INPUT_END;
}

/* Adds the interfaces of the source that are new to the output. */
static int
map_new_interfaces(struct input *input, struct interfaces *interfaces, struct failure *why)
{
	const struct source *source = input->from.source;
	struct input_interface *map =
	    realloc(input->map, source->interface_count * sizeof(*input->map));

	if (!map)
		return failure_nomem(why);
	input->map = map;
	for (; input->map_count < source->interface_count; input->map_count++) {
		const struct interface *interface = &source->interfaces[input->map_count];
		struct label_hint hint = input->from.hint;
		struct label label;
		int rc;

		hint.from_vcap = source->from_vcap;
		if (label_of(&label, interface, &hint) < 0)
			return failure_nomem(why);
		if (check_linktype(input, interfaces, interface, &label, why) < 0) {
			label_release(&label);
			return -1;
		}
		map[input->map_count].newest_ns = map[input->map_count].kept_ns = INT64_MIN;
		rc =
		    interfaces_add(interfaces, interface, &label, &map[input->map_count].interface);
		label_release(&label);
		if (rc < 0)
			return failure_nomem(why);
	}
	return 0;
}

/* Whether a packet with these keys belongs before the head. */
static bool
is_behind(const struct input *input, const struct interfaces *interfaces, int64_t ts_ns,
	  uint32_t capture, uint32_t core)
{
	int order;

	if (__builtin_expect(ts_ns != input->packet.ts_ns, 1))
		return ts_ns < input->packet.ts_ns;
	order = interfaces_compare_engines(interfaces, capture, input->capture);
	return order ? order < 0 : core < input->packet.core;
}

/* Whether the second of two packets in a row belongs before the first. */
static inline bool
is_out_of_order(const struct interfaces *interfaces, const struct packet *before,
		const struct packet *packet)
{
	int order;

	if (__builtin_expect(packet->ts_ns != before->ts_ns, 1))
		return packet->ts_ns < before->ts_ns;
	order = interfaces_compare_engines(interfaces, interfaces->keys[packet->iface].capture,
					   interfaces->keys[before->iface].capture);
	return order ? order < 0 : packet->core < before->core;
}

static void
raise_watermark(struct input *input, int64_t ts_ns)
{
	if (ts_ns > input->watermark_ns)
		input->watermark_ns = ts_ns;
}

/* Corrects the time of a packet. */
static void
shift_packet(struct input *input, const struct clock_slew *slew, struct packet *packet)
{
	const int64_t ts_ns = packet->ts_ns, offset_ns = clock_slew_at(slew, ts_ns);

	packet->ts_ns = interfaces_shifted(ts_ns, offset_ns);
	input->outcome.beyond += (uint64_t)packet->ts_ns - (uint64_t)offset_ns != (uint64_t)ts_ns;
}

/* Sets the output interfaces and the shifted times of packets from the source. */
static void
translate_packets(struct input *input, const struct interfaces *interfaces, struct packet *list,
		  size_t count)
{
	for (size_t i = 0; i < count;) {
		const uint32_t iface = list[i].iface, interface = input->map[iface].interface;
		const struct clock_slew *slew =
		    &interfaces->captures[interfaces->keys[interface].capture].clock->slew;
		int64_t newest_ns = input->map[iface].newest_ns;

		/* One lookup for all packets of an interface in a row. */
		for (; i < count && list[i].iface == iface; i++) {
			list[i].iface = interface;
			if (__builtin_expect((slew->from_ns | slew->to_ns) != 0, 0))
				shift_packet(input, slew, &list[i]);
			if (list[i].ts_ns > newest_ns)
				newest_ns = list[i].ts_ns;
		}
		input->map[iface].newest_ns = newest_ns;
	}
}

/* Makes a translated packet the head. */
static void
set_head(struct input *input, const struct interfaces *interfaces, const struct packet *packet)
{
	const uint32_t capture = interfaces->keys[packet->iface].capture;

	if (__builtin_expect(is_behind(input, interfaces, packet->ts_ns, capture, packet->core),
			     0)) {
		input->is_disordered = true;
		if (!interfaces->is_live)
			input->outcome.late += packet->ts_ns < input->packet.ts_ns;
	}
	input->is_note = false;
	input->capture = capture;
	input->packet = *packet;
	raise_watermark(input, packet->ts_ns);
}

/* Statistics say since when there has been something to come. */
static void
end_outage(struct input *input, const struct statistics *statistics, const struct clock_slew *slew)
{
	const int64_t ts_ns =
	    statistics->start_ns == INT64_MIN ? statistics->ts_ns : statistics->start_ns;

	outage_end(&input->outage, interfaces_shifted(ts_ns, clock_slew_at(slew, ts_ns)));
}

/* New statistics of an interface; their time is a watermark. */
static int
update_statistics(struct input *input, struct interfaces *interfaces, uint32_t iface)
{
	const struct interface *interface = &input->from.source->interfaces[iface];
	const uint32_t capture = interfaces->keys[input->map[iface].interface].capture;
	struct engine_clock *clock = interfaces->captures[capture].clock;
	const int64_t ts_ns = interface->statistics.ts_ns;

	engine_clock_see(clock, ts_ns);
	end_outage(input, &interface->statistics, &clock->slew);
	raise_watermark(input, interfaces_shifted(ts_ns, clock_slew_at(&clock->slew, ts_ns)));
	return interfaces_update_statistics(interfaces, capture, input->number,
					    &interface->statistics, interface->comment);
}

/* Translates a packet as it comes. -1: out of memory. */
static int
take_packet(struct input *input, struct interfaces *interfaces, struct packet *packet)
{
	const int64_t ts_ns = packet->ts_ns;

	translate_packets(input, interfaces, packet, 1);
	if (__builtin_expect(!interfaces->is_live, 1))
		return 0;
	engine_clock_see(interfaces->captures[interfaces->keys[packet->iface].capture].clock,
			 ts_ns);
	return outage_mark(&input->outage,
			   input->from.hint.engine ? input->from.hint.engine : input->from.name,
			   packet);
}

/* Reads the next head in the order of the source. */
static int
read_head(struct input *input, struct interfaces *interfaces, struct failure *why)
{
	struct source *source = input->from.source;

	for (;;) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &input->outcome.why);

		input->is_plain &=
		    event == SOURCE_PACKET && input->map_count == source->interface_count;
		if (input->map_count < source->interface_count &&
		    map_new_interfaces(input, interfaces, why) < 0)
			return end_alone(input, interfaces, why);
		switch (event) {
		case SOURCE_PACKET:
			if (take_packet(input, interfaces, &packet) < 0)
				return failure_nomem(why);
			set_head(input, interfaces, &packet);
			return INPUT_HEAD;
		case SOURCE_STATISTICS:
			if (update_statistics(input, interfaces, packet.iface) < 0)
				return failure_nomem(why);
			break;
		case SOURCE_NOTE:
			input->is_note = source->note.is_copyable;
			if (input->is_note)
				return INPUT_HEAD;
			break;
		case SOURCE_LATER: return INPUT_LATER;
		case SOURCE_CUT: input->outcome.is_cut = true; return INPUT_END;
		case SOURCE_END: return INPUT_END;
		}
	}
}

/* Reads the next head in the order of the index. */
static int
revisit_head(struct input *input)
{
	struct source *source = input->from.source;
	const struct input_index *entry;
	enum source_event event;

	if (input->index_at == input->index_count)
		return INPUT_END;
	entry = &input->index[input->index_at++];
	if (source->revisit(source, entry->place, &input->outcome.why) < 0)
		event = SOURCE_CUT;
	else
		event = source->next(source, &input->packet, &input->outcome.why);
	if (event != SOURCE_PACKET && event != SOURCE_NOTE) {
		failure_set(&input->outcome.why, "'%s' changed while it was read",
			    input->from.name);
		input->outcome.is_cut = true;
		return INPUT_END;
	}
	input->is_note = event == SOURCE_NOTE;
	if (!input->is_note)
		input->packet.iface = input->map[input->packet.iface].interface;
	input->packet.ts_ns = entry->ts_ns;
	input->packet.core = entry->core;
	input->capture = entry->capture;
	return INPUT_HEAD;
}

/* How many packets of the list are in order after list[-1]. */
static uint32_t
count_in_order(const struct interfaces *interfaces, const struct packet *list, size_t count)
{
	uint32_t sorted = 0;

	while (sorted < count &&
	       __builtin_expect(
		   !is_out_of_order(interfaces, &list[(ptrdiff_t)sorted - 1], &list[sorted]), 1))
		sorted++;
	return sorted;
}

/* Appends packets that the buffer of the source holds to ahead. */
static void
read_ahead(struct input *input, const struct interfaces *interfaces, uint32_t depth)
{
	struct source *source = input->from.source;
	struct packet *new = &input->ahead[input->ahead_count];
	const uint32_t room = depth - input->ahead_count;
	size_t count = source->more && room ? source->more(source, new, room) : 0;

	translate_packets(input, interfaces, new, count);
	if (input->ahead_sorted == input->ahead_count)
		input->ahead_sorted += count_in_order(interfaces, new, count);
	input->ahead_count += (uint32_t)count;
}

uint32_t
input_look_ahead(struct input *input, const struct interfaces *interfaces, uint32_t depth)
{
	struct source *source = input->from.source;
	const uint32_t left = input->ahead_count - input->ahead_at;

	if (input->index || input->is_note || !source->turn || !input->ahead)
		return 0;
	if (input->ahead_at && (left >= depth / 2 || input->ahead_sorted < input->ahead_count))
		return input->ahead_sorted - input->ahead_at;
	memmove(input->ahead + 1, input->ahead + input->ahead_at, left * sizeof(*input->ahead));
	input->ahead[0] = input->packet;
	input->ahead_at = 1;
	input->ahead_count = input->ahead_sorted = left + 1;
	read_ahead(input, interfaces, depth + 1);
	if (input->ahead_count <= depth && input->pinned == 0 && source->more &&
	    source->turn(source)) {
		input->pinned = input->ahead_count;
		read_ahead(input, interfaces, depth + 1);
	}
	return input->ahead_sorted - 1;
}

/* The first count packets from the head on have been handed out. */
static void
unpin(struct input *input, uint32_t count)
{
	input->pinned -= count < input->pinned ? count : input->pinned;
}

void
input_hand_out(struct input *input, const struct interfaces *interfaces, uint32_t count)
{
	input->ahead_at += count;
	input->packet = input->ahead[input->ahead_at - 1];
	input->capture = interfaces->keys[input->packet.iface].capture;
	unpin(input, count);
}

/* Makes the next packet that was read ahead the head. */
static int
next_ahead(struct input *input, const struct interfaces *interfaces)
{
	set_head(input, interfaces, &input->ahead[input->ahead_at++]);
	if (input->ahead_sorted < input->ahead_at)
		input->ahead_sorted = input->ahead_at;
	unpin(input, 1);
	return INPUT_HEAD;
}

int
input_advance(struct input *input, struct interfaces *interfaces, struct failure *why)
{
	if (input->index)
		return revisit_head(input);
	if (input->ahead_at < input->ahead_count)
		return next_ahead(input, interfaces);
	input->ahead_at = input->ahead_count = input->ahead_sorted = 0;
	input->pinned = 0;
	return read_head(input, interfaces, why);
}

static int
compare_entries(const void *a, const void *b, void *interfaces)
{
	const struct input_index *x = a, *y = b;
	int order;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	order = interfaces_compare_engines(interfaces, x->capture, y->capture);
	if (order)
		return order;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

void
input_restart(struct input *input)
{
	free(input->index);
	input->index = NULL;
	input->index_count = input->index_at = 0;
	input->ahead_at = input->ahead_count = input->ahead_sorted = input->pinned = 0;
	input->packet = (struct packet){.ts_ns = INT64_MIN};
	input->capture = NO_CAPTURE;
	input->is_note = input->is_disordered = input->has_ended = false;
	input->is_plain = true;
}

int
input_sort(struct input *input, struct interfaces *interfaces, struct failure *why)
{
	const struct source *source = input->from.source;
	int more;

	if (!source->revisit)
		return 0;
	while ((more = read_head(input, interfaces, why)) > 0) {
		if (array_grow(&input->index, input->index_count, sizeof(*input->index)) < 0)
			return failure_nomem(why);
		input->index[input->index_count++] =
		    (struct input_index){.ts_ns = input->packet.ts_ns,
					 .place = source->place,
					 .capture = input->capture,
					 .core = input->packet.core};
	}
	if (more < 0 || !input->index)
		return more;
	if (!input->is_disordered) {
		more = source->revisit(input->from.source, input->index[0].place, why);
		input_restart(input);
		input->outcome = (struct merge_outcome){0};
		return more;
	}
	qsort_r(input->index, input->index_count, sizeof(*input->index), compare_entries,
		interfaces);
	input->outcome.late = 0;
	return 0;
}

void
input_finish(const struct input *input, struct interfaces *interfaces)
{
	for (uint32_t i = 0; i < input->map_count; i++) {
		const struct input_interface *route = &input->map[i];

		interfaces_update_newest(interfaces, interfaces->keys[route->interface].capture,
					 route->newest_ns);
	}
}

bool
input_brings(struct input *input, const struct interfaces *interfaces, uint32_t capture)
{
	if (!input->brings) {
		input->brings = calloc(interfaces->capture_count + 1, sizeof(*input->brings));
		if (!input->brings)
			return false;
		for (uint32_t i = 0; i < input->map_count; i++)
			input->brings[interfaces->keys[input->map[i].interface].capture] = true;
	}
	return input->brings[capture];
}

void
input_renumber(struct input *input, const uint32_t *place)
{
	for (uint32_t i = 0; i < input->map_count; i++)
		input->map[i].interface = place[input->map[i].interface];
	if (input->capture != NO_CAPTURE && !input->is_note)
		input->packet.iface = place[input->packet.iface];
}
