/* The tables of interfaces, and the statistics of cores. */
#include "merge/interfaces.h"

#include "tap.h"

#include <stdlib.h>

static uint32_t
add(struct interfaces *interfaces, const char *name, const char *via)
{
	const struct interface interface = {.name = (char *)name, .linktype = LINKTYPE_EN10MB};
	const struct label_hint hint = {.engine = via, .is_region = true, .fallback = "file"};
	struct label label;
	uint32_t id;

	if (label_of(&label, &interface, &hint) < 0 ||
	    interfaces_add(interfaces, &interface, &label, &id) < 0)
		abort();
	label_release(&label);
	return id;
}

static void
what_is_shared(void)
{
	struct interfaces interfaces = INTERFACES_INIT;
	const uint32_t plain = add(&interfaces, "lb1/eth0", NULL);
	const uint32_t client = add(&interfaces, "lb1/eth0/client", NULL);
	const uint32_t other = add(&interfaces, "lb1/eth1", NULL);
	const struct interface_key *keys = interfaces.keys;

	ok(add(&interfaces, "lb1/eth0", NULL) == plain, "one label is one output interface");
	ok(plain != client && keys[plain].capture == keys[client].capture,
	   "a side is another one, of the same capture interface");
	ok(keys[plain].capture != keys[other].capture, "another name is another of both");
	interfaces_release(&interfaces);
}

static void
sorting_and_ranks(void)
{
	static const char *const names[] = {"lb2/eth0",        "lb10/eth0", "lb1/eth1",
					    "lb2/eth0/server", "lb1/eth0",  "a/eth9"};
	enum { NAMES = sizeof(names) / sizeof(*names) };
	struct interfaces interfaces = INTERFACES_INIT;
	uint32_t place[NAMES];
	unsigned moved = 0, unsorted = 0, wrong = 0;

	for (size_t i = 0; i < NAMES; i++)
		add(&interfaces, names[i], NULL);
	interfaces_sort(&interfaces, place);
	interfaces_rank(&interfaces);
	for (size_t i = 0; i < NAMES; i++)
		moved += strcmp(interfaces.list[place[i]].name, names[i]) != 0;
	for (uint32_t i = 0; i + 1 < NAMES; i++) {
		const struct interface_key *keys = &interfaces.keys[i];
		const int order =
		    interfaces_compare_engines(&interfaces, keys[0].capture, keys[1].capture);

		unsorted += interfaces_compare(&interfaces.list[i], &interfaces.list[i + 1]) >= 0;
		wrong += (keys[0].rank < keys[1].rank) != (order < 0) ||
			 (keys[0].rank == keys[1].rank) != (order == 0);
	}
	ok(moved == 0, "place tells where each has gone");
	ok(unsorted == 0, "they are sorted");
	ok(wrong == 0, "ranks are in the order of the engines' names");
	interfaces_release(&interfaces);
}

static int64_t
offset_of(const struct interfaces *interfaces, uint32_t id)
{
	return interfaces->captures[interfaces->keys[id].capture].clock->slew.to_ns;
}

static void
offsets(void)
{
	struct interfaces interfaces = INTERFACES_INIT;

	engine_clocks_set(&interfaces.clocks, "lb1", 5);
	engine_clocks_set(&interfaces.clocks, "night", 7);
	ok(offset_of(&interfaces, add(&interfaces, "lb1/eth0", "night")) == 5,
	   "the offset of an engine");
	ok(offset_of(&interfaces, add(&interfaces, "lb2/eth0", "night")) == 7,
	   "... or of the input that it came by");
	ok(offset_of(&interfaces, add(&interfaces, "lb3/eth0", NULL)) == 0, "... or none");
	ok(interfaces_shifted(100, -7) == 93 && interfaces_shifted(5, -7) == 0 &&
	       interfaces_shifted(INT64_MAX - 1, 7) == INT64_MAX,
	   "times stay between 1970 and 2262");
	interfaces_release(&interfaces);
}

/* Counters of cores, as files may have them: core 1 in two files, cores 2 and 3, and a later
 * capture of core 1. */
static const struct {
	int64_t ts_ns, start_ns;
	uint32_t core;
	uint64_t received;
	const char *comment;
} counters[] = {
    {100, 10, 1, 1000, "old"}, {200, 10, 1, 2000, "new"},  {150, 10, 2, 30, NULL},
    {150, 10, 3, 4, "third"},  {900, 800, 1, 50000, NULL},
};

enum { COUNTERS = sizeof(counters) / sizeof(*counters) };

static struct statistics
sum_in_order(const size_t *order, char **comment)
{
	struct core_statistics cores = CORE_STATISTICS_INIT;
	struct statistics sum;

	for (size_t i = 0; i < COUNTERS; i++) {
		struct statistics statistics = STATISTICS_INIT;

		statistics.ts_ns = counters[order[i]].ts_ns;
		statistics.start_ns = counters[order[i]].start_ns;
		statistics.core = counters[order[i]].core;
		statistics.received = counters[order[i]].received;
		core_statistics_update(&cores, 0, order[i], &statistics,
				       counters[order[i]].comment);
	}
	sum = core_statistics_sum(&cores, 0, 950);
	*comment = NULL;
	core_statistics_comment(&cores, 0, comment);
	core_statistics_release(&cores);
	return sum;
}

static void
newest_of_each_core(void)
{
	char *comment, *reversed;
	const struct statistics one = sum_in_order((const size_t[]){0, 1, 2, 3, 4}, &comment);
	const struct statistics other = sum_in_order((const size_t[]){4, 3, 2, 1, 0}, &reversed);

	ok(one.received == 2000 + 30 + 4 + 50000, "the newest of each core and capture, summed");
	ok(one.dropped == STATISTICS_UNKNOWN, "a counter that no core gave is not known");
	ok(one.start_ns == 10 && one.ts_ns == 950 && one.end_ns == 950,
	   "from the first start to the newest packet");
	ok(memcmp(&one.received, &other.received, sizeof(one.received)) == 0 &&
	       one.ts_ns == other.ts_ns && one.end_ns == other.end_ns,
	   "the same in any order");
	is_str(comment, "new\nthird", "the newest comment of each core");
	free(comment);
	free(reversed);
}

int
main(void)
{
	what_is_shared();
	sorting_and_ranks();
	offsets();
	newest_of_each_core();
	return done_testing();
}
