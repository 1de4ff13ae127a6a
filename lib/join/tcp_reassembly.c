/*
 * next is the sequence number that is expected. A segment at or before it passes at once, less what
 * is old; one behind it waits in a list ordered by sequence number until the gap is filled. Numbers
 * wrap, so they are compared by the sign of their difference, and a segment more than a quarter of
 * the number space away is not believed. When a segment may not wait, for want of room, the gap in
 * front of it is given up, and the parsers are told how many bytes are lost; the same goes for the
 * tail of a segment that was captured in part.
 */
#include "join/tcp_reassembly.h"

#include <stdlib.h>
#include <string.h>

/* A sequence number further away belongs to another connection, or is forged. */
#define WINDOW (1 << 30)

struct waiting_segment {
	struct waiting_segment *later;
	struct segment segment; /* its bytes are those below */
	unsigned char bytes[];
};

void
tcp_reassembly_begin(struct tcp_reassembly *stream, uint32_t next)
{
	stream->next = next;
	stream->has_begun = true;
}

/* Passes on what is new of a segment that begins at or before the next byte. */
static void
pass_segment(struct tcp_reassembly *stream, const struct segment *segment, tcp_reassembly_sink *to,
	     void *context)
{
	uint32_t size = segment->size, wire = segment->wire;
	uint32_t seen_before = stream->next - segment->sequence;

	if (seen_before >= wire)
		return;
	stream->passing = segment;
	if (seen_before < size)
		to(context, segment->bytes + seen_before, size - seen_before, seen_before == 0);
	stream->passing = NULL;
	if (wire > size)
		to(context, NULL, wire - (seen_before > size ? seen_before : size), false);
	stream->next = segment->sequence + wire;
}

static void
pass_waiting(struct tcp_reassembly *stream, struct allowance *allowance, tcp_reassembly_sink *to,
	     void *context)
{
	while (stream->waiting &&
	       (int32_t)(stream->waiting->segment.sequence - stream->next) <= 0) {
		struct waiting_segment *first = stream->waiting;

		stream->waiting = first->later;
		stream->count--;
		stream->bytes -= first->segment.size;
		allowance->used -= sizeof(*first) + first->segment.size;
		pass_segment(stream, &first->segment, to, context);
		free(first);
	}
}

/* Copies a segment to wait; false if it may not. */
static bool
let_wait(struct tcp_reassembly *stream, const struct segment *segment, struct allowance *allowance)
{
	struct waiting_segment **at = &stream->waiting, *copy;
	size_t cost = sizeof(*copy) + segment->size;
	uint32_t most = stream->most ? stream->most : TCP_REASSEMBLY_WAITING;
	uint32_t most_bytes =
	    stream->most_bytes ? stream->most_bytes : TCP_REASSEMBLY_WAITING_BYTES;

	if (stream->count == most || stream->bytes + segment->size > most_bytes ||
	    allowance->used + cost > allowance->limit)
		return false;
	while (*at && (int32_t)((*at)->segment.sequence - segment->sequence) < 0)
		at = &(*at)->later;
	if (*at && (*at)->segment.sequence == segment->sequence &&
	    (*at)->segment.wire >= segment->wire)
		return true;
	copy = malloc(cost);
	if (!copy)
		return false;
	*copy = (struct waiting_segment){.later = *at, .segment = *segment};
	memcpy(copy->bytes, segment->bytes, segment->size);
	copy->segment.bytes = copy->bytes;
	*at = copy;
	stream->count++;
	stream->bytes += segment->size;
	allowance->used += cost;
	return true;
}

/* Reports the gap before the first waiting segment, or before to_sequence, as lost. */
static void
lose_gap(struct tcp_reassembly *stream, uint32_t to_sequence, tcp_reassembly_sink *to,
	 void *context)
{
	uint32_t first = to_sequence;

	if (stream->waiting && (int32_t)(stream->waiting->segment.sequence - first) < 0)
		first = stream->waiting->segment.sequence;
	if ((int32_t)(first - stream->next) <= 0)
		return;
	to(context, NULL, first - stream->next, false);
	stream->next = first;
}

void
tcp_reassembly_push(struct tcp_reassembly *stream, const struct segment *segment,
		    struct allowance *allowance, tcp_reassembly_sink *to, void *context)
{
	int32_t ahead;

	if (segment->wire == 0)
		return;
	if (!stream->has_begun)
		tcp_reassembly_begin(stream, segment->sequence);
	ahead = (int32_t)(segment->sequence - stream->next);
	if (ahead <= -WINDOW || ahead >= WINDOW)
		return;
	while (ahead > 0 && !let_wait(stream, segment, allowance)) {
		lose_gap(stream, segment->sequence, to, context);
		pass_waiting(stream, allowance, to, context);
		ahead = (int32_t)(segment->sequence - stream->next);
	}
	if (ahead <= 0)
		pass_segment(stream, segment, to, context);
	pass_waiting(stream, allowance, to, context);
}

void
tcp_reassembly_acknowledge(struct tcp_reassembly *stream, uint32_t sequence,
			   struct allowance *allowance, tcp_reassembly_sink *to, void *context)
{
	int32_t ahead = (int32_t)(sequence - stream->next);

	if (!stream->has_begun || ahead >= WINDOW)
		return;
	while (ahead > 0) {
		lose_gap(stream, sequence, to, context);
		pass_waiting(stream, allowance, to, context);
		ahead = (int32_t)(sequence - stream->next);
	}
}

void
tcp_reassembly_release(struct tcp_reassembly *stream, struct allowance *allowance)
{
	while (stream->waiting) {
		struct waiting_segment *first = stream->waiting;

		stream->waiting = first->later;
		allowance->used -= sizeof(*first) + first->segment.size;
		free(first);
	}
	stream->count = 0;
	stream->bytes = 0;
}
