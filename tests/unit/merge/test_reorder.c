/* The reordering window, against sorting everything. */
#include "merge/reorder.h"

#include "merge/list_source.h"
#include "tap.h"

#include <stdlib.h>

static struct failure why;
static struct interface interface = {.name = (char *)"eth0", .linktype = LINKTYPE_EN10MB};

struct seen {
	int64_t ts_ns;
	unsigned char byte;
};

static size_t
read_all(struct list_source *list, int64_t window_ns, struct seen *seen)
{
	const struct label_hint hint = {.fallback = "lb1"};
	struct reorder *reorder = reorder_new(&list->source, &hint, window_ns, &why);
	struct source *source = reorder_source(reorder);
	struct packet packet;
	size_t count = 0;

	list->at = 0;
	while (source->next(source, &packet, &why) == SOURCE_PACKET)
		seen[count++] = (struct seen){packet.ts_ns, *packet.data};
	reorder_free(reorder);
	return count;
}

/* Times that are out of order by less than window_ns; equal times are frequent. */
static void
make_list(struct list_source *list, int64_t window_ns)
{
	list_source_init(list, &interface, 1);
	for (size_t i = 0; i < LIST_MAX; i++)
		list_source_add(list, (int64_t)i / 3 * 10 + rand() % window_ns, 0,
				(unsigned char)rand());
}

/* The list sorted by time; packets of one time stay in their order. */
static void
sort_list(const struct list_source *list, struct seen *sorted)
{
	for (size_t i = 0; i < list->count; i++) {
		struct seen seen = {list->packets[i].ts_ns, list->bytes[i]};
		size_t at = i;

		for (; at > 0 && sorted[at - 1].ts_ns > seen.ts_ns; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = seen;
	}
}

static size_t
count_differences(const struct seen *a, const struct seen *b, size_t count)
{
	size_t differences = 0;

	for (size_t i = 0; i < count; i++)
		differences += a[i].ts_ns != b[i].ts_ns || a[i].byte != b[i].byte;
	return differences;
}

static void
disorder_within_the_window(void)
{
	static struct list_source list;
	static struct seen seen[LIST_MAX], sorted[LIST_MAX];
	size_t lost = 0, differences = 0;

	for (int round = 0; round < 100; round++) {
		make_list(&list, 100);
		sort_list(&list, sorted);
		lost += read_all(&list, 100, seen) != LIST_MAX;
		differences += count_differences(seen, sorted, LIST_MAX);
	}
	ok(lost == 0, "every packet is yielded once");
	ok(differences == 0, "what is out of order by less than the window is sorted, stably");
}

static void
no_window(void)
{
	static struct list_source list;
	static struct seen seen[LIST_MAX];
	size_t moved = 0;

	make_list(&list, 100);
	read_all(&list, 0, seen);
	for (size_t i = 0; i < LIST_MAX; i++)
		moved += seen[i].ts_ns != list.packets[i].ts_ns || seen[i].byte != list.bytes[i];
	ok(moved == 0, "a window of nothing leaves the order as it is");
}

static void
disorder_beyond_the_window(void)
{
	static struct list_source list;
	struct seen seen[4];

	list_source_init(&list, &interface, 1);
	for (size_t i = 0; i < 4; i++)
		list_source_add(&list, (const int64_t[]){100, 200, 50, 300}[i], 0, 0);
	ok(read_all(&list, 100, seen) == 4 && seen[0].ts_ns == 100 && seen[1].ts_ns == 50,
	   "a packet that is older than the window is late, and not lost");
	ok(read_all(&list, 101, seen) == 4 && seen[0].ts_ns == 50, "a larger window sorts it");
}

/* A merged file has several engines, and each has cores of its own. */
static void
packets_of_one_time(void)
{
	static struct interface interfaces[] = {{.name = (char *)"lb2/eth0"},
						{.name = (char *)"lb1/eth0"}};
	static struct list_source list;
	struct seen seen[5];

	list_source_init(&list, interfaces, 2);
	for (size_t i = 0; i < 5; i++) {
		list_source_add(&list, 100, i == 2, "edacb"[i]);
		list.packets[i].core = (const uint32_t[]){PACKET_NO_CORE, 7, 9, 3, 3}[i];
	}
	ok(read_all(&list, 1000, seen) == 5 && seen[0].byte == 'a' && seen[1].byte == 'c' &&
	       seen[2].byte == 'b' && seen[3].byte == 'd' && seen[4].byte == 'e',
	   "packets of one time are sorted by engine and core, and otherwise as they came");
}

int
main(void)
{
	srand(1);
	disorder_within_the_window();
	no_window();
	disorder_beyond_the_window();
	packets_of_one_time();
	return done_testing();
}
