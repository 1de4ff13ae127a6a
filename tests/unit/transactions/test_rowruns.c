/* Runs that are merged are what all rows sorted at once are, whatever their size. */
#include "tap.h"
#include "transactions/rowruns.h"

#include <stdlib.h>

enum { ROWS = 5000, LONG = 70000 };

static char texts[8][2] = {"a", "b", "c", "d", "e", "f", "g", "h"};
static char cells[2][LONG];

/* Of keys, texts and neither; a few with more than a buffer holds. */
static struct listing_row
any_row(uint64_t id)
{
	struct listing_row row = {.id = id, .began_ns = rand() % 1000, .cells = cells[id % 2]};

	row.cells_size = id % 1000 == 7 ? LONG : (size_t)(1 + rand() % 40);
	if (rand() % 3 == 0) {
		row.has_key = true;
		row.key = rand() % 50;
	} else if (rand() % 2) {
		row.text = texts[rand() % 8];
	}
	return row;
}

static bool
same(const struct listing_row *a, const struct listing_row *b)
{
	return a && b && a->id == b->id && a->began_ns == b->began_ns && a->has_key == b->has_key &&
	       a->key == b->key && !a->text == !b->text &&
	       (!a->text || strcmp(a->text, b->text) == 0) && a->cells_size == b->cells_size &&
	       memcmp(a->cells, b->cells, a->cells_size) == 0;
}

/* Whether all come in this order, twice. */
static bool
come_in_order(struct rowruns *runs, const struct listing_row *wanted)
{
	struct failure why = FAILURE_INIT;
	bool good = true;

	for (int round = 0; round < 2; round++) {
		good &= rowruns_rewind(runs, &why) == 0;
		for (size_t i = 0; i < ROWS && good; i++)
			good &=
			    same(rowruns_row(runs), &wanted[i]) && rowruns_next(runs, &why) == 0;
		good &= !rowruns_row(runs) && rowruns_next(runs, &why) == 0;
	}
	return good;
}

int
main(void)
{
	static struct listing_row rows[ROWS], run[ROWS];
	struct rowruns runs = ROWRUNS_INIT;
	struct failure why = FAILURE_INIT;
	size_t added = 0;

	srand(1);
	for (size_t i = 0; i < LONG; i++)
		cells[0][i] = (char)i, cells[1][i] = (char)(i * 7);
	for (size_t i = 0; i < ROWS; i++)
		rows[i] = any_row(i);
	ok(rowruns_add(&runs, rows, 1) < 0, "without a file nothing is kept");
	ok(rowruns_rewind(&runs, &why) == 0 && !rowruns_row(&runs), "... and nothing is there");
	rowruns_open(&runs, "/nowhere/at/all");
	ok(rowruns_add(&runs, rows, 1) < 0, "nor in a directory that is none");
	rowruns_open(&runs, "/tmp");
	for (size_t n; added < ROWS; added += n) {
		n = (size_t)(1 + rand() % 900);
		n = n < ROWS - added ? n : ROWS - added;
		memcpy(run, rows + added, n * sizeof(*run));
		qsort(run, n, sizeof(*run), listing_row_compare);
		if (rowruns_add(&runs, run, n) < 0)
			break;
	}
	ok(added == ROWS && runs.count > 5, "%zu runs", runs.count);
	qsort(rows, ROWS, sizeof(*rows), listing_row_compare);
	ok(come_in_order(&runs, rows), "all come, in order");
	rowruns_release(&runs);
	ok(runs.fd == -1 && runs.count == 0, "nothing is left");
	return done_testing();
}
