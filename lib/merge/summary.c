/*
 * Bins are a list of (time, row). A packet goes to a bin among the last few, which is where it is
 * if the capture is in order; otherwise a bin is appended, which may exist already. When the list
 * is full it is sorted and such duplicates are added up, and it grows only if that freed less than
 * half. So no table is needed, and any order of packets gives the same result.
 */
#include "merge/summary.h"

#include "base/array.h"
#include "base/siphash.h"
#include "packet/burst.h"
#include "packet/tunnel.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

void
summary_release(struct summary *summary)
{
	for (size_t i = 0; i < summary->row_count; i++)
		label_release(&summary->rows[i].label);
	tdestroy(summary->tree, free);
	free(summary->rows);
	free(summary->bins);
	*summary = SUMMARY_INIT;
}

int
summary_watch_connects(struct summary *summary, struct failure *why)
{
	struct siphash_key secret;

	if (siphash_draw_key(&secret, why) < 0)
		return -1;
	summary->connwatch = connwatch_new(secret, why);
	return summary->connwatch ? 0 : -1;
}

static int
compare_labels(const struct label *a, const struct label *b)
{
	int order = strcmp(a->engine, b->engine);

	order = order ? order : strcmp(a->iface, b->iface);
	return order ? order : strcmp(a->side ? a->side : "", b->side ? b->side : "");
}

/* A row in a tree by labels (tsearch): a file may have thousands. The label is the row's. */
struct row_node {
	struct label label;
	uint32_t row;
};

static int
compare_nodes(const void *a, const void *b)
{
	return compare_labels(&((const struct row_node *)a)->label,
			      &((const struct row_node *)b)->label);
}

/* Adds a row, which takes over the label. */
static int
add_row(struct summary *summary, const struct label *label)
{
	struct row_node *node = malloc(sizeof(*node));

	if (!node || array_grow(&summary->rows, summary->row_count, sizeof(*summary->rows)) < 0) {
		free(node);
		return -1;
	}
	*node = (struct row_node){*label, (uint32_t)summary->row_count};
	if (!tsearch(node, &summary->tree, compare_nodes)) {
		free(node);
		return -1;
	}
	summary->rows[summary->row_count++] = (struct summary_row){.label = *label};
	return 0;
}

/* Finds or adds the row of a label, which becomes the row's or is released. */
static int
find_row(struct summary *summary, struct label *label, uint32_t *row)
{
	const struct row_node key = {.label = *label};
	struct row_node *const *found = tfind(&key, &summary->tree, compare_nodes);

	*row = found ? (*found)->row : (uint32_t)summary->row_count;
	if (!found && add_row(summary, label) == 0)
		return 0;
	label_release(label);
	return found ? 0 : -1;
}

/* Sets row_of for the interfaces of source that are new. */
static int
add_new_rows(struct summary *summary, const struct source *source, uint32_t **row_of,
	     uint32_t *known)
{
	const struct label_hint hint = {.fallback = "-"};
	uint32_t *rows;

	if (*known == source->interface_count)
		return 0;
	rows = realloc(*row_of, source->interface_count * sizeof(*rows));
	if (!rows)
		return -1;
	*row_of = rows;
	for (; *known < source->interface_count; (*known)++) {
		struct label label;

		if (label_of(&label, &source->interfaces[*known], &hint) < 0 ||
		    find_row(summary, &label, &rows[*known]) < 0)
			return -1;
	}
	return 0;
}

static int
compare_bins(const void *a, const void *b)
{
	const struct summary_bin *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Sorts the bins and adds up those of the same row and time. */
static void
join_bins(struct summary *summary)
{
	size_t kept = 0;

	if (summary->bin_count)
		qsort(summary->bins, summary->bin_count, sizeof(*summary->bins), compare_bins);
	for (size_t i = 0; i < summary->bin_count; i++) {
		struct summary_bin *last = kept ? &summary->bins[kept - 1] : NULL;

		if (last && compare_bins(last, &summary->bins[i]) == 0) {
			last->packets += summary->bins[i].packets;
			last->bytes += summary->bins[i].bytes;
		} else {
			summary->bins[kept++] = summary->bins[i];
		}
	}
	summary->bin_count = kept;
}

static int
add_bin(struct summary *summary, const struct summary_bin *added)
{
	/* In a capture that is in order only the newest few bins grow. */
	for (size_t i = summary->bin_count, n = 0; i-- > 0 && n < 64; n++)
		if (compare_bins(&summary->bins[i], added) == 0) {
			summary->bins[i].packets++;
			summary->bins[i].bytes += added->bytes;
			return 0;
		}
	if (summary->bin_count == summary->bin_room) {
		join_bins(summary);
		if (2 * summary->bin_count >= summary->bin_room) {
			size_t room = summary->bin_room ? 2 * summary->bin_room : 256;
			struct summary_bin *bins = realloc(summary->bins, room * sizeof(*bins));

			if (!bins)
				return -1;
			summary->bins = bins;
			summary->bin_room = room;
		}
	}
	summary->bins[summary->bin_count++] = *added;
	return 0;
}

static int
count_packet(struct summary *summary, uint32_t row, const struct packet *packet, int64_t bin_ns)
{
	struct summary_row *r = &summary->rows[row];
	struct summary_bin bin = {.row = row, .packets = 1, .bytes = packet->len};

	if (r->packets == 0 || packet->ts_ns < r->first_ns)
		r->first_ns = packet->ts_ns;
	if (r->packets == 0 || packet->ts_ns > r->last_ns)
		r->last_ns = packet->ts_ns;
	r->packets++;
	r->bytes += packet->len;
	if (bin_ns == 0)
		return 0;
	bin.start_ns = packet->ts_ns - packet->ts_ns % bin_ns;
	return add_bin(summary, &bin);
}

/* Whether a row has nothing to say beside the one that follows it in the order of labels, which has
 * a side of the same interface. */
static bool
is_idle(const struct summary_row *row, const struct summary_row *next)
{
	return row->packets == 0 && !row->label.side &&
	       row->counters.dropped == STATISTICS_UNKNOWN && next->label.side &&
	       strcmp(next->label.engine, row->label.engine) == 0 &&
	       strcmp(next->label.iface, row->label.iface) == 0;
}

static int
compare_rows(const void *a, const void *b, void *rows)
{
	const struct summary_row *list = rows;

	return compare_labels(&list[*(const uint32_t *)a].label, &list[*(const uint32_t *)b].label);
}

/* Sorts the rows, removes those with nothing to say, and renumbers the bins. */
static int
sort_and_prune(struct summary *summary)
{
	const size_t all = summary->row_count;
	struct summary_row *sorted = malloc((all + 1) * sizeof(*sorted));
	uint32_t *order = malloc((all + 1) * sizeof(*order));
	uint32_t *place = malloc((all + 1) * sizeof(*place));
	size_t kept = 0;

	if (!sorted || !order || !place) {
		free(sorted);
		free(order);
		free(place);
		return -1;
	}
	for (size_t i = 0; i < all; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, all, sizeof(*order), compare_rows, summary->rows);
	for (size_t i = 0; i < all; i++)
		if (i + 1 == all ||
		    !is_idle(&summary->rows[order[i]], &summary->rows[order[i + 1]]))
			order[kept++] = order[i];
	for (size_t i = 0; i < kept; i++) {
		sorted[i] = summary->rows[order[i]];
		summary->rows[order[i]].label.text = NULL;
		place[order[i]] = (uint32_t)i;
	}
	for (size_t i = 0; i < all; i++)
		free(summary->rows[i].label.text);
	free(summary->rows);
	summary->rows = sorted;
	summary->row_count = kept;
	for (size_t i = 0; i < summary->bin_count; i++)
		summary->bins[i].row = place[summary->bins[i].row];
	join_bins(summary);
	free(order);
	free(place);
	return 0;
}

/* Counts the packet, of this interface. */
static int
count_connect(struct summary *summary, const struct label *label, const struct interface *interface,
	      const struct packet *packet)
{
	bool is_watched = !label->side || strcmp(label->side, "server") == 0;
	struct tuple tuple;

	if (!summary->connwatch)
		return 0;
	is_watched = is_watched && tunnel_dissect(packet, interface->linktype, &tuple);
	return connwatch_see(summary->connwatch, is_watched ? &tuple : NULL, packet->ts_ns);
}

static int
see_packet(struct summary *summary, const struct source *source, uint32_t row,
	   const struct packet *packet, int64_t bin_ns)
{
	if (count_packet(summary, row, packet, bin_ns) < 0 ||
	    (summary->see && summary->see(summary->context, packet) < 0))
		return -1;
	return count_connect(summary, &summary->rows[row].label, &source->interfaces[packet->iface],
			     packet);
}

int
summary_count(struct summary *summary, struct source *source, int64_t bin_ns, struct failure *why)
{
	uint32_t *row_of = NULL, known = 0;
	enum source_event event;
	struct burst burst;
	int rc = 0;

	burst_init(&burst, source);
	do {
		struct packet packet;

		event = burst_next(&burst, &packet, why);
		if (event == SOURCE_CUT)
			rc = -1;
		else if (add_new_rows(summary, source, &row_of, &known) < 0 ||
			 (event == SOURCE_PACKET &&
			  see_packet(summary, source, row_of[packet.iface], &packet, bin_ns) < 0))
			rc = failure_nomem(why);
	} while (rc == 0 && event != SOURCE_END);
	for (size_t i = 0; i < summary->row_count; i++)
		summary->rows[i].counters.dropped = STATISTICS_UNKNOWN;
	for (uint32_t i = 0; i < known; i++)
		if (source->interfaces[i].statistics.valid) {
			struct statistics *counters = &summary->rows[row_of[i]].counters;

			*counters = source->interfaces[i].statistics;
			counters->dropped = statistics_lost(counters);
		}
	free(row_of);
	tdestroy(summary->tree, free);
	summary->tree = NULL;
	if (rc == 0 && sort_and_prune(summary) < 0)
		rc = failure_nomem(why);
	return rc;
}
