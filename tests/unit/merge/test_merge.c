/* The merge over sources in memory, against sorting everything. */
#include "base/parse.h"
#include "capfile/pcapng.h"
#include "merge/merge.h"
#include "packet/batch.h"
#include "tap.h"

#include <stdlib.h>

enum { INPUTS = 6, PACKETS = 40 };

/* A source of packets, each with one byte of data. */
struct memory {
	struct source source; /* first */
	struct packet packets[PACKETS];
	unsigned char data[PACKETS];
	size_t count, at;
	struct interface interface;
	enum source_event last;
	bool gives_statistics;
	char engine[8];
	/* What is at hand, in one of two buffers, as a file has it. */
	unsigned char buffers[2][PACKETS];
	unsigned current;
	size_t hand;
};

static struct failure why;
/* How packets are taken: by next() alone, by merge_batch, by more() of the source */
enum taking { SINGLY, IN_BATCHES, IN_BURSTS };

static size_t in_batches; /* packets that came many at a time */

/* Has some more at hand, in a buffer in which nothing else stays. */
static void
memory_read(struct memory *m)
{
	m->hand = m->at + (size_t)rand() % 5;
	m->hand = m->hand > m->count ? m->count : m->hand;
	memset(m->buffers[m->current], 0xee, PACKETS);
	memcpy(m->buffers[m->current] + m->at, m->data + m->at, m->hand - m->at);
}

static size_t
memory_more(struct source *source, struct packet *list, size_t room)
{
	struct memory *m = (struct memory *)source;
	size_t count = 0;

	for (; count < room && m->at < m->hand; count++) {
		list[count] = m->packets[m->at];
		list[count].data = &m->buffers[m->current][m->at++];
	}
	return count;
}

static bool
memory_turn(struct source *source)
{
	struct memory *m = (struct memory *)source;

	if (m->at == m->count)
		return false;
	m->current = !m->current;
	do
		memory_read(m);
	while (m->hand <= m->at);
	return true;
}

static enum source_event
memory_next(struct source *source, struct packet *packet, struct failure *what)
{
	struct memory *m = (struct memory *)source;

	if (m->at == m->count && m->gives_statistics) {
		m->gives_statistics = false;
		*packet = (struct packet){.iface = 0};
		return SOURCE_STATISTICS;
	}
	if (m->at == m->count) {
		failure_set(what, "cut");
		return m->last;
	}
	source->place = m->at;
	memset(m->buffers, 0xee, sizeof(m->buffers));
	memory_read(m);
	m->buffers[m->current][m->at] = m->data[m->at];
	*packet = m->packets[m->at];
	packet->data = &m->buffers[m->current][m->at++];
	return SOURCE_PACKET;
}

static int
memory_revisit(struct source *source, uint64_t place, struct failure *what)
{
	(void)what;
	((struct memory *)source)->at = place;
	return 0;
}

static void
memory_init(struct memory *m, const char *engine, bool can_be_revisited)
{
	*m = (struct memory){.last = SOURCE_END};
	snprintf(m->engine, sizeof(m->engine), "%s", engine);
	m->interface = (struct interface){.name = (char *)"eth0", .linktype = LINKTYPE_EN10MB};
	m->source.next = memory_next;
	m->source.revisit = can_be_revisited ? memory_revisit : NULL;
	m->source.more = memory_more;
	m->source.turn = memory_turn;
	m->source.interfaces = &m->interface;
	m->source.interface_count = 1;
}

static void
add(struct memory *m, int64_t ts_ns, uint32_t core, unsigned char byte)
{
	m->data[m->count] = byte;
	m->packets[m->count++] =
	    (struct packet){.ts_ns = ts_ns, .caplen = 1, .len = 1, .core = core};
}

/* A packet as the merge gave it out. */
struct seen {
	int64_t ts_ns;
	char engine[8];
	uint32_t core;
	unsigned char byte;
};

static int
compare_keys(const struct seen *a, const struct seen *b)
{
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns ? -1 : 1;
	if (strcmp(a->engine, b->engine) != 0)
		return strcmp(a->engine, b->engine);
	return (a->core > b->core) - (a->core < b->core);
}

static int
compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = compare_keys(x, y);

	return order ? order : x->byte - y->byte;
}

static bool
are_same(const struct seen *a, const struct seen *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (compare_seen(&a[i], &b[i]) != 0)
			return false;
	return true;
}

static void
see(const struct source *source, const struct packet *packet, struct seen *seen)
{
	*seen = (struct seen){packet->ts_ns, "", packet->core, *packet->data};
	sscanf(source->interfaces[packet->iface].name, "%7[^/]", seen->engine);
}

/* How many packets the merge yields many at a time, if any. */
static size_t
see_many(struct merge *merge, enum taking how, struct batch *batch, struct seen *seen)
{
	struct source *source = merge_source(merge);
	struct packet list[7];
	size_t count = 0;

	if (how == IN_BATCHES) {
		count = merge_batch(merge, batch);
		for (size_t i = 0; i < count; i++)
			see(source, batch->slots[i].packet, &seen[i]);
	} else if (how == IN_BURSTS) {
		count = source->more(source, list, 7);
		for (size_t i = 0; i < count; i++)
			see(source, &list[i], &seen[i]);
	}
	in_batches += count;
	return count;
}

/* All that the merge yields. */
static size_t
read_all(struct merge *merge, enum taking how, struct seen *seen)
{
	struct source *source = merge_source(merge);
	struct batch batch = BATCH_INIT;
	struct packet packet;
	size_t found = 0, many;

	while ((many = see_many(merge, how, &batch, seen + found)) > 0 ||
	       source->next(source, &packet, &why) == SOURCE_PACKET) {
		if (many == 0)
			see(source, &packet, &seen[found]);
		found += many ? many : 1;
	}
	batch_release(&batch);
	return found;
}

/* Merges the inputs in this order; the number of packets. */
static size_t
run(struct memory *inputs, const size_t *order, size_t count, bool sorts, enum taking how,
    struct seen *seen)
{
	struct merge *merge = merge_new(&why);
	size_t found;

	for (size_t i = 0; i < count; i++) {
		struct memory *m = &inputs[order[i]];
		const struct merge_input input = {
		    .source = &m->source, .name = m->engine, .hint = {.engine = m->engine}};

		m->at = m->hand = 0;
		merge_add(merge, &input, &why);
	}
	if (sorts)
		merge_sort_inputs(merge);
	if (merge_start(merge, &why) < 0)
		abort();
	found = read_all(merge, how, seen);
	merge_free(merge);
	return found;
}

static void
shuffle(size_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)rand() % i, swapped = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swapped;
	}
}

/* Random inputs: few engines, cores and, if so, times, so that ties are the rule. Returns all
 * packets. */
static size_t
make_inputs(struct memory *inputs, bool in_order, int64_t times, struct seen *all)
{
	static const char *const engines[] = {"lb1", "lb2", "lb3"};
	size_t total = 0;

	for (size_t i = 0; i < INPUTS; i++) {
		struct seen own[PACKETS];
		size_t count = (size_t)rand() % PACKETS;

		memory_init(&inputs[i], engines[rand() % 3], true);
		for (size_t j = 0; j < count; j++) {
			own[j] = (struct seen){rand() % times, "", (uint32_t)rand() % 2,
					       (unsigned char)(rand() % 3)};
			strcpy(own[j].engine, inputs[i].engine);
		}
		if (in_order) {
			/* By key alone: the bytes stay as they fell. */
			for (size_t j = 1; j < count; j++)
				for (size_t k = j; k > 0 && compare_keys(&own[k], &own[k - 1]) < 0;
				     k--) {
					struct seen swapped = own[k];

					own[k] = own[k - 1];
					own[k - 1] = swapped;
				}
		}
		for (size_t j = 0; j < count; j++) {
			add(&inputs[i], own[j].ts_ns, own[j].core, own[j].byte);
			all[total++] = own[j];
		}
	}
	return total;
}

static void
random_inputs(bool in_order)
{
	static struct memory inputs[INPUTS];
	static struct seen all[INPUTS * PACKETS], one[INPUTS * PACKETS], other[INPUTS * PACKETS];
	unsigned lost = 0, unordered = 0, moved = 0, differs = 0;

	in_batches = 0;
	for (int round = 0; round < 500; round++) {
		const int64_t times = round % 2 ? 8 : 1000;
		size_t order[INPUTS], total = make_inputs(inputs, in_order, times, all), found,
				      many;

		shuffle(order, INPUTS);
		found = run(inputs, order, INPUTS, !in_order, SINGLY, one);
		shuffle(order, INPUTS);
		run(inputs, order, INPUTS, !in_order, SINGLY, other);
		moved += !are_same(one, other, found);
		shuffle(order, INPUTS);
		many = run(inputs, order, INPUTS, !in_order, round % 4 < 2 ? IN_BATCHES : IN_BURSTS,
			   other);
		differs += many != found || !are_same(one, other, found);
		for (size_t i = 1; i < found; i++)
			unordered += compare_keys(&one[i - 1], &one[i]) > 0;
		qsort(all, total, sizeof(*all), compare_seen);
		qsort(one, found, sizeof(*one), compare_seen);
		lost += found != total || !are_same(all, one, total);
	}
	ok(lost == 0, "inputs %s order: every packet is there once", in_order ? "in" : "out of");
	ok(unordered == 0, "... by time, engine and core");
	ok(moved == 0, "... and the same whatever the order of the inputs");
	ok(differs == 0, "... or how many are taken at a time");
	ok(in_batches > 0, "... which is many");
}

static void
order_within_an_input_stays(void)
{
	struct memory inputs[2];
	struct seen seen[8];
	char bytes[9] = "";

	memory_init(&inputs[0], "a", false);
	memory_init(&inputs[1], "b", false);
	for (const char *c = "zaz"; *c; c++)
		add(&inputs[0], 5, 0, (unsigned char)*c);
	for (const char *c = "yb"; *c; c++)
		add(&inputs[1], 5, 0, (unsigned char)*c);
	run(inputs, (size_t[]){1, 0}, 2, false, SINGLY, seen);
	for (int i = 0; i < 5; i++)
		bytes[i] = (char)seen[i].byte;
	is_str(bytes, "zazyb", "packets of one time: engines in turn, each in its own order");
}

static void
what_is_late_is_counted(void)
{
	struct memory m;
	struct merge *merge = merge_new(&why);
	struct source *source = merge_source(merge);
	struct merge_input input = {.source = &m.source, .name = "m", .hint = {.engine = "a"}};
	struct packet packet;
	unsigned count = 0;

	memory_init(&m, "a", false);
	add(&m, 10, 0, 0), add(&m, 30, 0, 0), add(&m, 20, 0, 0), add(&m, 25, 0, 0);
	m.last = SOURCE_CUT;
	merge_add(merge, &input, &why);
	merge_sort_inputs(merge);
	merge_start(merge, &why);
	while (source->next(source, &packet, &why) == SOURCE_PACKET)
		count++;
	ok(count == 4 && merge_outcome(merge, 0)->late == 1 && merge_is_disordered(merge),
	   "a packet that cannot be sorted is placed late and counted");
	ok(merge_outcome(merge, 0)->is_cut, "an input that is damaged is known");
	is_str(merge_outcome(merge, 0)->why.text, "cut", "... and why");
	merge_free(merge);
}

static void
statistics_are_summed(void)
{
	struct memory inputs[3];
	struct merge *merge = merge_new(&why);
	struct source *source = merge_source(merge);
	const struct statistics *s;
	struct packet packet;

	for (size_t i = 0; i < 3; i++) {
		const struct merge_input input = {
		    .source = &inputs[i].source, .name = "m", .hint = {.engine = "a"}};

		memory_init(&inputs[i], "a", false);
		inputs[i].gives_statistics = true;
		/* Core 1 twice, the second time newer; core 2 once. */
		inputs[i].interface.statistics = (struct statistics){.ts_ns = 100 + (int64_t)i,
								     .start_ns = 50,
								     .end_ns = INT64_MIN,
								     .received = 10 + i,
								     .dropped = 1 + i,
								     .accepted = STATISTICS_UNKNOWN,
								     .core = i < 2 ? 1 : 2,
								     .valid = true};
		merge_add(merge, &input, &why);
	}
	merge_offset(merge, "a", -7, &why);
	merge_start(merge, &why);
	ok(source->next(source, &packet, &why) == SOURCE_END, "no packets");
	s = &source->interfaces[0].statistics;
	ok(source->interface_count == 1 && s->valid && s->received == 11 + 12 &&
	       s->dropped == 2 + 3 && s->accepted == STATISTICS_UNKNOWN,
	   "the newest of each core, summed");
	ok(s->ts_ns == 95 && s->start_ns == 43 && s->end_ns == 95,
	   "their times are moved, and they have an end");
	is_str(source->interfaces[0].name, "a/eth0", "on the interface of the engine");
	merge_free(merge);
}

static void
link_types_are_not_mixed(void)
{
	for (int mixes = 0; mixes < 2; mixes++) {
		struct memory inputs[2];
		struct merge *merge = merge_new(&why);

		for (size_t i = 0; i < 2; i++) {
			const struct merge_input input = {.source = &inputs[i].source,
							  .name = i ? "second" : "first",
							  .hint = {.engine = "a"}};

			memory_init(&inputs[i], "a", false);
			inputs[i].interface.linktype = i ? LINKTYPE_RAW : LINKTYPE_EN10MB;
			merge_add(merge, &input, &why);
		}
		if (mixes)
			merge_mix_linktypes(merge);
		ok((merge_start(merge, &why) == 0) == mixes, "two link types, %s",
		   mixes ? "which is asked for" : why.text);
		merge_free(merge);
	}
}

int
main(void)
{
	srand(1);
	random_inputs(true);
	random_inputs(false);
	order_within_an_input_stays();
	what_is_late_is_counted();
	statistics_are_summed();
	link_types_are_not_mixed();
	return done_testing();
}
