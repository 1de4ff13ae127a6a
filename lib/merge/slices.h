/*
 * Merging in slices of time, several at once, each by a thread: for files whose packets are in order, as most are.
 * What is written is, byte for byte, what one merge writes.
 *
 *	slices_open -> (merge_start) -> slices_copy -> slices_free
 */
#ifndef VCAP_SLICES_H
#define VCAP_SLICES_H

#include "base/failure.h"
#include "base/threadpool.h"
#include "capfile/writer.h"
#include "merge/inputs.h"
#include "merge/merge.h"

struct slices;

/*
 * Opens the inputs again for each further processor, before any is read; inputs is borrowed. size: bytes of a slice,
 * of all inputs together; 0: what is fast. NULL: nothing would be gained, or that was not possible (a pipe,
 * too many inputs, no memory), which is no failure.
 */
struct slices *slices_open(const struct inputs *inputs, size_t size);
/* How many slices were merged beside the first one of their rounds. */
size_t slices_taken(const struct slices *slices);
/* slices may be NULL. */
void slices_free(struct slices *slices);

/*
 * Writes all packets and notes of a merge of these inputs, with no offsets, that has been started, in slices as far as
 * that is possible; of NULL not at all. 0, or -1 with why: a write failed, or the merge cannot go on.
 */
int slices_copy(struct slices *slices, struct merge *merge, struct writer *writer,
		struct threadpool *pool, struct failure *why);

#endif
