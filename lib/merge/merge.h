/*
 * Merges many sources of packets into one, in the order of vcap-merge(1): time (after each engine's
 * clock offset), engine, core, place in the input. Packets of two inputs that are equal in all of
 * these are ordered by contents, so the result does not depend on the order of the inputs.
 *
 * A merge is itself a source and knows nothing of files. Its interfaces have labels as names
 * (label.h); inputs that name the same interface of the same engine, with the same properties,
 * share one. After SOURCE_END the interfaces `ENGINE/IFACE` have statistics: the newest of each
 * core, summed, with an end time even if no input had one.
 *
 *	merge_new -> merge_add, merge_offset ... -> merge_start -> merge_source()->next ... ->
 *	merge_outcome
 *
 * An input that is damaged ends, and the others go on. A packet that belongs before the previous
 * one of its input is placed at once, late, and counted, unless inputs are sorted first.
 */
#ifndef VCAP_MERGE_H
#define VCAP_MERGE_H

#include "base/failure.h"
#include "base/threadpool.h"
#include "merge/input.h"
#include "packet/batch.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge;

/* NULL: out of memory. */
struct merge *merge_new(struct failure *why);
/* merge may be NULL. The sources of its inputs stay the caller's. */
void merge_free(struct merge *merge);

/* Adds an input, which is copied but for its source and strings; inputs are numbered from 0. 0, or
 * -1: out of memory, the merge is unchanged. */
int merge_add(struct merge *merge, const struct merge_input *input, struct failure *why);

/* Adds offset_ns (nanoseconds) to every time of the engine of this name, statistics included, and
 * of the engines behind an input of this name that have no offset of their own. Call before
 * merge_start. 0 or -1, as merge_add. */
int merge_offset(struct merge *merge, const char *engine, int64_t offset_ns, struct failure *why);

/* Has merge_start read each input that can be revisited once through, and sort it if need be; other
 * inputs have late packets. Call before merge_start. */
void merge_sort_inputs(struct merge *merge);
/* Has the first late packet end the merge with SOURCE_CUT, so that a caller that can start over
 * reads files twice only when it must. Call before merge_start. */
void merge_stop_at_disorder(struct merge *merge);
/* Whether a packet was late, by time, engine or core. */
bool merge_is_disordered(const struct merge *merge);

/*
 * Makes the merge live: inputs may yield SOURCE_LATER, and so does the merge while its oldest
 * packet has to wait for an input that has nothing to read, since that input could still bring
 * something older than its newest packet or heartbeat (statistics). Each next() after SOURCE_LATER
 * reads the waiting inputs again. Interfaces are numbered in the order in which they appear. An
 * input of another link type than the first ends. Packets that are older than one handed out before
 * are counted as late.
 */
void merge_set_live(struct merge *merge);

/* After SOURCE_LATER: whether this input has nothing to read. */
bool merge_waits_for(const struct merge *merge, size_t input);
/* After SOURCE_LATER: whether packets are held back. */
bool merge_has_pending(const struct merge *merge);
/* After SOURCE_LATER: no packet older than this follows, but from stalled inputs. Nanoseconds;
 * INT64_MAX if the merge waits for no input. */
int64_t merge_watermark(const struct merge *merge);

/* Marks an input as stalled: packets of others do not wait for it. */
void merge_stop_waiting_for(struct merge *merge, size_t input);
/* Undoes merge_stop_waiting_for. */
void merge_wait_for(struct merge *merge, size_t input);

/* Live: changes the offset of an engine, as merge_offset gives it, for what comes from now on. 0, or -1:
 * out of memory. */
int merge_change_offset(struct merge *merge, const char *engine, int64_t offset_ns,
			enum engine_clocks_change how);
/* Live: the stream of an input has ended, and another one will follow. Until then there is an outage, which
 * merge_outage returns, owned by the merge. */
void merge_begin_outage(struct merge *merge, size_t input);
const struct outage *merge_outage(const struct merge *merge, size_t input);

/* Releases the next n packets without waiting for the watermark. */
void merge_release_early(struct merge *merge, uint64_t n);
/* The number of packets released in this way. */
uint64_t merge_released_early(const struct merge *merge);

/* Uses threads to read many inputs ahead, from the next packet on. pool is borrowed until merge_free; NULL: no
 * threads, as at first. */
void merge_set_threadpool(struct merge *merge, struct threadpool *pool);

/* Allows interfaces of different link types. Call before merge_start. */
void merge_mix_linktypes(struct merge *merge);

/*
 * Reads each input up to its first packet; live, nothing is read yet. Afterwards the interfaces
 * that precede the first packets are known, sorted by name. -1: two link types (the message names
 * the inputs), or out of memory.
 */
int merge_start(struct merge *merge, struct failure *why);

/* The merged source, valid until merge_free. It yields SOURCE_PACKET, SOURCE_NOTE (which may be
 * copied to another file), SOURCE_END and, live, SOURCE_LATER. SOURCE_CUT: the merge cannot go on,
 * for lack of memory, a second link type, or disorder. Its more() yields batches, needs no turn(), and is
 * not to be mixed with merge_batch; next() only where more() yields none. */
struct source *merge_source(struct merge *merge);

/*
 * Fills batch with the next packets in order, in place of as many calls of next(), and returns how
 * many. They stay valid until this or next() is called again. 0: call next() for what follows,
 * which may be a packet or a failure.
 */
size_t merge_batch(struct merge *merge, struct batch *batch);

/*
 * A part of the time of the inputs, for which several merges of the same inputs can work side by side (slices.h).
 */

/* Whether no input had to be sorted, of which no part can be merged by itself. */
bool merge_can_restart(const struct merge *merge);
/* Hands out the packets older than this; then its source yields SOURCE_LATER. INT64_MAX: all, as at first. */
void merge_until(struct merge *merge, int64_t until_ns);
/* After merge_start, and merge_until's bound: the sources have been moved. Reads their first packets anew, but of those
 * inputs that have none in goes_on. 0, or -1 as merge_start. */
int merge_restart(struct merge *merge, const bool *goes_on, struct failure *why);
/* Forgets what merge_reached, merge_outcome and the statistics of interfaces tell of the packets that were read since
 * merge_restart, or of all, before the first. They were none of the files, or are read again. */
void merge_forget(struct merge *merge);
/* At the bound: the next packet of an input, valid until next(). NULL: it has ended. */
const struct packet *merge_head(const struct merge *merge, size_t input);
/* Whether all inputs have had nothing but packets in order since merge_restart. */
bool merge_is_plain(const struct merge *merge);
/* What merge_add was given. */
const struct merge_input *merge_input(const struct merge *merge, size_t input);
/* Counts what a merge of the same inputs, which is plain, has handed out since its merge_restart as this one's. */
void merge_take_over(struct merge *merge, struct merge *part);

/* What became of an input, owned by the merge; complete after SOURCE_END. */
const struct merge_outcome *merge_outcome(const struct merge *merge, size_t input);

/* Up to when an input was read, by its packets and statistics, in ns with its offset.
 * INT64_MIN: it had neither. */
int64_t merge_reached(const struct merge *merge, size_t input);

/* Whether an engine of this name was seen, or an input called so had an interface. */
bool merge_has_engine(const struct merge *merge, const char *engine);
/* Whether input `number` had interfaces of the capture interface `ENGINE/IFACE`. */
bool merge_has_interface(struct merge *merge, size_t number, const char *name);

#endif
