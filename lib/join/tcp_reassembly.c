#include "join/tcp_reassembly.h"

#include <stdlib.h>
#include <string.h>

/* Beyond this a sequence number is of another life of the connection, or a lie. */
#define WINDOW (1 << 30)

struct tcp_reassembly_segment {
	struct tcp_reassembly_segment *later;
	uint32_t sequence, size, wire;
	unsigned char bytes[];
};

void
tcp_reassembly_begin(struct tcp_reassembly *whole, uint32_t next)
{
	whole->next = next;
	whole->has_begun = true;
}

static void
hand_on(struct tcp_reassembly *whole, uint32_t sequence, const unsigned char *bytes, uint32_t size,
	uint32_t wire, tcp_reassembly_sink *to, void *context)
{
	uint32_t seen_before = whole->next - sequence;

	if (seen_before >= wire)
		return;
	if (seen_before < size)
		to(context, bytes + seen_before, size - seen_before, seen_before == 0);
	if (wire > size)
		to(context, NULL, wire - (seen_before > size ? seen_before : size), false);
	whole->next = sequence + wire;
}

static void
hand_on_waiting(struct tcp_reassembly *whole, struct allowance *allowance, tcp_reassembly_sink *to,
		void *context)
{
	while (whole->waiting && (int32_t)(whole->waiting->sequence - whole->next) <= 0) {
		struct tcp_reassembly_segment *first = whole->waiting;

		whole->waiting = first->later;
		whole->count--;
		whole->bytes -= first->size;
		allowance->used -= sizeof(*first) + first->size;
		hand_on(whole, first->sequence, first->bytes, first->size, first->wire, to,
			context);
		free(first);
	}
}

static bool
let_wait(struct tcp_reassembly *whole, uint32_t sequence, const unsigned char *bytes, uint32_t size,
	 uint32_t wire, struct allowance *allowance)
{
	struct tcp_reassembly_segment **at = &whole->waiting, *segment;
	size_t cost = sizeof(*segment) + size;

	if (whole->count == TCP_REASSEMBLY_WAITING ||
	    whole->bytes + size > TCP_REASSEMBLY_WAITING_BYTES ||
	    allowance->used + cost > allowance->limit)
		return false;
	while (*at && (int32_t)((*at)->sequence - sequence) < 0)
		at = &(*at)->later;
	if (*at && (*at)->sequence == sequence && (*at)->wire >= wire)
		return true;
	segment = malloc(cost);
	if (!segment)
		return false;
	*segment = (struct tcp_reassembly_segment){
	    .later = *at, .sequence = sequence, .size = size, .wire = wire};
	memcpy(segment->bytes, bytes, size);
	*at = segment;
	whole->count++;
	whole->bytes += size;
	allowance->used += cost;
	return true;
}

/* Nothing can wait any more: what lies before the first that does is lost. */
static void
lose_gap(struct tcp_reassembly *whole, uint32_t to_sequence, tcp_reassembly_sink *to, void *context)
{
	uint32_t first = to_sequence;

	if (whole->waiting && (int32_t)(whole->waiting->sequence - first) < 0)
		first = whole->waiting->sequence;
	if ((int32_t)(first - whole->next) <= 0)
		return;
	to(context, NULL, first - whole->next, false);
	whole->next = first;
}

void
tcp_reassembly_push(struct tcp_reassembly *whole, uint32_t sequence, const unsigned char *bytes,
		    uint32_t size, uint32_t wire, struct allowance *allowance,
		    tcp_reassembly_sink *to, void *context)
{
	int32_t ahead;

	if (wire == 0)
		return;
	if (!whole->has_begun)
		tcp_reassembly_begin(whole, sequence);
	ahead = (int32_t)(sequence - whole->next);
	if (ahead <= -WINDOW || ahead >= WINDOW)
		return;
	while (ahead > 0 && !let_wait(whole, sequence, bytes, size, wire, allowance)) {
		lose_gap(whole, sequence, to, context);
		hand_on_waiting(whole, allowance, to, context);
		ahead = (int32_t)(sequence - whole->next);
	}
	if (ahead <= 0)
		hand_on(whole, sequence, bytes, size, wire, to, context);
	hand_on_waiting(whole, allowance, to, context);
}

void
tcp_reassembly_release(struct tcp_reassembly *whole, struct allowance *allowance)
{
	while (whole->waiting) {
		struct tcp_reassembly_segment *first = whole->waiting;

		whole->waiting = first->later;
		allowance->used -= sizeof(*first) + first->size;
		free(first);
	}
	whole->count = 0;
	whole->bytes = 0;
}
