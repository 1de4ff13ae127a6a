#include "merge/interfaces.h"

#include "base/lineset.h"

#include <stdlib.h>
#include <string.h>

/* The newest counters of one core, of one capture or input. */
struct tally {
	uint32_t origin;
	size_t input;
	struct statistics statistics;
	char *comment; /* the newest they had; lines */
};

struct offset {
	char *engine;
	int64_t ns;
};

void
interfaces_release(struct interfaces *roster)
{
	for (uint32_t i = 0; i < roster->interface_count; i++)
		interface_release(&roster->interfaces[i]);
	for (size_t i = 0; i < roster->origin_count; i++) {
		free(roster->origins[i].plain);
		free(roster->origins[i].engine);
		free(roster->origins[i].via);
	}
	for (size_t i = 0; i < roster->tally_count; i++)
		free(roster->tallies[i].comment);
	for (size_t i = 0; i < roster->offset_count; i++)
		free(roster->offsets[i].engine);
	free(roster->interfaces);
	free(roster->homes);
	free(roster->origins);
	free(roster->tallies);
	free(roster->offsets);
	*roster = INTERFACES_INIT;
}

int
array_grow(void *list, size_t count, size_t size)
{
	void **array = list, *larger;

	if (count & (count - 1) || (*array && count == 0))
		return 0;
	larger = realloc(*array, (count ? 2 * count : 1) * size);
	if (!larger)
		return -1;
	*array = larger;
	return 0;
}

int
interfaces_offset(struct interfaces *roster, const char *engine, int64_t offset_ns)
{
	char *copy;

	if (array_grow(&roster->offsets, roster->offset_count, sizeof(*roster->offsets)) < 0)
		return -1;
	copy = strdup(engine);
	if (!copy)
		return -1;
	roster->offsets[roster->offset_count].engine = copy;
	roster->offsets[roster->offset_count++].ns = offset_ns;
	return 0;
}

int64_t
interfaces_shifted(int64_t ts_ns, int64_t offset_ns)
{
	int64_t sum;

	if (__builtin_add_overflow(ts_ns, offset_ns, &sum))
		return offset_ns < 0 ? 0 : INT64_MAX;
	return sum < 0 ? 0 : sum;
}

static uint32_t
hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

int
interfaces_compare(const struct interface *a, const struct interface *b)
{
	int order = compare_text(a->name, b->name);

	order = order ? order : compare_text(a->description, b->description);
	order = order ? order : compare_text(a->filter, b->filter);
	order = order ? order : (a->speed > b->speed) - (a->speed < b->speed);
	order = order ? order : (a->linktype > b->linktype) - (a->linktype < b->linktype);
	if (order == 0 && a->options_len != b->options_len)
		order = a->options_len < b->options_len ? -1 : 1;
	if (order == 0 && a->options_len)
		order = memcmp(a->options, b->options, a->options_len);
	return order;
}

static char *
copy_text(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

/* Adds a copy of the interface with this name. */
static int
add_interface(struct interfaces *roster, const struct interface *interface, const char *name,
	      uint32_t origin)
{
	struct interface *copy;
	bool failed = false;

	if (array_grow(&roster->interfaces, roster->interface_count, sizeof(*copy)) < 0 ||
	    array_grow(&roster->homes, roster->interface_count, sizeof(*roster->homes)) < 0)
		return -1;
	copy = &roster->interfaces[roster->interface_count];
	*copy = *interface;
	copy->name = copy_text(name, &failed);
	copy->description = copy_text(interface->description, &failed);
	copy->filter = copy_text(interface->filter, &failed);
	copy->options = NULL;
	copy->comment = NULL;
	copy->statistics = (struct statistics){0};
	if (interface->options_len) {
		copy->options = malloc(interface->options_len);
		failed |= !copy->options;
		if (copy->options)
			memcpy(copy->options, interface->options, interface->options_len);
	}
	if (failed) {
		interface_release(copy);
		return -1;
	}
	roster->homes[roster->interface_count++] = (struct home){.origin = origin};
	return 0;
}

static int64_t
offset_of(const struct interfaces *roster, const struct label *label)
{
	int64_t offset_ns = 0;

	for (size_t i = 0; i < roster->offset_count; i++)
		if (label->via && strcmp(roster->offsets[i].engine, label->via) == 0)
			offset_ns = roster->offsets[i].ns;
	for (size_t i = 0; i < roster->offset_count; i++)
		if (strcmp(roster->offsets[i].engine, label->engine) == 0)
			offset_ns = roster->offsets[i].ns;
	return offset_ns;
}

static int
add_origin(struct interfaces *roster, const char *plain, const struct label *label,
	   uint16_t linktype)
{
	struct origin *origin;

	if (array_grow(&roster->origins, roster->origin_count, sizeof(*origin)) < 0)
		return -1;
	origin = &roster->origins[roster->origin_count];
	*origin = (struct origin){.plain = strdup(plain),
				  .engine = strdup(label->engine),
				  .via = label->via ? strdup(label->via) : NULL,
				  .hash = hash_of(plain),
				  .newest_ns = INT64_MIN,
				  .linktype = linktype};
	if (!origin->plain || !origin->engine || (label->via && !origin->via)) {
		free(origin->plain);
		free(origin->engine);
		free(origin->via);
		return -1;
	}
	origin->offset_ns = offset_of(roster, label);
	roster->origin_count++;
	return 0;
}

static int
find_origin(struct interfaces *roster, const struct label *label, uint16_t linktype, uint32_t *id)
{
	char *plain = label_format(label, NULL);
	uint32_t hash;
	int rc = 0;

	if (!plain)
		return -1;
	hash = hash_of(plain);
	for (*id = 0; *id < roster->origin_count; (*id)++)
		if (roster->origins[*id].hash == hash &&
		    strcmp(roster->origins[*id].plain, plain) == 0)
			break;
	if (*id == roster->origin_count)
		rc = add_origin(roster, plain, label, linktype);
	free(plain);
	return rc;
}

static int
find_interface(struct interfaces *roster, const struct interface *interface,
	       const struct label *label, uint32_t origin, uint32_t *id)
{
	struct interface named = *interface;
	int rc = 0;

	named.name = label_format(label, label->side);
	if (!named.name)
		return -1;
	for (*id = 0; *id < roster->interface_count; (*id)++)
		if (roster->homes[*id].origin == origin &&
		    interfaces_compare(&roster->interfaces[*id], &named) == 0)
			break;
	if (*id == roster->interface_count)
		rc = add_interface(roster, interface, named.name, origin);
	free(named.name);
	return rc;
}

int
interfaces_add(struct interfaces *roster, const struct interface *interface,
	       const struct label *label, uint32_t *id)
{
	uint32_t origin;

	if (find_origin(roster, label, interface->linktype, &origin) < 0)
		return -1;
	return find_interface(roster, interface, label, origin, id);
}

static int
compare_ids(const void *a, const void *b, void *interfaces)
{
	const struct interface *list = interfaces;

	return interfaces_compare(&list[*(const uint32_t *)a], &list[*(const uint32_t *)b]);
}

int
interfaces_sort(struct interfaces *roster, uint32_t *place)
{
	const uint32_t count = roster->interface_count;
	struct interface *sorted = malloc((count + 1) * sizeof(*sorted));
	struct home *homes = malloc((count + 1) * sizeof(*homes));
	uint32_t *order = malloc((count + 1) * sizeof(*order));

	if (!sorted || !homes || !order) {
		free(sorted);
		free(homes);
		free(order);
		return -1;
	}
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_ids, roster->interfaces);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = roster->interfaces[order[i]];
		homes[i] = roster->homes[order[i]];
		place[order[i]] = i;
	}
	if (count) {
		memcpy(roster->interfaces, sorted, count * sizeof(*sorted));
		memcpy(roster->homes, homes, count * sizeof(*homes));
	}
	roster->ranked_count = 0;
	free(sorted);
	free(homes);
	free(order);
	return 0;
}

static int
compare_engines(const void *a, const void *b, void *origins)
{
	const struct origin *list = origins;

	return strcmp(list[*(const uint32_t *)a].engine, list[*(const uint32_t *)b].engine);
}

/* Sorts the origins by their engines into order, and numbers the engines. */
static void
rank_origins(const struct interfaces *roster, uint32_t *order, uint32_t *ranks)
{
	uint32_t rank = 0;

	for (uint32_t i = 0; i < roster->origin_count; i++)
		order[i] = i;
	if (roster->origin_count)
		qsort_r(order, roster->origin_count, sizeof(*order), compare_engines,
			roster->origins);
	for (size_t i = 0; i < roster->origin_count; i++) {
		rank += i && compare_engines(&order[i - 1], &order[i], roster->origins) != 0;
		ranks[order[i]] = rank;
	}
}

int
interfaces_rank(struct interfaces *roster)
{
	uint32_t *order, *ranks;

	if (roster->ranked_count == roster->interface_count)
		return 0;
	order = malloc(2 * (roster->origin_count + 1) * sizeof(*order));
	if (!order)
		return -1;
	ranks = order + roster->origin_count;
	rank_origins(roster, order, ranks);
	for (uint32_t i = 0; i < roster->interface_count; i++)
		roster->homes[i].rank = ranks[roster->homes[i].origin];
	roster->ranked_count = roster->interface_count;
	free(order);
	return 0;
}

/*
 * Whether the two count the same: of a core, those of one capture (the files it was written to have
 * their start in common); where the core is not known, those of one input.
 */
static bool
is_same_count(const struct tally *tally, uint32_t origin, size_t input, const struct statistics *s)
{
	return tally->origin == origin && tally->statistics.core == s->core &&
	       tally->statistics.start_ns == s->start_ns &&
	       (s->core != PACKET_NO_CORE || tally->input == input);
}

/* Of one input the last is the newest; of two, which may tie, the same whatever their order. */
static bool
is_newer(const struct tally *tally, size_t input, const struct statistics *s)
{
	const struct statistics *old = &tally->statistics;

	if (s->ts_ns != old->ts_ns)
		return s->ts_ns > old->ts_ns;
	if (tally->input == input)
		return true;
	if (s->received != old->received)
		return s->received > old->received;
	return s->accepted != old->accepted ? s->accepted > old->accepted
					    : s->dropped > old->dropped;
}

static int
take(struct tally *tally, size_t input, const struct statistics *statistics, const char *comment)
{
	char *copy = comment ? strdup(comment) : NULL;

	if (comment && !copy)
		return -1;
	if (copy) {
		free(tally->comment);
		tally->comment = copy;
	}
	tally->input = input;
	tally->statistics = *statistics;
	return 0;
}

int
interfaces_count(struct interfaces *roster, uint32_t origin, size_t input,
		 const struct statistics *statistics, const char *comment)
{
	const int64_t offset_ns = roster->origins[origin].offset_ns;
	struct statistics moved = *statistics;

	moved.ts_ns = interfaces_shifted(moved.ts_ns, offset_ns);
	if (moved.start_ns != INT64_MIN)
		moved.start_ns = interfaces_shifted(moved.start_ns, offset_ns);
	if (moved.end_ns != INT64_MIN)
		moved.end_ns = interfaces_shifted(moved.end_ns, offset_ns);
	for (size_t i = 0; i < roster->tally_count; i++) {
		struct tally *tally = &roster->tallies[i];

		if (is_same_count(tally, origin, input, &moved))
			return is_newer(tally, input, &moved) ? take(tally, input, &moved, comment)
							      : 0;
	}
	if (array_grow(&roster->tallies, roster->tally_count, sizeof(*roster->tallies)) < 0)
		return -1;
	roster->tallies[roster->tally_count] = (struct tally){.origin = origin};
	return take(&roster->tallies[roster->tally_count++], input, &moved, comment);
}

static void
add_statistics(struct statistics *sum, const struct statistics *s)
{
	if (s->start_ns != INT64_MIN && (sum->start_ns == INT64_MIN || s->start_ns < sum->start_ns))
		sum->start_ns = s->start_ns;
	if (s->end_ns > sum->end_ns)
		sum->end_ns = s->end_ns;
	if (s->ts_ns > sum->ts_ns)
		sum->ts_ns = s->ts_ns;
	statistics_add(&sum->received, s->received);
	statistics_add(&sum->dropped, s->dropped);
	statistics_add(&sum->accepted, s->accepted);
	statistics_add(&sum->os_dropped, s->os_dropped);
	statistics_add(&sum->delivered, s->delivered);
}

void
interfaces_newest(struct interfaces *roster, uint32_t origin, int64_t ts_ns)
{
	if (ts_ns > roster->origins[origin].newest_ns)
		roster->origins[origin].newest_ns = ts_ns;
}

static struct statistics
statistics_of(const struct interfaces *roster, uint32_t origin)
{
	const int64_t newest_ns = roster->origins[origin].newest_ns;
	struct statistics sum = STATISTICS_INIT;

	sum.ts_ns = INT64_MIN;
	sum.valid = true;
	for (size_t i = 0; i < roster->tally_count; i++)
		if (roster->tallies[i].origin == origin)
			add_statistics(&sum, &roster->tallies[i].statistics);
	/* Neither lies before a packet, whichever inputs brought statistics: so merging in steps
	 * gives the same. */
	if (newest_ns > sum.end_ns)
		sum.end_ns = newest_ns;
	if (sum.end_ns == INT64_MIN)
		sum.end_ns = sum.ts_ns < 0 ? 0 : sum.ts_ns;
	if (newest_ns > sum.ts_ns)
		sum.ts_ns = newest_ns;
	if (sum.ts_ns < 0)
		sum.ts_ns = sum.end_ns;
	return sum;
}

/* The comments on all counters of an origin, as one set of lines. */
static int
comment_of(const struct interfaces *roster, uint32_t origin, char **comment)
{
	for (size_t i = 0; i < roster->tally_count; i++) {
		const struct tally *tally = &roster->tallies[i];
		char *joined;

		if (tally->origin != origin || !tally->comment)
			continue;
		joined = lineset_union(*comment, tally->comment);
		if (!joined)
			return -1;
		free(*comment);
		*comment = joined;
	}
	return 0;
}

int
interfaces_finish(struct interfaces *roster)
{
	for (uint32_t i = 0; i < roster->origin_count; i++) {
		const struct origin *origin = &roster->origins[i];
		const struct interface plain = {.linktype = origin->linktype};
		uint32_t id = 0;

		while (id < roster->interface_count &&
		       strcmp(roster->interfaces[id].name, origin->plain) != 0)
			id++;
		if (id == roster->interface_count &&
		    add_interface(roster, &plain, origin->plain, i) < 0)
			return -1;
		roster->interfaces[id].statistics = statistics_of(roster, i);
		if (comment_of(roster, i, &roster->interfaces[id].comment) < 0)
			return -1;
	}
	return 0;
}
