/*
 * Two tables. The output interfaces are what the merged file has: one for each label and set of
 * properties, however many inputs bring it. The capture interfaces are what they belong to: three
 * output interfaces `lb1/eth0`, `lb1/eth0/client` and `lb1/eth0/server` are one capture interface,
 * with one clock offset and one set of counters.
 *
 * Before the first packet the output interfaces are sorted by name, so that their numbers do not
 * depend on the order of the inputs; those that turn up later are appended. Packets of one time are
 * ordered by the name of their engine. Comparing names for each packet would be slow: so each
 * output interface has the rank of its engine, an integer, which is recomputed when an engine was
 * added. Inputs may have thousands of interfaces, and a hostile one as many as it likes: lookups are
 * in balanced trees, which no choice of names makes slow.
 */
#include "merge/interfaces.h"

#include "base/array.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* In the tree of output interfaces. The strings and options are those of the list. */
struct interface_node {
	struct interface interface;
	uint32_t capture, id;
};

/* In the tree of capture interfaces; the name is that of the capture interface. */
struct capture_node {
	const char *name;
	uint32_t id;
};

/* In the tree of engines; the name is that of the first capture interface of it. */
struct engine_node {
	const char *name;
	uint32_t capture; /* that one */
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
	tdestroy(interfaces->by_properties, free);
	tdestroy(interfaces->by_name, free);
	tdestroy(interfaces->by_engine, free);
	free(interfaces->nodes);
	free(interfaces->list);
	free(interfaces->keys);
	free(interfaces->captures);
	core_statistics_release(&interfaces->cores);
	engine_clocks_release(&interfaces->clocks);
	*interfaces = INTERFACES_INIT;
}

int64_t
interfaces_shifted(int64_t ts_ns, int64_t offset_ns)
{
	int64_t sum;

	if (__builtin_add_overflow(ts_ns, offset_ns, &sum))
		return offset_ns < 0 ? 0 : INT64_MAX;
	return sum < 0 ? 0 : sum;
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

static int
compare_nodes(const void *a, const void *b)
{
	const struct interface_node *x = a, *y = b;

	if (x->capture != y->capture)
		return x->capture < y->capture ? -1 : 1;
	return interfaces_compare(&x->interface, &y->interface);
}

/* Of capture nodes and engine nodes, which begin with a name. */
static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Puts a copy of the node into a tree. NULL: out of memory. */
static void *
add_node(void **tree, const void *node, size_t size, int (*order)(const void *, const void *))
{
	void *copy = malloc(size);

	if (!copy)
		return NULL;
	memcpy(copy, node, size);
	if (tsearch(copy, tree, order))
		return copy;
	free(copy);
	return NULL;
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
	struct interface_node node;
	struct interface *copy;
	bool failed = false;

	if (array_grow(&interfaces->list, interfaces->count, sizeof(*copy)) < 0 ||
	    array_grow(&interfaces->keys, interfaces->count, sizeof(*interfaces->keys)) < 0 ||
	    array_grow(&interfaces->nodes, interfaces->count, sizeof(*interfaces->nodes)) < 0)
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
	node = (struct interface_node){*copy, capture, interfaces->count};
	if (failed || !(interfaces->nodes[interfaces->count] = add_node(
			    &interfaces->by_properties, &node, sizeof(node), compare_nodes))) {
		interface_release(copy);
		return -1;
	}
	interfaces->keys[interfaces->count++] = (struct interface_key){.capture = capture};
	return 0;
}

/* Notes the engine of a capture interface, if it is new. */
static int
note_engine(struct interfaces *interfaces, uint32_t id)
{
	struct capture_interface *capture = &interfaces->captures[id];
	const struct engine_node node = {capture->engine, id};
	struct engine_node *const *known = tfind(&node, &interfaces->by_engine, compare_names);

	if (known) {
		capture->rank = interfaces->captures[(*known)->capture].rank;
		return 0;
	}
	interfaces->has_new_engine = true;
	return add_node(&interfaces->by_engine, &node, sizeof(node), compare_names) ? 0 : -1;
}

static int
add_capture(struct interfaces *interfaces, const char *name, const struct label *label,
	    uint16_t linktype)
{
	const uint32_t id = (uint32_t)interfaces->capture_count;
	struct capture_interface *capture;
	struct capture_node node = {.id = id};

	if (array_grow(&interfaces->captures, interfaces->capture_count, sizeof(*capture)) < 0)
		return -1;
	capture = &interfaces->captures[id];
	*capture = (struct capture_interface){.name = strdup(name),
					      .engine = strdup(label->engine),
					      .via = label->via ? strdup(label->via) : NULL,
					      .newest_ns = INT64_MIN,
					      .linktype = linktype};
	interfaces->capture_count++;
	capture->clock = engine_clocks_find(&interfaces->clocks, label->engine, label->via);
	if (!capture->name || !capture->engine || (label->via && !capture->via) || !capture->clock)
		return -1;
	node.name = capture->name;
	if (!add_node(&interfaces->by_name, &node, sizeof(node), compare_names))
		return -1;
	return note_engine(interfaces, id);
}

uint32_t
interfaces_find_capture(const struct interfaces *interfaces, const char *name)
{
	const struct capture_node node = {.name = name};
	struct capture_node *const *found = tfind(&node, &interfaces->by_name, compare_names);

	return found ? (*found)->id : NO_CAPTURE;
}

static int
find_capture(struct interfaces *interfaces, const struct label *label, uint16_t linktype,
	     uint32_t *id)
{
	char *name = label_format(label, NULL);
	int rc = 0;

	if (!name)
		return -1;
	*id = interfaces_find_capture(interfaces, name);
	if (*id == NO_CAPTURE) {
		*id = (uint32_t)interfaces->capture_count;
		rc = add_capture(interfaces, name, label, linktype);
	}
	free(name);
	return rc;
}

static int
find_interface(struct interfaces *interfaces, const struct interface *interface,
	       const struct label *label, uint32_t capture, uint32_t *id)
{
	struct interface_node named = {*interface, capture, interfaces->count};
	struct interface_node *const *found;
	int rc = 0;

	named.interface.name = label_format(label, label->side);
	if (!named.interface.name)
		return -1;
	found = tfind(&named, &interfaces->by_properties, compare_nodes);
	*id = found ? (*found)->id : interfaces->count;
	if (!found)
		rc = add_interface(interfaces, interface, named.interface.name, capture);
	free(named.interface.name);
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
	struct interface_node **nodes = malloc((count + 1) * sizeof(*nodes));
	uint32_t *order = malloc((count + 1) * sizeof(*order));

	if (!sorted || !keys || !nodes || !order) {
		free(sorted);
		free(keys);
		free(nodes);
		free(order);
		return -1;
	}
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_ids, interfaces->list);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = interfaces->list[order[i]];
		keys[i] = interfaces->keys[order[i]];
		nodes[i] = interfaces->nodes[order[i]];
		nodes[i]->id = i;
		place[order[i]] = i;
	}
	if (count) {
		memcpy(interfaces->list, sorted, count * sizeof(*sorted));
		memcpy(interfaces->keys, keys, count * sizeof(*keys));
		memcpy(interfaces->nodes, nodes, count * sizeof(*nodes));
	}
	interfaces->ranked_count = 0;
	free(sorted);
	free(keys);
	free(nodes);
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

/* Sets the ranks of all capture interfaces; order is scratch space. */
static void
rank_engines(struct interfaces *interfaces, uint32_t *order)
{
	uint32_t rank = 0;

	for (uint32_t i = 0; i < interfaces->capture_count; i++)
		order[i] = i;
	if (interfaces->capture_count)
		qsort_r(order, interfaces->capture_count, sizeof(*order), compare_engines,
			interfaces->captures);
	for (size_t i = 0; i < interfaces->capture_count; i++) {
		rank += i && compare_engines(&order[i - 1], &order[i], interfaces->captures) != 0;
		interfaces->captures[order[i]].rank = rank;
	}
}

int
interfaces_rank(struct interfaces *interfaces)
{
	uint32_t i = interfaces->ranked_count, *order;

	if (i == interfaces->count)
		return 0;
	if (interfaces->has_new_engine) {
		order = malloc((interfaces->capture_count + 1) * sizeof(*order));
		if (!order)
			return -1;
		rank_engines(interfaces, order);
		free(order);
		interfaces->has_new_engine = false;
		i = 0;
	}
	for (; i < interfaces->count; i++)
		interfaces->keys[i].rank = interfaces->captures[interfaces->keys[i].capture].rank;
	interfaces->ranked_count = interfaces->count;
	return 0;
}

int
interfaces_update_statistics(struct interfaces *interfaces, uint32_t capture, size_t input,
			     const struct statistics *statistics, const char *comment)
{
	const struct clock_slew *slew = &interfaces->captures[capture].clock->slew;
	struct statistics shifted = *statistics;

	shifted.ts_ns = interfaces_shifted(shifted.ts_ns, clock_slew_at(slew, shifted.ts_ns));
	/* Captures are told apart by their start: it stays where it is. */
	if (shifted.start_ns != INT64_MIN)
		shifted.start_ns = interfaces_shifted(shifted.start_ns, slew->first_ns);
	if (shifted.end_ns != INT64_MIN)
		shifted.end_ns =
		    interfaces_shifted(shifted.end_ns, clock_slew_at(slew, shifted.end_ns));
	return core_statistics_update(&interfaces->cores, capture, input, &shifted, comment);
}

void
interfaces_update_newest(struct interfaces *interfaces, uint32_t capture, int64_t ts_ns)
{
	if (ts_ns > interfaces->captures[capture].newest_ns)
		interfaces->captures[capture].newest_ns = ts_ns;
}

/* Sets ids[i] to the first output interface of the name of capture interface i, or NO_CAPTURE. */
static void
find_sideless(const struct interfaces *interfaces, uint32_t *ids)
{
	memset(ids, 0xff, interfaces->capture_count * sizeof(*ids));
	for (uint32_t id = interfaces->count; id-- > 0;) {
		const uint32_t capture = interfaces->keys[id].capture;

		if (strcmp(interfaces->list[id].name, interfaces->captures[capture].name) == 0)
			ids[capture] = id;
	}
}

/* Puts the sums of capture interface number i on output interface id. */
static int
finish_capture(struct interfaces *interfaces, uint32_t i, uint32_t id)
{
	const struct capture_interface *capture = &interfaces->captures[i];
	const struct interface unnamed = {.linktype = capture->linktype};

	if (id == NO_CAPTURE) {
		id = interfaces->count;
		if (add_interface(interfaces, &unnamed, capture->name, i) < 0)
			return -1;
	}
	interfaces->list[id].statistics =
	    core_statistics_sum(&interfaces->cores, i, capture->newest_ns);
	return core_statistics_comment(&interfaces->cores, i, &interfaces->list[id].comment);
}

int
interfaces_finish(struct interfaces *interfaces)
{
	uint32_t *ids = malloc((interfaces->capture_count + 1) * sizeof(*ids));
	int rc = ids ? 0 : -1;

	if (ids)
		find_sideless(interfaces, ids);
	for (uint32_t i = 0; rc == 0 && i < interfaces->capture_count; i++)
		rc = finish_capture(interfaces, i, ids[i]);
	free(ids);
	return rc;
}
