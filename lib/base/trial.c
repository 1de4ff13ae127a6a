/*
 * How fast several processors work together is not known before: what one has in its caches comes slowly to another,
 * how slowly depends on where the two are, which a virtual machine does not know and which may change; and where other
 * programs have the processors a thread loses its own in the middle of a piece. So each way is tried. A way takes some
 * pieces until caches and memory are its own, and a pause that came between says nothing of it: so its best rate counts.
 */
#include "base/trial.h"

#include <string.h>

#define HANDICAP 1.15

void
trial_init(struct trial *trial, unsigned ways, unsigned pieces, unsigned go_on)
{
	*trial = (struct trial){.ways = ways, .pieces = pieces, .go_on = go_on};
}

static unsigned
fastest(const struct trial *trial)
{
	unsigned way = trial->ways - 1;
	double best = trial->best[way] * HANDICAP;

	for (unsigned i = 0; i + 1 < trial->ways; i++)
		if (trial->best[i] > best) {
			best = trial->best[i];
			way = i;
		}
	return way;
}

void
trial_add(struct trial *trial, double rate)
{
	/* The first way is tried for twice as many. */
	const unsigned pieces = trial->pieces * (trial->ways + 1);

	if (trial->number < pieces && rate > trial->best[trial->way])
		trial->best[trial->way] = rate;
	if (++trial->number >= pieces + trial->go_on) {
		trial->number = 0;
		memset(trial->best, 0, sizeof(trial->best));
	}
	if (trial->number < trial->pieces)
		trial->way = 0;
	else if (trial->number < pieces)
		trial->way = trial->number / trial->pieces - 1;
	else
		trial->way = fastest(trial);
}
