/*
 * A lane of a merge in slices (slices.h): readers of the inputs, a merge of them, and a writer. The first one is the
 * whole, which has the inputs' own; another begins anywhere in them, and writes to memory.
 */
#ifndef VCAP_LANE_H
#define VCAP_LANE_H

#include "base/failure.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "merge/inputs.h"
#include "merge/merge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next packet of an input: where it stands, and what tells it. */
struct lane_place {
	bool has_packet;
	uint64_t offset;
	int64_t ts_ns;
	uint32_t iface, caplen, len;
};

enum lane_kind { LANE_WHOLE, LANE_PART };

struct lane {
	enum lane_kind kind;
	size_t count;            /* inputs */
	struct reader **readers; /* by input */
	struct merge *merge;
	struct writer *writer;
	struct lane_place *first;  /* by input: where its slice begins */
	int64_t from_ns, until_ns; /* of its slice */
	bool is_good;              /* it has merged all of that */
	struct failure why;        /* ... or why it has not */
	/* Private. */
	struct batch batch;
	bool *goes_on;           /* by input: whether it has packets */
	uint64_t irregularities; /* of its readers, when it began */
	unsigned char *memory;   /* of its readers */
};

/* Opens the inputs, which are open and stay the caller's, again for a part. -1: it cannot be done. lane_release it in
 * any case. */
int lane_open(struct lane *lane, enum lane_kind kind, const struct inputs *inputs);
void lane_release(struct lane *lane);

/* Gives the whole what it merges and writes by, which stays the caller's. */
void lane_begin_whole(struct lane *whole, struct merge *merge, struct writer *writer);
/* Begins the merge of a part, which has room for so many bytes at first. -1: it knows other interfaces than the whole,
 * an input cannot be revisited, or it cannot be done. */
int lane_begin_part(struct lane *lane, const struct lane *whole, size_t room);

/* Where its inputs go on, at its bound. */
void lane_find_places(const struct lane *lane, struct lane_place *places);
/* Whether those are the same packets. */
bool lane_is_same(const struct lane *lane, const struct lane_place *a, const struct lane_place *b);
/* Has it go on at these places. -1: it cannot; lane->why. */
int lane_move(struct lane *lane, const struct lane_place *places);

/* Writes what its merge hands out, in batches where it makes some, up to until_ns or the end. pool is told of
 * the progress; NULL: nobody is. -1 with lane->why: that failed, or a part has become larger than `most` bytes. */
int lane_copy(struct lane *lane, int64_t until_ns, size_t most, struct threadpool *pool);

/* Whether its readers have met nothing but packets, and statistics, since it began. */
bool lane_is_regular(const struct lane *lane);

#endif
