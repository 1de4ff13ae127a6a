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
	unsigned ways, pieces, go_on, number;
	double best[TRIAL_WAYS];
};

/*
 * ways: 1 to TRIAL_WAYS, of which the last one is left only for what is faster by a seventh. Each is tried for some
 * pieces of work in a row, the first one before anything else for as many more; what is found best then is done for
 * go_on pieces.
 */
void trial_init(struct trial *trial, unsigned ways, unsigned pieces, unsigned go_on);

/* A piece of work was done in trial->way, at this rate, in any unit. */
void trial_add(struct trial *trial, double rate);

#endif
