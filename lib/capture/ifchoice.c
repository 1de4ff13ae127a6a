/*
 * Never twice, never missed. A packet belongs to the capture if its interface is taken at the time
 * of its receipt. The rings hold packets of all interfaces, so an interface that comes is captured
 * as soon as the rule takes it, whenever that is found out: the messages that tell of it are queued
 * before its first packet is, and are read before that packet is judged.
 *
 * They bear no time. What is known of a change is that it came after the last look at an empty queue
 * (quiet_ns) and not after this one (now_ns). In between both the old choice and the new one count,
 * so that nothing is missed: an interface that is taken is so from quiet_ns, one that is not any
 * more was until now_ns. The kernel tells what it has done already, and between may be some time on a busy
 * machine: a bridge's members are free before it is told that the bridge is down. So all this begins
 * UNTOLD before quiet_ns, for packets that have not been judged by then. A packet that two interfaces carry, of which one takes the other's place, as
 * when a device joins a bridge, would then be there twice: so of packets of that moment
 * (ifspans_doubt) those that are the same are kept once (capture/doubles).
 *
 * An address that goes takes nothing with it: who still sends to a VIP that has moved is captured.
 * What ends a span is that the interface goes, goes down, or is seen on another one.
 *
 * Times hold for a moment only, lest a clock that is set back hide packets: after that an interface
 * that is taken is so for any time, and one that is not is forgotten once no ring can hold its
 * packets any more.
 */
#include "capture/ifchoice.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

/* After these times a span's from_ns, or all of an ended span, does not matter any more. A ring holds
 * packets of a disk's stall at most. */
#define FROM_MATTERS  (2000 * MS)
#define UNTIL_MATTERS (30000 * MS)

/* From a change to its message in the queue. */
#define UNTOLD (50 * MS)
/* Between the times that two interfaces give the same packet when it is sent. */
#define APART (1 * MS)

static int
by_index(const void *a, const void *b)
{
	const struct ifspan *x = a, *y = b;

	return x->index != y->index ? (x->index > y->index) - (x->index < y->index)
				    : (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static void
add_event(struct ifchoice *choice, const struct ifevent *event)
{
	choice->events[choice->event_count++ % IFCHOICE_EVENTS] = *event;
}

static void
add_slot_event(struct ifchoice *choice, const struct ifspan *span, int64_t ts_ns, bool is_coming)
{
	struct ifevent event = {.ts_ns = ts_ns, .is_coming = is_coming};

	memcpy(event.name, choice->table->slots[span->slot].name, sizeof(event.name));
	add_event(choice, &event);
}

static void
change(struct ifchoice *choice, struct ifspan *span, const struct ifmoment *moment)
{
	const int64_t matters = span->until_ns == INT64_MAX ? FROM_MATTERS : UNTIL_MATTERS;

	span->changed_mono = moment->mono_ns;
	if (moment->mono_ns + matters < choice->settle_mono)
		choice->settle_mono = moment->mono_ns + matters;
	choice->generation++;
}

/* Not before this can a change of the moment have been. */
static int64_t
earliest(const struct ifmoment *moment)
{
	return moment->quiet_ns < INT64_MIN + UNTOLD ? INT64_MIN : moment->quiet_ns - UNTOLD;
}

static void
add_doubt(struct ifchoice *choice, const struct ifmoment *moment)
{
	choice->spans.doubts[choice->doubt_count++ % IFSPANS_DOUBTS] =
	    (struct ifdoubt){earliest(moment), moment->now_ns + APART};
	choice->spans.sure_ns = moment->now_ns + APART;
}

static bool
has_open_span(const struct ifchoice *choice, int index, uint32_t slot)
{
	for (size_t i = 0; i < choice->spans.count; i++) {
		const struct ifspan *span = &choice->spans.list[i];

		if (span->index == index && span->slot == slot && span->until_ns == INT64_MAX)
			return true;
	}
	return false;
}

/* The interface is taken: opens a span unless there is one. */
static int
take(struct ifchoice *choice, const struct iface *iface, const struct ifmoment *moment)
{
	const uint32_t slot = iftable_add(choice->table, iface, moment->now_ns);
	struct ifspan *span;

	if (slot == IFTABLE_NONE) {
		memcpy(choice->missed, iface->name, sizeof(choice->missed));
		return 0;
	}
	if (has_open_span(choice, iface->index, slot))
		return 0;
	if (array_grow(&choice->spans.list, choice->spans.count, sizeof(*span)) < 0)
		return -1;
	span = &choice->spans.list[choice->spans.count++];
	*span = (struct ifspan){.index = iface->index,
				.slot = slot,
				.from_ns = earliest(moment),
				.until_ns = INT64_MAX};
	change(choice, span, moment);
	add_slot_event(choice, span, moment->now_ns, true);
	return 0;
}

/* Whether the span is that of an interface that is taken, by the name it has now. */
static bool
is_current(const struct ifchoice *choice, const struct ifspan *span)
{
	const struct iface *iface = ifaces_by_index(&choice->ifaces, span->index);

	return iface && iface->taken &&
	       strcmp(iface->name, choice->table->slots[span->slot].name) == 0;
}

static bool
has_address(const struct iface_address *list, size_t count, const struct iface_address *address)
{
	for (size_t i = 0; i < count; i++)
		if (iface_address_is(&list[i], address))
			return true;
	return false;
}

/* Adds events for what is in list and not among those of other. */
static void
compare_addresses(struct ifchoice *choice, const struct iface_address *list, size_t count,
		  const struct iface_address *other, size_t other_count, struct ifevent event)
{
	for (size_t i = 0; i < count; i++) {
		const struct iface *iface = ifaces_by_index(&choice->ifaces, list[i].index);

		/* Those of an interface that is gone went with it. */
		if (!iface || has_address(other, other_count, &list[i]))
			continue;
		event.addr = list[i].addr;
		memcpy(event.name, iface->name, sizeof(event.name));
		add_event(choice, &event);
	}
}

static bool
has_addresses(const struct iface_address *list, size_t count, int index)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].index == index)
			return true;
	return false;
}

/* Notes one that would be taken if it was an Ethernet interface, and was not known by an address before. */
static void
note_left_out(struct ifchoice *choice, const struct iface *iface)
{
	const struct ifrule *rule = &choice->rule;

	if (rule->named_count == 0 && rule->awaited_count == 0 && ifrule_leaves_out(iface) &&
	    !has_addresses(choice->known, choice->known_count, iface->index))
		memcpy(choice->left_out, iface->name, sizeof(choice->left_out));
}

static int
know_addresses(struct ifchoice *choice)
{
	const struct ifaces *ifaces = &choice->ifaces;
	const size_t size = (ifaces->address_count + 1) * sizeof(*choice->known);
	struct iface_address *known = realloc(choice->known, size);

	if (!known)
		return -1;
	if (ifaces->address_count)
		memcpy(known, ifaces->addresses, ifaces->address_count * sizeof(*known));
	choice->known = known;
	choice->known_count = ifaces->address_count;
	return 0;
}

int
ifchoice_begin(struct ifchoice *choice, const struct ifrule *rule, struct iftable *table,
	       struct ifaces *ifaces)
{
	int rc;

	*choice = (struct ifchoice){
	    .rule = *rule, .table = table, .ifaces = *ifaces, .settle_mono = INT64_MAX};
	*ifaces = IFACES_INIT;
	rc = know_addresses(choice);
	if (rc == 0)
		rc = ifchoice_decide(choice, &(struct ifmoment){.quiet_ns = INT64_MIN});
	/* None of these came: they were there. */
	choice->event_count = choice->doubt_count = 0;
	choice->left_out[0] = '\0';
	choice->spans.doubts[0] = (struct ifdoubt){0};
	choice->spans.sure_ns = 0;
	return rc;
}

void
ifchoice_release(struct ifchoice *choice)
{
	ifaces_release(&choice->ifaces);
	ifspans_release(&choice->spans);
	free(choice->known);
	*choice = (struct ifchoice){.settle_mono = INT64_MAX};
}

int
ifchoice_read(struct ifchoice *choice, const void *messages, size_t size)
{
	return ifaces_parse(&choice->ifaces, messages, size);
}

void
ifchoice_replace(struct ifchoice *choice, struct ifaces *ifaces)
{
	for (size_t i = 0; i < ifaces->count; i++) {
		struct iface *iface = &ifaces->list[i];
		const struct iface *known = ifaces_by_index(&choice->ifaces, iface->index);

		if (!known)
			continue;
		iface->has_address |= known->has_address;
		iface->speed = known->speed;
	}
	ifaces_release(&choice->ifaces);
	choice->ifaces = *ifaces;
	*ifaces = IFACES_INIT;
}

int
ifchoice_decide(struct ifchoice *choice, const struct ifmoment *moment)
{
	struct ifaces *ifaces = &choice->ifaces;
	struct ifevent event = {.ts_ns = moment->now_ns};
	const uint64_t generation = choice->generation;
	int rc = 0;

	ifrule_apply(&choice->rule, ifaces);
	compare_addresses(choice, choice->known, choice->known_count, ifaces->addresses,
			  ifaces->address_count, event);
	for (size_t i = 0; i < choice->spans.count; i++) {
		struct ifspan *span = &choice->spans.list[i];

		if (span->until_ns != INT64_MAX || is_current(choice, span))
			continue;
		span->until_ns = moment->now_ns;
		change(choice, span, moment);
		add_slot_event(choice, span, moment->now_ns, false);
	}
	for (size_t i = 0; i < ifaces->count; i++)
		if (!ifaces->list[i].taken)
			note_left_out(choice, &ifaces->list[i]);
		else if (take(choice, &ifaces->list[i], moment) < 0)
			rc = -1;
	event.is_coming = true;
	compare_addresses(choice, ifaces->addresses, ifaces->address_count, choice->known,
			  choice->known_count, event);
	if (choice->generation != generation)
		add_doubt(choice, moment);
	if (choice->spans.count)
		qsort(choice->spans.list, choice->spans.count, sizeof(*choice->spans.list),
		      by_index);
	if (know_addresses(choice) < 0)
		rc = -1;
	return rc;
}

void
ifchoice_settle(struct ifchoice *choice, int64_t mono_ns)
{
	size_t left = 0;

	if (mono_ns < choice->settle_mono)
		return;
	choice->settle_mono = INT64_MAX;
	for (size_t i = 0; i < choice->spans.count; i++) {
		struct ifspan span = choice->spans.list[i];
		const bool is_open = span.until_ns == INT64_MAX;
		const int64_t at = span.changed_mono + (is_open ? FROM_MATTERS : UNTIL_MATTERS);

		if (mono_ns < at) {
			if (at < choice->settle_mono)
				choice->settle_mono = at;
		} else if (is_open) {
			span.from_ns = INT64_MIN;
		} else {
			continue;
		}
		choice->spans.list[left++] = span;
	}
	choice->spans.count = left;
	choice->generation++;
}

int
ifspans_copy(struct ifspans *to, const struct ifspans *from)
{
	struct ifspan *list = realloc(to->list, (from->count + 1) * sizeof(*list));

	if (!list)
		return -1;
	if (from->count)
		memcpy(list, from->list, from->count * sizeof(*list));
	*to = *from;
	to->list = list;
	return 0;
}

void
ifspans_release(struct ifspans *spans)
{
	free(spans->list);
	*spans = (struct ifspans){0};
}

bool
ifspans_doubt(const struct ifspans *spans, int64_t ts_ns)
{
	for (size_t i = 0; ts_ns <= spans->sure_ns && i < IFSPANS_DOUBTS; i++)
		if (spans->doubts[i].from_ns <= ts_ns && ts_ns <= spans->doubts[i].until_ns)
			return true;
	return false;
}

uint32_t
ifspans_find(const struct ifspans *spans, int index, int64_t ts_ns)
{
	size_t first = 0, end = spans->count;

	while (first < end) {
		const size_t middle = first + (end - first) / 2;

		if (spans->list[middle].index < index)
			first = middle + 1;
		else
			end = middle;
	}
	for (; first < spans->count && spans->list[first].index == index; first++)
		if (spans->list[first].from_ns <= ts_ns && ts_ns <= spans->list[first].until_ns)
			return spans->list[first].slot;
	return IFTABLE_NONE;
}
