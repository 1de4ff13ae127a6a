#include "merge/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
summary_release(struct summary *census)
{
	for (size_t i = 0; i < census->row_count; i++)
		label_release(&census->rows[i].label);
	free(census->rows);
	free(census->bins);
	*census = SUMMARY_INIT;
}

static int
no_memory(struct failure *why)
{
	errno = ENOMEM;
	return failure_errno(why, "cannot count");
}

static int
compare_labels(const struct label *a, const struct label *b)
{
	int order = strcmp(a->engine, b->engine);

	order = order ? order : strcmp(a->iface, b->iface);
	return order ? order : strcmp(a->side ? a->side : "", b->side ? b->side : "");
}

/* The row of a label, which is taken over. */
static int
find_row(struct summary *census, struct label *label, uint32_t *row)
{
	struct summary_row *rows;

	for (size_t i = 0; i < census->row_count; i++)
		if (compare_labels(&census->rows[i].label, label) == 0) {
			label_release(label);
			*row = (uint32_t)i;
			return 0;
		}
	rows = realloc(census->rows, (census->row_count + 1) * sizeof(*rows));
	if (!rows) {
		label_release(label);
		return -1;
	}
	census->rows = rows;
	rows[census->row_count] = (struct summary_row){.label = *label};
	*row = (uint32_t)census->row_count++;
	return 0;
}

/* Gives the source's interfaces that are new their rows. */
static int
follow(struct summary *census, const struct source *source, uint32_t **row_of, uint32_t *known)
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
		    find_row(census, &label, &rows[*known]) < 0)
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

/* Sorts the bins and joins those that are the same. */
static void
join_bins(struct summary *census)
{
	size_t kept = 0;

	if (census->bin_count)
		qsort(census->bins, census->bin_count, sizeof(*census->bins), compare_bins);
	for (size_t i = 0; i < census->bin_count; i++) {
		struct summary_bin *last = kept ? &census->bins[kept - 1] : NULL;

		if (last && compare_bins(last, &census->bins[i]) == 0) {
			last->packets += census->bins[i].packets;
			last->bytes += census->bins[i].bytes;
		} else {
			census->bins[kept++] = census->bins[i];
		}
	}
	census->bin_count = kept;
}

static int
add_bin(struct summary *census, const struct summary_bin *added)
{
	/* In a capture that is in order only the newest few bins still grow. */
	for (size_t i = census->bin_count, n = 0; i-- > 0 && n < 64; n++)
		if (compare_bins(&census->bins[i], added) == 0) {
			census->bins[i].packets++;
			census->bins[i].bytes += added->bytes;
			return 0;
		}
	if (census->bin_count == census->bin_room) {
		join_bins(census);
		if (2 * census->bin_count >= census->bin_room) {
			size_t room = census->bin_room ? 2 * census->bin_room : 256;
			struct summary_bin *bins = realloc(census->bins, room * sizeof(*bins));

			if (!bins)
				return -1;
			census->bins = bins;
			census->bin_room = room;
		}
	}
	census->bins[census->bin_count++] = *added;
	return 0;
}

static int
count(struct summary *census, uint32_t row, const struct packet *packet, int64_t bin_ns)
{
	struct summary_row *r = &census->rows[row];
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
	return add_bin(census, &bin);
}

/* A row that says nothing: the interface is known by its rows with a side. */
static bool
is_idle(const struct summary *census, size_t i)
{
	const struct summary_row *row = &census->rows[i];

	if (row->packets || row->label.side || row->counters.dropped != STATISTICS_UNKNOWN)
		return false;
	for (size_t j = 0; j < census->row_count; j++)
		if (census->rows[j].label.side &&
		    strcmp(census->rows[j].label.engine, row->label.engine) == 0 &&
		    strcmp(census->rows[j].label.iface, row->label.iface) == 0)
			return true;
	return false;
}

static int
compare_rows(const void *a, const void *b, void *rows)
{
	const struct summary_row *list = rows;

	return compare_labels(&list[*(const uint32_t *)a].label, &list[*(const uint32_t *)b].label);
}

/* Sorts the rows, drops the idle ones, and renumbers the bins. */
static int
finish(struct summary *census)
{
	const size_t all = census->row_count;
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
		if (!is_idle(census, i))
			order[kept++] = (uint32_t)i;
	qsort_r(order, kept, sizeof(*order), compare_rows, census->rows);
	for (size_t i = 0; i < kept; i++) {
		sorted[i] = census->rows[order[i]];
		census->rows[order[i]].label.text = NULL;
		place[order[i]] = (uint32_t)i;
	}
	for (size_t i = 0; i < all; i++)
		free(census->rows[i].label.text);
	free(census->rows);
	census->rows = sorted;
	census->row_count = kept;
	for (size_t i = 0; i < census->bin_count; i++)
		census->bins[i].row = place[census->bins[i].row];
	join_bins(census);
	free(order);
	free(place);
	return 0;
}

int
summary_take(struct summary *census, struct source *source, int64_t bin_ns, struct failure *why)
{
	uint32_t *row_of = NULL, known = 0;
	enum source_event event;
	int rc = 0;

	do {
		struct packet packet;

		event = source->next(source, &packet, why);
		if (event == SOURCE_CUT)
			rc = -1;
		else if (follow(census, source, &row_of, &known) < 0 ||
			 (event == SOURCE_PACKET &&
			  count(census, row_of[packet.iface], &packet, bin_ns) < 0))
			rc = no_memory(why);
	} while (rc == 0 && event != SOURCE_END);
	for (size_t i = 0; i < census->row_count; i++)
		census->rows[i].counters.dropped = STATISTICS_UNKNOWN;
	for (uint32_t i = 0; i < known; i++)
		if (source->interfaces[i].statistics.valid) {
			struct statistics *counters = &census->rows[row_of[i]].counters;

			*counters = source->interfaces[i].statistics;
			counters->dropped = statistics_lost(counters);
		}
	free(row_of);
	if (rc == 0 && finish(census) < 0)
		rc = no_memory(why);
	return rc;
}
