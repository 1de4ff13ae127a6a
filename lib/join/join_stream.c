/*
 * A packet whose verdict is not final waits in a queue, and with it all packets behind it, so that
 * order is kept; the queue is looked at from its start only. What ends the wait: evidence, the end
 * of the connection, memory that is full, or hold_ns, which runs by the times of the packets and
 * not by the clock, so that without tables a stream gives the same output at any speed. Statistics
 * are heartbeats, which advance that time while no packet arrives; they are passed on with a time
 * that is not beyond the packets held back.
 */
#include "join/join_stream.h"

#include "capfile/pcapng.h"
#include "join/holdqueue.h"

/* Tables are read once for this many packets. */
#define TABLES_EVERY 64

struct run {
	struct join_stream *stream;
	struct copy *copy;
	struct holdqueue *queue;
	int64_t now_ns;
	int64_t looked_ns; /* now_ns when tables were last read because a packet had expired */
	unsigned packets;
};

/* A copy_remark. */
static char *
remark_counts(void *context)
{
	const struct join_stream *stream = context;

	return join_remark(stream->join, stream->expired);
}

/* What may be released: packets that are decided or expired, or any. */
enum release_mode { RELEASE_DECIDED, RELEASE_ANY };

static int
write_packet(struct run *run, enum join_verdict verdict, const struct packet *packet,
	     struct failure *why)
{
	run->stream->expired += verdict == JOIN_UNDECIDED;
	if (!join_keeps(run->stream->join, verdict, packet))
		return 0;
	return writer_packet(run->copy->out, packet->iface, packet, why);
}

/* Whether the oldest packet may be released, and with which verdict. */
static bool
may_release(const struct run *run, const struct held *first, enum release_mode mode,
	    enum join_verdict *verdict)
{
	bool is_final = true;

	*verdict = first->verdict;
	if (first->conn)
		*verdict = join_ask(run->stream->join, first->conn, &is_final);
	return *verdict < JOIN_UNDECIDED || is_final || mode == RELEASE_ANY ||
	       run->now_ns - first->packet.ts_ns > run->stream->hold_ns;
}

/* Before a packet expires undecided, reads the tables once more. */
static int
read_tables_again(struct run *run, const struct held *first, struct failure *why)
{
	if (run->now_ns - first->packet.ts_ns <= run->stream->hold_ns ||
	    run->looked_ns == run->now_ns)
		return 0;
	run->looked_ns = run->now_ns;
	return pairfile_read(run->stream->tables, why);
}

/* Writes the oldest packet, or leaves it out. 1: released; 0: it has to wait, or there is none. */
static int
release_first(struct run *run, enum release_mode mode, struct failure *why)
{
	const struct held *first = holdqueue_first(run->queue);
	struct conn *conn;
	enum join_verdict verdict;
	int rc;

	if (first && read_tables_again(run, first, why) < 0)
		return -1;
	if (!first || !may_release(run, first, mode, &verdict))
		return 0;
	conn = first->conn;
	rc = write_packet(run, verdict, &first->packet, why);
	holdqueue_drop_first(run->queue);
	if (conn)
		join_let_go(run->stream->join, conn);
	return rc < 0 ? -1 : 1;
}

static int
release(struct run *run, enum release_mode mode, struct failure *why)
{
	int rc = 1;

	while (rc > 0)
		rc = release_first(run, join_is_over_memory(run->stream->join) ? RELEASE_ANY : mode,
				   why);
	return rc;
}

static int
hold(struct run *run, const struct held *held, struct failure *why)
{
	int rc = 0;

	if (!holdqueue_fits(run->queue, &held->packet)) {
		if (release(run, RELEASE_ANY, why) < 0)
			return -1;
		return write_packet(run, held->verdict, &held->packet, why);
	}
	while (rc == 0 && !holdqueue_put(run->queue, held))
		rc = release_first(run, RELEASE_ANY, why) < 0 ? -1 : 0;
	if (rc == 0 && held->conn)
		join_hold(held->conn);
	return rc;
}

static int
add_packet(struct run *run, const struct packet *packet, struct failure *why)
{
	struct held held;
	const struct source *source = reader_source(run->copy->in);
	struct join *join = run->stream->join;

	if (packet->ts_ns > run->now_ns)
		run->now_ns = packet->ts_ns;
	if (run->packets++ % TABLES_EVERY == 0 && pairfile_read(run->stream->tables, why) < 0)
		return -1;
	held.packet = *packet;
	held.conn = NULL;
	held.linktype = source->interfaces[packet->iface].linktype;
	held.verdict = join_see(join, packet, held.linktype, &held.conn);
	if (release(run, RELEASE_DECIDED, why) < 0)
		return -1;
	if (!held.conn && !holdqueue_first(run->queue))
		return write_packet(run, held.verdict, packet, why);
	if (!held.conn && !join_keeps(join, held.verdict, packet)) {
		run->stream->expired += held.verdict == JOIN_UNDECIDED;
		return 0;
	}
	return hold(run, &held, why);
}

/* No more packets or pairs will come. */
static int
finish_join(struct run *run, struct failure *why)
{
	if (pairfile_read(run->stream->tables, why) < 0)
		return -1;
	join_finish(run->stream->join);
	return release(run, RELEASE_ANY, why);
}

static int
add_statistics(struct run *run, uint32_t which, struct failure *why)
{
	const struct statistics *statistics =
	    &reader_source(run->copy->in)->interfaces[which].statistics;
	const struct held *first;

	if (statistics->ts_ns > run->now_ns)
		run->now_ns = statistics->ts_ns;
	if (statistics->end_ns != INT64_MIN ? finish_join(run, why) < 0
					    : pairfile_read(run->stream->tables, why) < 0)
		return -1;
	if (release(run, RELEASE_DECIDED, why) < 0)
		return -1;
	first = holdqueue_first(run->queue);
	return copy_statistics(run->copy, which, first ? first->packet.ts_ns : INT64_MAX, why);
}

/* Packets that are held belong to the section before a new one. */
static int
add_note(struct run *run, struct failure *why)
{
	if (reader_source(run->copy->in)->note.type == PCAPNG_SHB &&
	    release(run, RELEASE_ANY, why) < 0)
		return -1;
	return copy_note(run->copy, why);
}

static enum copy_outcome
join_events(struct run *run, struct failure *why)
{
	struct source *source = reader_source(run->copy->in);
	struct failure cut = FAILURE_INIT;
	int rc = copy_begin(run->copy, why);

	while (rc == 0) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &cut);

		if (event == SOURCE_NOTE) {
			/* The interfaces of a section come after its header. */
			rc = add_note(run, why);
			if (rc == 0)
				rc = copy_interfaces(run->copy, why);
			continue;
		}
		rc = copy_interfaces(run->copy, why);
		if (rc < 0)
			break;
		if (event == SOURCE_PACKET)
			rc = add_packet(run, &packet, why);
		else if (event == SOURCE_STATISTICS)
			rc = add_statistics(run, packet.iface, why);
		else if (event == SOURCE_LATER)
			continue;
		else if (finish_join(run, why) == 0)
			return copy_finish(run->copy, event == SOURCE_CUT ? &cut : NULL, why);
		else
			rc = -1;
	}
	return COPY_FAILED;
}

enum copy_outcome
join_stream_run(struct join_stream *stream, struct copy *copy, struct failure *why)
{
	struct run run = {
	    .stream = stream, .copy = copy, .now_ns = INT64_MIN, .looked_ns = INT64_MIN};
	enum copy_outcome outcome = COPY_FAILED;

	copy->remark = remark_counts;
	copy->context = stream;
	run.queue = holdqueue_new(stream->memory, why);
	if (run.queue)
		outcome = join_events(&run, why);
	while (run.queue && holdqueue_first(run.queue)) {
		struct conn *conn = holdqueue_first(run.queue)->conn;

		holdqueue_drop_first(run.queue);
		if (conn)
			join_let_go(stream->join, conn);
	}
	holdqueue_free(run.queue);
	return outcome;
}
