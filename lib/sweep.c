#include "sweep.h"

#include "slab.h"

#include <stdlib.h>

/* Packets that stretches are to have, if inputs are alike, and the least to read ahead of each. */
#define LENGTH      1024
#define AHEAD_LEAST 32

/* Shorter than this and it is not worth it; and how many of those not to make then. */
#define SHORT     16
#define PAUSE_MAX 63

#define SOON      4 /* feeds */

struct sweep_visit {
	uint32_t place; /* in the heap */
	uint32_t count;
};

int
sweep_init(struct sweep *sweep, struct feed *feeds, size_t count)
{
	const size_t each = count ? LENGTH / count : LENGTH;

	*sweep = (struct sweep){.crew = sweep->crew};
	sweep->room = each < AHEAD_LEAST ? AHEAD_LEAST : (uint32_t)each;
	sweep->most = sweep->room;
	sweep->visits = calloc(count + 1, sizeof(*sweep->visits));
	sweep->ahead = slab_new((count + 1) * FEED_ROOM(sweep->room) * sizeof(*sweep->ahead));
	for (size_t i = 0; sweep->ahead && i < count; i++)
		feeds[i].ahead = sweep->ahead + i * FEED_ROOM(sweep->room);
	return sweep->visits && sweep->ahead ? 0 : -1;
}

void
sweep_release(struct sweep *sweep)
{
	free(sweep->visits);
	free(sweep->ahead);
	*sweep = SWEEP_INIT;
}

bool
sweep_pauses(struct sweep *sweep)
{
	if (sweep->pause == 0)
		return false;
	sweep->pause--;
	return true;
}

/* Has a feed fetched that is looked at soon: those of the heads lie anywhere. */
static inline void
fetch(const struct heads *heads, size_t place)
{
	const char *feed = (const char *)&heads->feeds[heads->heap[place].feed];

	__builtin_prefetch(feed);
	__builtin_prefetch(feed + 64);
	__builtin_prefetch(feed + 128);
}

static void
visit(struct sweep *sweep, const struct heads *heads, size_t place)
{
	if (place < heads->count && heads->heap[place].ts_ns < sweep->before_ns)
		sweep->visits[sweep->visit_count++] = (struct sweep_visit){(uint32_t)place, 0};
}

/* Heads that one reads ahead of in a row, and how many are worth calling others. */
#define PIECE 32
#define MANY  (4 * PIECE)

struct reading {
	const struct sweep *sweep;
	const struct heads *heads;
	const struct roster *roster;
};

static void
read_piece(void *context, size_t piece)
{
	const struct reading *reading = context;
	const struct heads *heads = reading->heads;

	for (size_t i = piece * PIECE; i < heads->count && i < (piece + 1) * PIECE; i++)
		feed_look_ahead(&heads->feeds[heads->heap[i].feed], reading->roster,
				reading->sweep->most);
}

/* Reads ahead of all heads together, if most of them were passed over the last time. */
static void
read_together(const struct sweep *sweep, const struct heads *heads, const struct roster *roster)
{
	struct reading reading = {sweep, heads, roster};

	if (sweep->crew && heads->count >= MANY && sweep->visit_count >= heads->count / 2)
		crew_work(sweep->crew, read_piece, &reading, (heads->count + PIECE - 1) / PIECE);
}

/* Passes over the heads from the oldest on, down the heap, and learns before what time everything
 * is known. Returns how many packets that may be. */
static size_t
look_ahead(struct sweep *sweep, const struct heads *heads, const struct roster *roster)
{
	size_t known = 0;

	sweep->visit_count = 0;
	sweep->before_ns = INT64_MAX;
	visit(sweep, heads, 0);
	for (size_t i = 0; i < sweep->visit_count; i++) {
		const size_t place = sweep->visits[i].place;
		struct feed *feed = &heads->feeds[heads->heap[place].feed];
		int64_t last_ns;
		uint32_t count;

		if (i + SOON < sweep->visit_count)
			fetch(heads, sweep->visits[i + SOON].place);
		if (feed->packet.ts_ns >= sweep->before_ns)
			continue;
		count = feed_look_ahead(feed, roster, sweep->most);
		last_ns = count ? feed_packets(feed)[count].ts_ns : feed->packet.ts_ns;
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
take(const struct sweep *sweep, const struct feed *feed, uint32_t known,
     const struct roster *roster, struct stretch *stretch)
{
	const struct packet *packet = known ? feed_packets(feed) : NULL;
	struct stretch_slot *slot = stretch->slots + stretch->count;
	uint32_t count = 0;

	for (; count < known && packet->ts_ns < sweep->before_ns; count++, packet++)
		*slot++ = (struct stretch_slot){.ts_ns = packet->ts_ns,
						.packet = packet,
						.rank = roster->homes[packet->iface].rank,
						.input = (uint32_t)feed->number};
	stretch->count += count;
	return count;
}

/* Leaves out what is not older than the slot at this place. */
static void
shorten(struct sweep *sweep, const struct heads *heads, struct stretch *stretch, size_t at)
{
	const int64_t before_ns = stretch->slots[at].ts_ns;

	while (at > 0 && stretch->slots[at - 1].ts_ns == before_ns)
		at--;
	stretch->count = at;
	for (size_t i = 0; i < sweep->visit_count; i++) {
		struct sweep_visit *v = &sweep->visits[i];
		const struct feed *feed = &heads->feeds[heads->heap[v->place].feed];

		while (v->count && feed_packets(feed)[v->count - 1].ts_ns >= before_ns)
			v->count--;
	}
}

/* Reads less far ahead where little comes of it. */
static void
adapt(struct sweep *sweep, size_t count, size_t known)
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
sweep_take(struct sweep *sweep, struct heads *heads, struct roster *roster, struct stretch *stretch)
{
	const int64_t from_ns = heads->heap[0].ts_ns;
	size_t known, tie;

	if (roster_rank(roster) < 0)
		return -1;
	read_together(sweep, heads, roster);
	known = look_ahead(sweep, heads, roster);
	if (known == 0) {
		adapt(sweep, 0, 0);
		return 0;
	}
	if (stretch_reserve(stretch, known) < 0)
		return -1;
	for (size_t i = 0; i < sweep->visit_count; i++) {
		struct sweep_visit *v = &sweep->visits[i];

		v->count = take(sweep, &heads->feeds[heads->heap[v->place].feed], v->count, roster,
				stretch);
	}
	if (stretch_sort(stretch, from_ns, sweep->before_ns) < 0)
		return -1;
	tie = stretch_first_tie(stretch);
	if (tie < stretch->count)
		shorten(sweep, heads, stretch, tie);
	for (size_t i = sweep->visit_count; i-- > 0;) {
		const struct sweep_visit *v = &sweep->visits[i];

		if (v->count == 0)
			continue;
		feed_hand_out(&heads->feeds[heads->heap[v->place].feed], roster, v->count);
		heads_settle(heads, v->place);
	}
	adapt(sweep, stretch->count, known);
	return 0;
}
