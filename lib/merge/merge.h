/*
 * Many sources of packets as one, in the order of vcap-merge(1): time (after each engine's clock
 * offset), engine, core, place in the input. Packets of two inputs that are alike in all of these
 * go by their contents, so the result never depends on the order in which inputs were added.
 *
 * A merge is a source itself and knows nothing of files. Its interfaces are named by label.h;
 * inputs that name the same interface of the same engine, with the same properties, share one.
 * Statistics are summed on the interface `ENGINE/IFACE`, and are valid once it has ended: the
 *newest of each core; with an end time, also where no input gave any.
 *
 *	merge_new -> merge_add, merge_offset ... -> merge_start -> merge_source()->next ... ->
 *	merge_outcome
 *
 * An input that is damaged ends alone; the others go on. A packet that belongs before the one that
 * its input yielded before it is placed at once, late, and counted, unless inputs are sorted first.
 */
#ifndef VCAP_MERGE_H
#define VCAP_MERGE_H

#include "base/failure.h"
#include "base/threadpool.h"
#include "merge/label.h"
#include "packet/batch.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge_input {
	struct source *source; /* the caller's; outlives the merge, as the strings do */
	const char *name;      /* for messages */
	struct label_hint hint;
};

struct merge_outcome {
	bool is_cut;        /* the input is damaged */
	struct failure why; /* where, if it is */
	uint64_t late;      /* packets that could not be put in order */
	uint64_t beyond;    /* packets that an offset takes out of 1970 to 2262: they stay there */
};

struct merge;

struct merge *merge_new(struct failure *why);
void merge_free(struct merge *merge);

/* Adds an input; inputs are numbered from 0. */
int merge_add(struct merge *merge, const struct merge_input *input, struct failure *why);

/* Adds offset_ns to every time of this engine, statistics included. */
int merge_offset(struct merge *merge, const char *engine, int64_t offset_ns, struct failure *why);

/*
 * Inputs whose packets may stand in any order. merge_sort_inputs: merge_start reads each input that
 * can be revisited once through, and puts those in order that are not; others are placed late.
 * merge_stop_at_disorder: the first packet that is late ends the merge with SOURCE_CUT, so that a
 * caller who can start over does so, and reads twice only when it must.
 */
void merge_sort_inputs(struct merge *merge);
void merge_stop_at_disorder(struct merge *merge);
/* Whether a packet was late, by time, engine or core. */
bool merge_is_disordered(const struct merge *merge);

/*
 * Live: inputs may yield SOURCE_LATER, and so does the merge when its oldest packet has to wait for
 * an input that has nothing now: that input could still bring something older than the newest
 * packet or statistics it has brought. Each call after SOURCE_LATER asks those inputs again. The
 * interfaces come to be known, and stand, as they come. An input of another link type than the
 * first ends alone. Packets that are older than one handed out before are counted as late.
 */
void merge_set_live(struct merge *merge);
/* After SOURCE_LATER: whether the input has nothing now; whether packets wait; and the time before
 * which nothing follows (but from excused inputs), INT64_MAX if no input is waited for. */
bool merge_waits_for(const struct merge *merge, size_t input);
bool merge_holds(const struct merge *merge);
int64_t merge_watermark(const struct merge *merge);
/* The others wait for this input no longer, or again. */
void merge_stop_waiting_for(struct merge *merge, size_t input, bool is_excused);
/* The next packets, so many, do not wait for anything. */
void merge_release_early(struct merge *merge, uint64_t packets);
/* How many did not. */
uint64_t merge_released_early(const struct merge *merge);

/* Has its inputs read with the help of others, if they are many. The crew is the caller's. */
void merge_set_threadpool(struct merge *merge, struct threadpool *crew);

/* Lets interfaces differ in link type, which is refused otherwise. */
void merge_mix_linktypes(struct merge *merge);

/*
 * Reads each input up to its first packet. -1: two link types (the message names the inputs), or no
 * memory. Afterwards the interfaces that stand before the first packets are known, sorted by name.
 */
int merge_start(struct merge *merge, struct failure *why);

/* Its next() yields SOURCE_PACKET, SOURCE_NOTE (what may be copied into another file),
 * SOURCE_END and, if it is merge_live, SOURCE_LATER; SOURCE_CUT means that the merge cannot go on:
 * no memory, or a second link type. */
struct source *merge_source(struct merge *merge);

/*
 * Takes the place of next() for a stretch of packets, if there is one that is simple: fills stretch
 * with packets that follow in order, which stay where they are until this or next() is called, and
 * returns how many. 0: next() says what follows, or what has failed.
 */
size_t merge_batch(struct merge *merge, struct batch *stretch);

/* What became of an input; complete after SOURCE_END. */
const struct merge_outcome *merge_outcome(const struct merge *merge, size_t input);

/* Whether an engine of this name has been seen, or an input of that name had an interface. */
bool merge_has_engine(const struct merge *merge, const char *engine);
/* Whether the input had packets or statistics of the interface `ENGINE/IFACE`. */
bool merge_has_interface(const struct merge *merge, size_t input, const char *plain);

#endif
