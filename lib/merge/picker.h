/*
 * The sources between what was merged and what is written, each of which leaves something out.
 */
#ifndef VCAP_PICKER_H
#define VCAP_PICKER_H

#include "base/failure.h"
#include "merge/chosen.h"
#include "merge/cutter.h"
#include "merge/period.h"
#include "merge/secretless.h"

#include <stdbool.h>

struct picker_wanted {
	const char *only;            /* the part to write, as chosen.h says; NULL: all */
	const struct period *period; /* of the packets to write */
	bool cuts;                   /* packets to their headers */
	/* Gets the secrets of the inputs, with keys_context; NULL: nobody does. They are left out where packets
	 * are. */
	void (*take_secrets)(void *keys_context, const struct note *note);
	void *keys_context;
};

struct picker {
	struct source *last;
	struct chosen *chosen;
	struct periodic *periodic;
	struct secretless *secretless;
	struct cutter *cutter;
};

#define PICKER_INIT ((struct picker){0})

/* from, and what wanted points to, are the caller's and outlive it. -1 with why; then picker_release is
 * left. */
int picker_open(struct picker *picker, struct source *from, const struct picker_wanted *wanted,
		struct failure *why);
/* *picker is then PICKER_INIT. */
void picker_release(struct picker *picker);

/* What is written: from itself if nothing is left out. */
struct source *picker_source(const struct picker *picker);

/* Whether nothing of the part was found, at the end. */
bool picker_is_empty(const struct picker *picker);

#endif
