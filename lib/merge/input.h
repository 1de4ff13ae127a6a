/*
 * One input of a merge: its packets with the roster's interfaces, at their moved times, one head at
 * a time. An input that can be revisited may be put in order first, however far it is from it: that
 * takes 24 bytes of memory for each of its packets.
 */
#ifndef VCAP_INPUT_H
#define VCAP_INPUT_H

#include "base/failure.h"
#include "merge/interfaces.h"
#include "merge/merge.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which of the roster's an interface of the source is, and the newest of its packets. */
struct route {
	uint32_t interface;
	int64_t newest_ns; /* INT64_MIN: there was none */
};

struct input {
	/* The head: a packet, or a note that has the place of the packet before it. */
	struct packet packet; /* with the roster's interface */
	bool is_note;
	/*
	 * Packets that were read ahead: ahead[ahead_at..ahead_count) follow the head, which is the
	 * one before them if ahead_at is not 0. The first ahead_sound of the array are in order.
	 */
	struct packet *ahead; /* the sweep's; NULL: none is */
	uint32_t ahead_at, ahead_count, ahead_sound;
	uint32_t pinned; /* of the head and those, as many would go with the source's next turn */
	/* The order to revisit the source in; NULL: as it stands. */
	struct input_index *index;
	size_t index_count, index_at;
	struct merge_input input;
	size_t number;
	struct route *routes; /* of the interfaces of the source */
	uint32_t route_count;
	uint32_t origin;    /* of the packet; UINT32_MAX before the first */
	bool is_disordered; /* a head stood behind one that it belongs before */
	bool is_excused;    /* a merge_live merge does not wait for it */
	struct merge_outcome outcome;
	/* Nothing older than this follows, as far as is known: the newest packet or heartbeat. */
	int64_t promise_ns;
};

void input_init(struct input *feed, const struct merge_input *input, size_t number);
void input_release(struct input *feed);

/* Reads the next head. 1, INPUT_LATER if nothing has come yet, 0 at the end, or -1 if the merge
 * cannot go on (no memory, or a second link type), with why filled. */
#define INPUT_LATER 2
int input_advance(struct input *feed, struct interfaces *roster, struct failure *why);

/*
 * Reads ahead, up to `most` packets behind the head, as far as that is possible. ahead has room for
 * INPUT_ROOM(most), and is always the same. Returns how many follow the head in order; unless it is
 * 0, input_packets is the head and those. Nothing that other feeds have is touched: threads may
 * look ahead of one each, unless offsets or interfaces are changed.
 */
#define INPUT_ROOM(most) ((size_t)(most) + 1)
uint32_t input_look_ahead(struct input *feed, const struct interfaces *roster, uint32_t most);

static inline const struct packet *
input_packets(const struct input *feed)
{
	return &feed->ahead[feed->ahead_at - 1];
}

/* The first count of input_packets have been handed out: the one behind them is the new head. They
 * stay where they are until more is read. */
void input_hand_out(struct input *feed, const struct interfaces *roster, uint32_t count);

/* Reads the whole input, if it can be revisited, and arranges for it to be read again in order.
 * Call before input_advance. 0, or -1 as there. */
int input_sort(struct input *feed, struct interfaces *roster, struct failure *why);

/* Tells the roster the newest packets. */
void input_finish(const struct input *feed, struct interfaces *roster);

/* The roster's interfaces have new numbers. */
void input_renumber(struct input *feed, const uint32_t *place);

/* By engine and core: what orders packets of the same time before their contents do. */
int input_compare_origins(const struct interfaces *roster, uint32_t a, uint32_t b);

#endif
