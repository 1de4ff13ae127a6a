#include "join/join_stream.h"

#include "capfile/pcapng.h"
#include "join/holdqueue.h"
#include "join/join_cmd.h"

/* How many packets between two looks at the tables. */
#define TABLES_EVERY 64

struct run {
	struct join_stream *live;
	struct copy *sieve;
	struct holdqueue *holdback;
	int64_t now_ns;
	int64_t looked_ns; /* when tables were last asked because a packet's time was up */
	unsigned packets;
};

static char *
remark(void *context)
{
	const struct join_stream *live = context;

	return join_counts_format(join_counts(live->join), live->expired);
}

static int
write_packet(struct run *run, enum join_verdict verdict, const struct packet *packet,
	     struct failure *why)
{
	run->live->expired += verdict == JOIN_UNDECIDED;
	if (!join_keeps(run->live->join, verdict, packet))
		return 0;
	return writer_packet(run->sieve->out, packet->iface, packet, why);
}

/* Whether the first may go; *verdict is what it goes with. */
static bool
may_go(const struct run *run, const struct held *first, bool force, enum join_verdict *verdict)
{
	bool is_final = true;

	*verdict = first->verdict;
	if (first->flow)
		*verdict = join_ask(run->live->join, first->flow, &is_final);
	return *verdict < JOIN_UNDECIDED || is_final || force ||
	       run->now_ns - first->packet.ts_ns > run->live->hold_ns;
}

/* Whether the first, undecided, would go for its time alone; tables may know by now. */
static int
look_again(struct run *run, const struct held *first, struct failure *why)
{
	if (run->now_ns - first->packet.ts_ns <= run->live->hold_ns ||
	    run->looked_ns == run->now_ns)
		return 0;
	run->looked_ns = run->now_ns;
	return pairfile_read(run->live->tables, why);
}

/* Writes or drops the first. 1: done; 0: it has to wait; -1: failed. */
static int
release_first(struct run *run, bool force, struct failure *why)
{
	const struct held *first = holdqueue_first(run->holdback);
	struct conn *flow;
	enum join_verdict verdict;
	int rc;

	if (first && look_again(run, first, why) < 0)
		return -1;
	if (!first || !may_go(run, first, force, &verdict))
		return 0;
	flow = first->flow;
	rc = write_packet(run, verdict, &first->packet, why);
	holdqueue_drop_first(run->holdback);
	if (flow)
		join_let_go(run->live->join, flow);
	return rc < 0 ? -1 : 1;
}

static int
release(struct run *run, bool all, struct failure *why)
{
	int rc = 1;

	while (rc > 0)
		rc = release_first(run, all || join_is_over(run->live->join), why);
	return rc;
}

static int
hold(struct run *run, const struct held *held, struct failure *why)
{
	int rc = 0;

	if (!holdqueue_fits(run->holdback, &held->packet)) {
		if (release(run, true, why) < 0)
			return -1;
		return write_packet(run, held->verdict, &held->packet, why);
	}
	while (rc == 0 && !holdqueue_put(run->holdback, held))
		rc = release_first(run, true, why) < 0 ? -1 : 0;
	if (rc == 0 && held->flow)
		join_hold(run->live->join, held->flow);
	return rc;
}

static int
take_packet(struct run *run, const struct packet *packet, struct failure *why)
{
	struct held held = {.packet = *packet};
	const struct source *source = reader_source(run->sieve->in);
	struct join *join = run->live->join;

	if (packet->ts_ns > run->now_ns)
		run->now_ns = packet->ts_ns;
	if (run->packets++ % TABLES_EVERY == 0 && pairfile_read(run->live->tables, why) < 0)
		return -1;
	held.linktype = source->interfaces[packet->iface].linktype;
	held.verdict = join_see(join, packet, held.linktype, &held.flow);
	if (release(run, false, why) < 0)
		return -1;
	if (!held.flow && !holdqueue_first(run->holdback))
		return write_packet(run, held.verdict, packet, why);
	if (!held.flow && !join_keeps(join, held.verdict, packet)) {
		run->live->expired += held.verdict == JOIN_UNDECIDED;
		return 0;
	}
	return hold(run, &held, why);
}

/* Nothing more will be known of what is held. */
static int
conclude(struct run *run, struct failure *why)
{
	if (pairfile_read(run->live->tables, why) < 0)
		return -1;
	join_finish(run->live->join);
	return release(run, true, why);
}

static int
take_statistics(struct run *run, uint32_t which, struct failure *why)
{
	const struct statistics *statistics =
	    &reader_source(run->sieve->in)->interfaces[which].statistics;
	const struct held *first;

	if (statistics->ts_ns > run->now_ns)
		run->now_ns = statistics->ts_ns;
	if (statistics->end_ns != INT64_MIN ? conclude(run, why) < 0
					    : pairfile_read(run->live->tables, why) < 0)
		return -1;
	if (release(run, false, why) < 0)
		return -1;
	first = holdqueue_first(run->holdback);
	return copy_statistics(run->sieve, which, first ? first->packet.ts_ns : INT64_MAX, why);
}

/* Packets before a further section belong to the one before it. */
static int
take_note(struct run *run, struct failure *why)
{
	if (reader_source(run->sieve->in)->note.type == PCAPNG_SHB && release(run, true, why) < 0)
		return -1;
	return copy_note(run->sieve, why);
}

static enum copy_outcome
copy(struct run *run, struct failure *why)
{
	struct source *source = reader_source(run->sieve->in);
	struct failure cut = FAILURE_INIT;
	int rc = copy_begin(run->sieve, why);

	while (rc == 0) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &cut);

		if (event == SOURCE_NOTE) {
			/* A section's interfaces come after it. */
			rc = take_note(run, why);
			if (rc == 0)
				rc = copy_interfaces(run->sieve, why);
			continue;
		}
		rc = copy_interfaces(run->sieve, why);
		if (rc < 0)
			break;
		if (event == SOURCE_PACKET)
			rc = take_packet(run, &packet, why);
		else if (event == SOURCE_STATISTICS)
			rc = take_statistics(run, packet.iface, why);
		else if (event == SOURCE_LATER)
			continue;
		else if (conclude(run, why) == 0)
			return copy_finish(run->sieve, event == SOURCE_CUT ? &cut : NULL, why);
		else
			rc = -1;
	}
	return COPY_FAILED;
}

enum copy_outcome
join_stream_run(struct join_stream *live, struct copy *sieve, struct failure *why)
{
	struct run run = {
	    .live = live, .sieve = sieve, .now_ns = INT64_MIN, .looked_ns = INT64_MIN};
	enum copy_outcome outcome = COPY_FAILED;

	sieve->remark = remark;
	sieve->context = live;
	run.holdback = holdqueue_new(live->memory, why);
	if (run.holdback)
		outcome = copy(&run, why);
	while (run.holdback && holdqueue_first(run.holdback)) {
		struct conn *flow = holdqueue_first(run.holdback)->flow;

		holdqueue_drop_first(run.holdback);
		if (flow)
			join_let_go(live->join, flow);
	}
	holdqueue_free(run.holdback);
	return outcome;
}
