#include "base/trial.h"
#include "tap.h"

enum way { FIRST, FAVOURED, THIRD, WAYS };

#define BEGIN  4
#define PIECES 3
#define GO_ON  5

/* Does so many pieces of work, each at the rate of the way that was to be used. Whether all were of this way. */
static bool
does(struct trial *trial, unsigned way, unsigned pieces, const double rates[WAYS])
{
	for (unsigned i = 0; i < pieces; i++) {
		if (trial->way != way)
			return false;
		trial_add(trial, rates[way]);
	}
	return true;
}

/* Tries each way. */
static bool
tries(struct trial *trial, const double rates[WAYS])
{
	for (unsigned way = 0; way < WAYS; way++)
		if (!does(trial, way, PIECES, rates))
			return false;
	return true;
}

int
main(void)
{
	const double slow_first[WAYS] = {100, 1, 1};
	const double close[WAYS] = {119, 100, 118}, far[WAYS] = {119, 100, 121};
	struct trial trial;

	trial_init(&trial, WAYS, FAVOURED, 1.2, BEGIN, PIECES, GO_ON);
	ok(does(&trial, FIRST, BEGIN, slow_first), "the first way begins");
	ok(tries(&trial, close), "each way is tried in a row");
	ok(does(&trial, FAVOURED, GO_ON, close), "a fifth is what the favoured one is worth, and "
						 "what came before the trials counts for nothing");
	ok(tries(&trial, far), "all are tried again");
	ok(does(&trial, THIRD, GO_ON, far), "what is faster by more is done");
	ok(tries(&trial, close) && does(&trial, FAVOURED, GO_ON, close),
	   "what was measured before the last trial counts for nothing");
	ok(does(&trial, FIRST, PIECES - 1, close), "a single piece that was fast");
	trial_add(&trial, 1000);
	ok(does(&trial, FAVOURED, PIECES, close) && does(&trial, THIRD, PIECES, close) &&
	       does(&trial, FIRST, GO_ON, close),
	   "the best rate of each counts");
	return done_testing();
}
