/*
 * How fast several processors work together is not known before: what one has in its caches comes slowly to another,
 * how slowly depends on where the two are, which a virtual machine does not know and which may change; and where other
 * programs have the processors a thread loses its own in the middle of a piece. So each way is tried. At first that would
 * say nothing: memory is new, and threads are still where they were started. A pause that came between says nothing of a
 * way either: its best rate counts.
 */
#include "base/trial.h"

#include <string.h>

void
trial_init(struct trial *trial, unsigned ways, unsigned favoured, double favour, unsigned begin,
	   unsigned pieces, unsigned go_on)
{
	*trial = (struct trial){.ways = ways,
				.favoured = favoured,
				.favour = favour,
				.begin = begin,
				.pieces = pieces,
				.go_on = go_on};
}

static unsigned
fastest(const struct trial *trial)
{
	double best = trial->best[trial->favoured] * trial->favour;
	unsigned way = trial->favoured;

	for (unsigned i = 0; i < trial->ways; i++)
		if (trial->best[i] > best) {
			best = trial->best[i];
			way = i;
		}
	return way;
}

void
trial_add(struct trial *trial, double rate)
{
	const unsigned tries = trial->ways * trial->pieces;

	if (trial->begin > 0) {
		trial->begin--;
		return;
	}
	if (trial->number < tries && rate > trial->best[trial->way])
		trial->best[trial->way] = rate;
	if (++trial->number >= tries + trial->go_on) {
		trial->number = 0;
		memset(trial->best, 0, sizeof(trial->best));
	}
	trial->way = trial->number < tries ? trial->number / trial->pieces : fastest(trial);
}
