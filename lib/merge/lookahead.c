#include "merge/lookahead.h"

#include "base/hugepage.h"

#include <stdlib.h>

/* Packets that stretches are to have, if inputs are alike, and the least to read ahead of each. */
#define LENGTH      1024
#define AHEAD_LEAST 32

/* Shorter than this and it is not worth it; and how many of those not to make then. */
#define SHORT     16
#define PAUSE_MAX 63

#define SOON      4 /* feeds */

struct lookahead_visit {
	uint32_t place; /* in the heap */
	uint32_t count;
};

int
lookahead_init(struct lookahead *sweep, struct input *feeds, size_t count)
{
	const size_t each = count ? LENGTH / count : LENGTH;

	*sweep = (struct lookahead){.crew = sweep->crew};
	sweep->room = each < AHEAD_LEAST ? AHEAD_LEAST : (uint32_t)each;
	sweep->most = sweep->room;
	sweep->visits = calloc(count + 1, sizeof(*sweep->visits));
	sweep->ahead = hugepage_new((count + 1) * INPUT_ROOM(sweep->room) * sizeof(*sweep->ahead));
	for (size_t i = 0; sweep->ahead && i < count; i++)
		feeds[i].ahead = sweep->ahead + i * INPUT_ROOM(sweep->room);
	return sweep->visits && sweep->ahead ? 0 : -1;
}

void
lookahead_release(struct lookahead *sweep)
{
	free(sweep->visits);
	free(sweep->ahead);
	*sweep = LOOKAHEAD_INIT;
}

bool
lookahead_pauses(struct lookahead *sweep)
{
	if (sweep->pause == 0)
		return false;
	sweep->pause--;
	return true;
}

/* Has a feed fetched that is looked at soon: those of the heads lie anywhere. */
static inline void
fetch(const struct inputheap *heads, size_t place)
{
	const char *feed = (const char *)&heads->feeds[heads->heap[place].feed];

	__builtin_prefetch(feed);
	__builtin_prefetch(feed + 64);
	__builtin_prefetch(feed + 128);
}

static void
visit(struct lookahead *sweep, const struct inputheap *heads, size_t place)
{
	if (place < heads->count && heads->heap[place].ts_ns < sweep->before_ns)
		sweep->visits[sweep->visit_count++] = (struct lookahead_visit){(uint32_t)place, 0};
}

/* Heads that one reads ahead of in a row, and how many are worth calling others. */
#define PIECE 32
#define MANY  (4 * PIECE)

struct reading {
	const struct lookahead *sweep;
	const struct inputheap *heads;
	const struct interfaces *roster;
};

static void
read_piece(void *context, size_t piece)
{
	const struct reading *reading = context;
	const struct inputheap *heads = reading->heads;

	for (size_t i = piece * PIECE; i < heads->count && i < (piece + 1) * PIECE; i++)
		input_look_ahead(&heads->feeds[heads->heap[i].feed], reading->roster,
				 reading->sweep->most);
}

/* Reads ahead of all heads together, if most of them were passed over the last time. */
static void
read_together(const struct lookahead *sweep, const struct inputheap *heads,
	      const struct interfaces *roster)
{
	struct reading reading = {sweep, heads, roster};

	if (sweep->crew && heads->count >= MANY && sweep->visit_count >= heads->count / 2)
		threadpool_work(sweep->crew, read_piece, &reading,
				(heads->count + PIECE - 1) / PIECE);
}

/* Passes over the heads from the oldest on, down the heap, and learns before what time everything
 * is known. Returns how many packets that may be. */
static size_t
look_ahead(struct lookahead *sweep, const struct inputheap *heads, const struct interfaces *roster)
{
	size_t known = 0;

	sweep->visit_count = 0;
	sweep->before_ns = INT64_MAX;
	visit(sweep, heads, 0);
	for (size_t i = 0; i < sweep->visit_count; i++) {
		const size_t place = sweep->visits[i].place;
		struct input *feed = &heads->feeds[heads->heap[place].feed];
		int64_t last_ns;
		uint32_t count;

		if (i + SOON < sweep->visit_count)
			fetch(heads, sweep->visits[i + SOON].place);
		if (feed->packet.ts_ns >= sweep->before_ns)
			continue;
		count = input_look_ahead(feed, roster, sweep->most);
		last_ns = count ? input_packets(feed)[count].ts_ns : feed->packet.ts_ns;
		if (last_ns < sweep->before_ns)
			sweep->before_ns = last_ns;
		sweep->visits[i].count = count;
		known += count;
		visit(sweep, heads, 2 * place + 1);
		visit(sweep, heads, 2 * place + 2);
	}
	return known;
}

/* Takes what is older than before_ns of one feed: its head, and what follows but the last. */
static uint32_t
take(const struct lookahead *sweep, const struct input *feed, uint32_t known,
     const struct interfaces *roster, struct batch *stretch)
{
	const struct packet *packet = known ? input_packets(feed) : NULL;
	struct batch_slot *slot = stretch->slots + stretch->count;
	uint32_t count = 0;

	for (; count < known && packet->ts_ns < sweep->before_ns; count++, packet++)
		*slot++ = (struct batch_slot){.ts_ns = packet->ts_ns,
					      .packet = packet,
					      .rank = roster->homes[packet->iface].rank,
					      .input = (uint32_t)feed->number};
	stretch->count += count;
	return count;
}

/* Leaves out what is not older than the slot at this place. */
static void
shorten(struct lookahead *sweep, const struct inputheap *heads, struct batch *stretch, size_t at)
{
	const int64_t before_ns = stretch->slots[at].ts_ns;

	while (at > 0 && stretch->slots[at - 1].ts_ns == before_ns)
		at--;
	stretch->count = at;
	for (size_t i = 0; i < sweep->visit_count; i++) {
		struct lookahead_visit *v = &sweep->visits[i];
		const struct input *feed = &heads->feeds[heads->heap[v->place].feed];

		while (v->count && input_packets(feed)[v->count - 1].ts_ns >= before_ns)
			v->count--;
	}
}

/* Reads less far ahead where little comes of it. */
static void
adapt(struct lookahead *sweep, size_t count, size_t known)
{
	if (count < SHORT) {
		sweep->pause = sweep->next_pause;
		sweep->next_pause =
		    sweep->next_pause < PAUSE_MAX ? 2 * sweep->next_pause + 1 : PAUSE_MAX;
	} else {
		sweep->next_pause = 0;
	}
	if (count < known / 8 && sweep->most > 4)
		sweep->most /= 2;
	else if (sweep->most < sweep->room)
		sweep->most = 2 * sweep->most < sweep->room ? 2 * sweep->most : sweep->room;
}

int
lookahead_take(struct lookahead *sweep, struct inputheap *heads, struct interfaces *roster,
	       struct batch *stretch)
{
	const int64_t from_ns = heads->heap[0].ts_ns;
	size_t known, tie;

	if (interfaces_rank(roster) < 0)
		return -1;
	read_together(sweep, heads, roster);
	known = look_ahead(sweep, heads, roster);
	if (known == 0) {
		adapt(sweep, 0, 0);
		return 0;
	}
	if (batch_reserve(stretch, known) < 0)
		return -1;
	for (size_t i = 0; i < sweep->visit_count; i++) {
		struct lookahead_visit *v = &sweep->visits[i];

		v->count = take(sweep, &heads->feeds[heads->heap[v->place].feed], v->count, roster,
				stretch);
	}
	if (batch_sort(stretch, from_ns, sweep->before_ns) < 0)
		return -1;
	tie = batch_first_tie(stretch);
	if (tie < stretch->count)
		shorten(sweep, heads, stretch, tie);
	for (size_t i = sweep->visit_count; i-- > 0;) {
		const struct lookahead_visit *v = &sweep->visits[i];

		if (v->count == 0)
			continue;
		input_hand_out(&heads->feeds[heads->heap[v->place].feed], roster, v->count);
		inputheap_settle(heads, v->place);
	}
	adapt(sweep, stretch->count, known);
	return 0;
}
