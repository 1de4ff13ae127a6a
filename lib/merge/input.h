/*
 * One input of a merge. It yields one head at a time: the next packet of a source, with its time
 * shifted and its interface numbered as in the output, or a note. It can also read ahead, so that
 * many packets are handed out at once.
 *
 * A source that can be revisited may be sorted first, whatever its order: that takes 24 bytes of
 * memory for each packet.
 */
#ifndef VCAP_INPUT_H
#define VCAP_INPUT_H

#include "base/failure.h"
#include "merge/interfaces.h"
#include "merge/label.h"
#include "merge/outage.h"
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

/* What an interface of the source is in the output. */
struct input_interface {
	uint32_t interface; /* the output interface */
	int64_t newest_ns;  /* of its packets; INT64_MIN: none */
	int64_t kept_ns;    /* newest_ns before merge_restart */
};

struct input {
	/* The head: a packet, or a note, which has the time and core of the packet before it. */
	struct packet packet; /* iface is the output interface */
	bool is_note;
	/*
	 * Packets that were read ahead. While ahead_at is not 0, ahead[ahead_at - 1] is the head
	 * and ahead[ahead_at..ahead_count) follow it. The first ahead_sorted of the array are in
	 * order.
	 */
	struct packet *ahead; /* owned by the lookahead; NULL: no reading ahead */
	uint32_t ahead_at, ahead_count, ahead_sorted;
	uint32_t pinned; /* packets from the head on whose data the next turn() invalidates */
	/* The sorted order in which to revisit the source; NULL: in the order of the file. */
	struct input_index *index;
	size_t index_count, index_at;
	struct merge_input from;
	size_t number;
	struct input_interface *map; /* by interface of the source */
	uint32_t map_count;
	bool *brings;         /* by capture interface; NULL until input_brings is called */
	uint32_t capture;     /* capture interface of the head; NO_CAPTURE before the first */
	bool is_disordered;   /* a packet came after one that it belongs before */
	bool is_stalled;      /* live: the merge does not wait for it */
	bool has_ended;       /* it has no head any more */
	bool is_plain;        /* nothing but packets was read since input_restart */
	struct outage outage; /* live */
	struct merge_outcome outcome;
	/* The time of the newest packet or heartbeat: nothing older is expected. */
	int64_t watermark_ns;
	/* watermark_ns and outcome.beyond before merge_restart */
	int64_t kept_watermark_ns;
	uint64_t kept_beyond;
};

/* Copies *from, whose source and strings stay the caller's. */
void input_init(struct input *input, const struct merge_input *from, size_t number);
/* Frees what was allocated for it, not the source. */
void input_release(struct input *input);

enum { INPUT_END = 0, INPUT_HEAD = 1, INPUT_LATER = 2 };

/* Reads the next head. INPUT_LATER: none has arrived yet (live). -1 with why: the merge cannot go
 * on, for lack of memory or because of a second link type. */
int input_advance(struct input *input, struct interfaces *interfaces, struct failure *why);

#define INPUT_ROOM(depth) ((size_t)(depth) + 1)

/*
 * Reads up to `depth` packets ahead of the head, as far as that is possible without blocking;
 * `ahead` has room for INPUT_ROOM(depth). Returns how many packets follow the head in order; unless
 * it is 0, input_packets is the head and those. Touches nothing but this input, so that several
 * threads may read ahead, each of its own inputs, while interfaces do not change.
 */
uint32_t input_look_ahead(struct input *input, const struct interfaces *interfaces, uint32_t depth);

/* The head and the packets that follow it, after input_look_ahead found some. */
static inline const struct packet *
input_packets(const struct input *input)
{
	return &input->ahead[input->ahead_at - 1];
}

/* The source has been moved: forgets the head and what was read ahead, but not how long its interfaces were seen;
 * input_advance reads the next head. */
void input_restart(struct input *input);

/* Removes the first count of input_packets: the next one becomes the head. Their data stays valid
 * until the next call that reads. */
void input_hand_out(struct input *input, const struct interfaces *interfaces, uint32_t count);

/* Reads the whole input, if it can be revisited, and has it read again in order. Call before
 * input_advance. 0, or -1 as there. */
int input_sort(struct input *input, struct interfaces *interfaces, struct failure *why);

/* Adds the times of its newest packets to the capture interfaces. */
void input_finish(const struct input *input, struct interfaces *interfaces);

/* Whether an interface of its is this capture interface. Call once all have been read. */
bool input_brings(struct input *input, const struct interfaces *interfaces, uint32_t capture);

/* The output interfaces were renumbered: old number i is place[i]. */
void input_renumber(struct input *input, const uint32_t *place);

#endif
