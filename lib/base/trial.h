/*
 * Finds by trial which of several ways to do the same work is the fastest here and now, and tries again from time to
 * time.
 */
#ifndef VCAP_TRIAL_H
#define VCAP_TRIAL_H

#define TRIAL_WAYS 3

/* Initialise with trial_init. */
struct trial {
	unsigned way; /* the one to use next, from 0 */
	/* Private. */
	unsigned ways, favoured, begin, pieces, go_on, number;
	double favour, best[TRIAL_WAYS];
};

/*
 * ways: 1 to TRIAL_WAYS. The first one begins, for so many pieces of work; then each is tried for some in a row; what is
 * found best is done for go_on pieces, before all are tried again. The favoured one is left only for what is more than
 * `favour` times as fast.
 */
void trial_init(struct trial *trial, unsigned ways, unsigned favoured, double favour,
		unsigned begin, unsigned pieces, unsigned go_on);

/* A piece of work was done in trial->way, at this rate, in any unit. */
void trial_add(struct trial *trial, double rate);

#endif
