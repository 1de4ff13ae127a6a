/*
 * One input of a merge: its packets with the roster's interfaces, at their moved times, one head at
 * a time. An input that can be revisited may be put in order first, however far it is from it: that
 * takes 24 bytes of memory for each of its packets.
 */
#ifndef VCAP_FEED_H
#define VCAP_FEED_H

#include "failure.h"
#include "merge.h"
#include "packet.h"
#include "roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which of the roster's an interface of the source is, and the newest of its packets. */
struct route {
	uint32_t interface;
	int64_t newest_ns; /* INT64_MIN: there was none */
};

struct feed {
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
	struct feed_entry *index;
	size_t index_count, index_at;
	struct merge_input input;
	size_t number;
	struct route *routes; /* of the interfaces of the source */
	uint32_t route_count;
	uint32_t origin;    /* of the packet; UINT32_MAX before the first */
	bool is_disordered; /* a head stood behind one that it belongs before */
	bool is_excused;    /* a live merge does not wait for it */
	struct merge_outcome outcome;
	/* Nothing older than this follows, as far as is known: the newest packet or heartbeat. */
	int64_t promise_ns;
};

void feed_init(struct feed *feed, const struct merge_input *input, size_t number);
void feed_release(struct feed *feed);

/* Reads the next head. 1, FEED_LATER if nothing has come yet, 0 at the end, or -1 if the merge
 * cannot go on (no memory, or a second link type), with why filled. */
#define FEED_LATER 2
int feed_advance(struct feed *feed, struct roster *roster, struct failure *why);

/*
 * Reads ahead, up to `most` packets behind the head, as far as that is possible. ahead has room for
 * FEED_ROOM(most), and is always the same. Returns how many follow the head in order; unless it is
 * 0, feed_packets is the head and those. Nothing that other feeds have is touched: threads may look
 * ahead of one each, unless offsets or interfaces are changed.
 */
#define FEED_ROOM(most) ((size_t)(most) + 1)
uint32_t feed_look_ahead(struct feed *feed, const struct roster *roster, uint32_t most);

static inline const struct packet *
feed_packets(const struct feed *feed)
{
	return &feed->ahead[feed->ahead_at - 1];
}

/* The first count of feed_packets have been handed out: the one behind them is the new head. They
 * stay where they are until more is read. */
void feed_hand_out(struct feed *feed, const struct roster *roster, uint32_t count);

/* Reads the whole input, if it can be revisited, and arranges for it to be read again in order.
 * Call before feed_advance. 0, or -1 as there. */
int feed_sort(struct feed *feed, struct roster *roster, struct failure *why);

/* Tells the roster the newest packets. */
void feed_finish(const struct feed *feed, struct roster *roster);

/* The roster's interfaces have new numbers. */
void feed_renumber(struct feed *feed, const uint32_t *place);

/* By engine and core: what orders packets of the same time before their contents do. */
int feed_compare_origins(const struct roster *roster, uint32_t a, uint32_t b);

#endif
