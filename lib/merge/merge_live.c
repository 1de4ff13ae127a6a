#include "merge/merge_live.h"

#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The livestream says how far it is when it has come so much further, in the packets' time. */
#define PROMISE_STEP_NS INT64_C(50000000)
#define PROMISE_ID      0 /* the interface that says it */

/* As many packets are let go at a time when memory is full. */
#define HURRY 4096

struct merge_live_input {
	uint64_t offset;  /* as far as it was read when last looked at */
	int64_t heard_ns; /* when that changed, by the clock */
	bool is_silent;   /* it is not waited for */
};

void
merge_live_release(struct merge_live *merge_live)
{
	free(merge_live->list);
	*merge_live = MERGE_LIVE_INIT;
}

void
merge_live_watch(struct merge_live *merge_live, const struct inputs *inputs, struct merge *merge)
{
	merge_live->inputs = inputs;
	merge_live->merge = merge;
	merge_live->promised_ns = INT64_MIN;
}

static void
say(const struct merge_live *merge_live, size_t i, const char *what)
{
	const struct inputs_file *input = &merge_live->inputs->list[i];
	struct failure line;

	failure_set(&line, "'%s' %s", input->engine ? input->engine : input->path, what);
	if (merge_live->say)
		merge_live->say(line.text);
}

/* Whether every input is read on, and which are to be waited for no more, or again. Returns how
 * long until that may change, negative if it will not by itself. */
static int64_t
judge_silence(struct merge_live *merge_live, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	if (!merge_has_pending(merge_live->merge))
		merge_live->holding_ns = 0;
	else if (merge_live->holding_ns == 0)
		merge_live->holding_ns = now_ns;
	for (size_t i = 0; i < merge_live->inputs->count; i++) {
		struct merge_live_input *input = &merge_live->list[i];
		const uint64_t offset = reader_offset(merge_live->inputs->list[i].file);
		int64_t silent_ns;

		if (offset != input->offset) {
			input->offset = offset;
			input->heard_ns = now_ns;
			if (input->is_silent) {
				say(merge_live, i, "is back");
				merge_wait_for(merge_live->merge, i);
			}
			input->is_silent = false;
		}
		if (input->is_silent || !merge_live->holding_ns ||
		    !merge_waits_for(merge_live->merge, i))
			continue;
		silent_ns =
		    now_ns - (input->heard_ns > merge_live->holding_ns ? input->heard_ns
								       : merge_live->holding_ns);
		if (silent_ns < merge_live->stall_ns) {
			if (merge_live->stall_ns - silent_ns < next_ns)
				next_ns = merge_live->stall_ns - silent_ns;
			continue;
		}
		input->is_silent = true;
		merge_stop_waiting_for(merge_live->merge, i);
		say(merge_live, i, "is silent: the others go on without it");
		next_ns = 0;
	}
	return next_ns == INT64_MAX ? -1 : next_ns;
}

/* When memory is full and still packets have to wait, the oldest do so no longer. */
static bool
make_room(struct merge_live *merge_live)
{
	for (size_t i = 0; i < merge_live->inputs->count; i++)
		if (reader_is_full(merge_live->inputs->list[i].file) &&
		    merge_has_pending(merge_live->merge)) {
			if (!merge_live->is_short)
				say(merge_live, i,
				    "has more waiting than memory can hold: the oldest go on");
			merge_live->is_short = true;
			merge_release_early(merge_live->merge, HURRY);
			return true;
		}
	return false;
}

/* Takes what has come from the inputs that poll named. */
static void
take(struct merge_live *merge_live, const struct pollfd *pollers)
{
	for (size_t i = 0; i < merge_live->inputs->count; i++)
		if (pollers[i].revents)
			reader_fill(merge_live->inputs->list[i].file);
}

/* Waits until something comes, or an input has been silent for long enough. */
static int
wait_for_more(struct merge_live *merge_live, struct pollfd *pollers, struct failure *why)
{
	const size_t count = merge_live->inputs->count;
	int64_t left_ns = judge_silence(merge_live, clock_monotonic_ns());
	struct timespec left;

	if (make_room(merge_live))
		left_ns = 0;
	for (size_t i = 0; i < count; i++) {
		const struct reader *file = merge_live->inputs->list[i].file;

		/* What is held already is taken first, however much there is. */
		pollers[i] =
		    (struct pollfd){reader_wants_more(file) ? reader_fd(file) : -1, POLLIN, 0};
	}
	pollers[count] = (struct pollfd){merge_live->out, 0, 0};
	left = (struct timespec){left_ns / NS_PER_SECOND, left_ns % NS_PER_SECOND};
	if (ppoll(pollers, count + 1, left_ns < 0 ? NULL : &left, NULL) < 0)
		return errno == EINTR ? 0 : failure_errno(why, "cannot wait for the inputs");
	if (pollers[count].revents & (POLLERR | POLLNVAL))
		return failure_set(why, "nobody reads the capture any more");
	take(merge_live, pollers);
	return 0;
}

/* Says how far the livestream is, if that is news. */
static int
promise(struct merge_live *merge_live, const struct source *source, struct writer *writer,
	struct failure *why)
{
	const int64_t promise_ns = merge_watermark(merge_live->merge);
	struct statistics heartbeat = STATISTICS_INIT;

	if (source->interface_count == 0 || promise_ns == INT64_MAX || promise_ns < 0)
		return 0;
	if (merge_live->promised_ns != INT64_MIN &&
	    promise_ns < merge_live->promised_ns + PROMISE_STEP_NS)
		return 0;
	merge_live->promised_ns = promise_ns;
	heartbeat.ts_ns = promise_ns;
	return writer_statistics(writer, PROMISE_ID, &heartbeat, NULL, why);
}

int
merge_live_end_mark(const struct merge_live *merge_live, struct writer *writer, uint32_t id,
		    struct failure *why)
{
	struct statistics end = STATISTICS_INIT;

	if (id != PROMISE_ID || merge_live->promised_ns == INT64_MIN)
		return 0;
	end.ts_ns = end.end_ns = merge_live->promised_ns;
	return writer_statistics(writer, id, &end, NULL, why);
}

/* One event of the source: written, or waited for. 1, or 0 at the end. */
static int
copy_event(struct merge_live *merge_live, struct source *source, struct writer *writer,
	   struct pollfd *pollers, struct failure *why)
{
	struct packet packet;
	enum source_event event = source->next(source, &packet, why);

	if (event == SOURCE_CUT || writer_interfaces(writer, source, why) < 0)
		return -1;
	switch (event) {
	case SOURCE_PACKET: return writer_packet(writer, packet.iface, &packet, why) < 0 ? -1 : 1;
	case SOURCE_NOTE:
		return writer_raw(writer, source->note.type, source->note.body, source->note.size,
				  why) < 0
			   ? -1
			   : 1;
	case SOURCE_LATER:
		if (promise(merge_live, source, writer, why) < 0 || writer_flush(writer, why) < 0 ||
		    wait_for_more(merge_live, pollers, why) < 0)
			return -1;
		return 1;
	case SOURCE_END: return 0;
	default: return 1;
	}
}

int
merge_live_copy(struct merge_live *merge_live, struct source *source, struct writer *writer,
		struct failure *why)
{
	struct pollfd *pollers = calloc(merge_live->inputs->count + 1, sizeof(*pollers));
	int rc = -1;

	merge_live->list = calloc(merge_live->inputs->count + 1, sizeof(*merge_live->list));
	if (!pollers || !merge_live->list)
		failure_errno(why, "cannot merge");
	else
		while ((rc = copy_event(merge_live, source, writer, pollers, why)) > 0)
			;
	free(pollers);
	return rc;
}
