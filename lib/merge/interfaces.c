/*
 * Two tables. The output interfaces are what the merged file has: one for each label and set of
 * properties, however many inputs bring it. The capture interfaces are what they belong to: three
 * output interfaces `lb1/eth0`, `lb1/eth0/client` and `lb1/eth0/server` are one capture interface,
 * with one clock offset and one set of counters.
 *
 * Before the first packet the output interfaces are sorted by name, so that their numbers do not
 * depend on the order of the inputs; those that turn up later are appended. Packets of one time are
 * ordered by the name of their engine. Comparing names for each packet would be slow: so each
 * output interface has the rank of its engine, an integer, which is recomputed when interfaces
 * were added. Inputs may have thousands of interfaces, which is what the hash is for.
 */
#include "merge/interfaces.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* The clock offset of an engine, or of the engines behind an input of that name. */
struct engine_offset {
	char *engine;
	int64_t ns;
};

void
interfaces_release(struct interfaces *interfaces)
{
	for (uint32_t i = 0; i < interfaces->count; i++)
		interface_release(&interfaces->list[i]);
	for (size_t i = 0; i < interfaces->capture_count; i++) {
		free(interfaces->captures[i].name);
		free(interfaces->captures[i].engine);
		free(interfaces->captures[i].via);
	}
	for (size_t i = 0; i < interfaces->offset_count; i++)
		free(interfaces->offsets[i].engine);
	free(interfaces->list);
	free(interfaces->keys);
	free(interfaces->captures);
	core_statistics_release(&interfaces->cores);
	free(interfaces->offsets);
	*interfaces = INTERFACES_INIT;
}

int
interfaces_offset(struct interfaces *interfaces, const char *engine, int64_t offset_ns)
{
	char *copy;

	if (array_grow(&interfaces->offsets, interfaces->offset_count,
		       sizeof(*interfaces->offsets)) < 0)
		return -1;
	copy = strdup(engine);
	if (!copy)
		return -1;
	interfaces->offsets[interfaces->offset_count].engine = copy;
	interfaces->offsets[interfaces->offset_count++].ns = offset_ns;
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

/* FNV-1a */
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

/* Adds a copy of the interface under another name. */
static int
add_interface(struct interfaces *interfaces, const struct interface *interface, const char *name,
	      uint32_t capture)
{
	struct interface *copy;
	bool failed = false;

	if (array_grow(&interfaces->list, interfaces->count, sizeof(*copy)) < 0 ||
	    array_grow(&interfaces->keys, interfaces->count, sizeof(*interfaces->keys)) < 0)
		return -1;
	copy = &interfaces->list[interfaces->count];
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
	interfaces->keys[interfaces->count++] = (struct interface_key){.capture = capture};
	return 0;
}

/* An offset of the engine itself takes precedence over one of its input. */
static int64_t
offset_of(const struct interfaces *interfaces, const struct label *label)
{
	int64_t offset_ns = 0;

	for (size_t i = 0; i < interfaces->offset_count; i++)
		if (label->via && strcmp(interfaces->offsets[i].engine, label->via) == 0)
			offset_ns = interfaces->offsets[i].ns;
	for (size_t i = 0; i < interfaces->offset_count; i++)
		if (strcmp(interfaces->offsets[i].engine, label->engine) == 0)
			offset_ns = interfaces->offsets[i].ns;
	return offset_ns;
}

static int
add_capture(struct interfaces *interfaces, const char *name, const struct label *label,
	    uint16_t linktype)
{
	struct capture_interface *capture;

	if (array_grow(&interfaces->captures, interfaces->capture_count, sizeof(*capture)) < 0)
		return -1;
	capture = &interfaces->captures[interfaces->capture_count];
	*capture = (struct capture_interface){.name = strdup(name),
					      .engine = strdup(label->engine),
					      .via = label->via ? strdup(label->via) : NULL,
					      .hash = hash_of(name),
					      .newest_ns = INT64_MIN,
					      .linktype = linktype};
	if (!capture->name || !capture->engine || (label->via && !capture->via)) {
		free(capture->name);
		free(capture->engine);
		free(capture->via);
		return -1;
	}
	capture->offset_ns = offset_of(interfaces, label);
	interfaces->capture_count++;
	return 0;
}

static int
find_capture(struct interfaces *interfaces, const struct label *label, uint16_t linktype,
	     uint32_t *id)
{
	char *name = label_format(label, NULL);
	uint32_t hash;
	int rc = 0;

	if (!name)
		return -1;
	hash = hash_of(name);
	for (*id = 0; *id < interfaces->capture_count; (*id)++)
		if (interfaces->captures[*id].hash == hash &&
		    strcmp(interfaces->captures[*id].name, name) == 0)
			break;
	if (*id == interfaces->capture_count)
		rc = add_capture(interfaces, name, label, linktype);
	free(name);
	return rc;
}

static int
find_interface(struct interfaces *interfaces, const struct interface *interface,
	       const struct label *label, uint32_t capture, uint32_t *id)
{
	struct interface named = *interface;
	int rc = 0;

	named.name = label_format(label, label->side);
	if (!named.name)
		return -1;
	for (*id = 0; *id < interfaces->count; (*id)++)
		if (interfaces->keys[*id].capture == capture &&
		    interfaces_compare(&interfaces->list[*id], &named) == 0)
			break;
	if (*id == interfaces->count)
		rc = add_interface(interfaces, interface, named.name, capture);
	free(named.name);
	return rc;
}

int
interfaces_add(struct interfaces *interfaces, const struct interface *interface,
	       const struct label *label, uint32_t *id)
{
	uint32_t capture;

	if (find_capture(interfaces, label, interface->linktype, &capture) < 0)
		return -1;
	return find_interface(interfaces, interface, label, capture, id);
}

static int
compare_ids(const void *a, const void *b, void *interfaces)
{
	const struct interface *list = interfaces;

	return interfaces_compare(&list[*(const uint32_t *)a], &list[*(const uint32_t *)b]);
}

int
interfaces_sort(struct interfaces *interfaces, uint32_t *place)
{
	const uint32_t count = interfaces->count;
	struct interface *sorted = malloc((count + 1) * sizeof(*sorted));
	struct interface_key *keys = malloc((count + 1) * sizeof(*keys));
	uint32_t *order = malloc((count + 1) * sizeof(*order));

	if (!sorted || !keys || !order) {
		free(sorted);
		free(keys);
		free(order);
		return -1;
	}
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_ids, interfaces->list);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = interfaces->list[order[i]];
		keys[i] = interfaces->keys[order[i]];
		place[order[i]] = i;
	}
	if (count) {
		memcpy(interfaces->list, sorted, count * sizeof(*sorted));
		memcpy(interfaces->keys, keys, count * sizeof(*keys));
	}
	interfaces->ranked_count = 0;
	free(sorted);
	free(keys);
	free(order);
	return 0;
}

int
interfaces_compare_engines(const struct interfaces *interfaces, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	return strcmp(a == NO_CAPTURE ? "" : interfaces->captures[a].engine,
		      b == NO_CAPTURE ? "" : interfaces->captures[b].engine);
}

static int
compare_engines(const void *a, const void *b, void *captures)
{
	const struct capture_interface *list = captures;

	return strcmp(list[*(const uint32_t *)a].engine, list[*(const uint32_t *)b].engine);
}

/* Sets ranks[i] to the rank of the engine of capture interface i; order is scratch space. */
static void
rank_engines(const struct interfaces *interfaces, uint32_t *order, uint32_t *ranks)
{
	uint32_t rank = 0;

	for (uint32_t i = 0; i < interfaces->capture_count; i++)
		order[i] = i;
	if (interfaces->capture_count)
		qsort_r(order, interfaces->capture_count, sizeof(*order), compare_engines,
			interfaces->captures);
	for (size_t i = 0; i < interfaces->capture_count; i++) {
		rank += i && compare_engines(&order[i - 1], &order[i], interfaces->captures) != 0;
		ranks[order[i]] = rank;
	}
}

int
interfaces_rank(struct interfaces *interfaces)
{
	uint32_t *order, *ranks;

	if (interfaces->ranked_count == interfaces->count)
		return 0;
	order = malloc(2 * (interfaces->capture_count + 1) * sizeof(*order));
	if (!order)
		return -1;
	ranks = order + interfaces->capture_count;
	rank_engines(interfaces, order, ranks);
	for (uint32_t i = 0; i < interfaces->count; i++)
		interfaces->keys[i].rank = ranks[interfaces->keys[i].capture];
	interfaces->ranked_count = interfaces->count;
	free(order);
	return 0;
}

int
interfaces_update_statistics(struct interfaces *interfaces, uint32_t capture, size_t input,
			     const struct statistics *statistics, const char *comment)
{
	const int64_t offset_ns = interfaces->captures[capture].offset_ns;
	struct statistics shifted = *statistics;

	shifted.ts_ns = interfaces_shifted(shifted.ts_ns, offset_ns);
	if (shifted.start_ns != INT64_MIN)
		shifted.start_ns = interfaces_shifted(shifted.start_ns, offset_ns);
	if (shifted.end_ns != INT64_MIN)
		shifted.end_ns = interfaces_shifted(shifted.end_ns, offset_ns);
	return core_statistics_update(&interfaces->cores, capture, input, &shifted, comment);
}

void
interfaces_update_newest(struct interfaces *interfaces, uint32_t capture, int64_t ts_ns)
{
	if (ts_ns > interfaces->captures[capture].newest_ns)
		interfaces->captures[capture].newest_ns = ts_ns;
}

int
interfaces_finish(struct interfaces *interfaces)
{
	for (uint32_t i = 0; i < interfaces->capture_count; i++) {
		const struct capture_interface *capture = &interfaces->captures[i];
		const struct interface unnamed = {.linktype = capture->linktype};
		uint32_t id = 0;

		while (id < interfaces->count &&
		       strcmp(interfaces->list[id].name, capture->name) != 0)
			id++;
		if (id == interfaces->count &&
		    add_interface(interfaces, &unnamed, capture->name, i) < 0)
			return -1;
		interfaces->list[id].statistics =
		    core_statistics_sum(&interfaces->cores, i, capture->newest_ns);
		if (core_statistics_comment(&interfaces->cores, i, &interfaces->list[id].comment) <
		    0)
			return -1;
	}
	return 0;
}
