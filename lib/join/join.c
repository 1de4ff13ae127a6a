/*
 * A proxy ends the client's connection and opens another one to a server, from an address of its
 * own (SNAT). No address is common to both, so evidence joins them: a table of pairs, a PROXY
 * protocol header, or a request's header that names the client (weigh.c). Each connection gets a
 * verdict from its evidence (decide.c), and each packet the verdict of its connection.
 *
 * The packets of a connection come before its evidence is complete. A file is therefore read twice.
 * The first pass follows every connection to its end and records the verdict by serial number; the
 * second sees the same packets, so the table makes the same connections with the same numbers, and
 * the verdicts are looked up. This takes a byte per connection, not the packets.
 *
 * A stream is read once. join_see returns the connection if its verdict may change; the caller
 * holds the packet, and everything after it, and asks again (join_stream.c). What is undecided
 * after hold_ns stays undecided.
 *
 * The client side needs no evidence: the client's address is in its packets. It is followed only if
 * the set may name servers or engines, whose clients are then wanted too (weigh_claims).
 */
#include "join/join.h"

#include "filter/sighting.h"
#include "join/decide-int.h"
#include "join/join-int.h"
#include "join/monitor-int.h"
#include "join/weigh-int.h"
#include "packet/dissect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	PAIRS_MAX = 1 << 20,        /* from tables, for a file */
	PAIRS_MAX_STREAM = 1 << 15, /* ... and waiting for their connections, in a stream */
	CLAIMS_MAX = 1 << 16,
	FRAGMENTS_MAX = 1 << 13,
	SERVERS_MAX = 1 << 13,
};

static void
record_verdict(struct join *join, uint64_t serial, enum join_verdict verdict)
{
	if (join->config.is_live || join->out_of_memory)
		return;
	while (serial >= join->verdict_room) {
		size_t room = join->verdict_room ? 2 * join->verdict_room : 4096;
		unsigned char *verdicts = realloc(join->verdicts, room);

		if (!verdicts) {
			join->out_of_memory = true;
			return;
		}
		join->verdicts = verdicts;
		join->verdict_room = room;
	}
	join->verdicts[serial] = (unsigned char)verdict;
	if (serial >= join->verdict_count)
		join->verdict_count = serial + 1;
}

/* A conntable_end. */
static void
end_conn(void *context, struct conn *conn)
{
	struct join *join = context;
	struct join_conn *jc = join_conn_of(conn);

	if (join->is_replay)
		return;
	decide_update(join, jc);
	jc->verdict = decide_verdict(join, jc);
	if (conn->key.is_server_side)
		decide_count(join, jc);
	else if (jc->verdict == JOIN_UNDECIDED)
		jc->verdict = JOIN_OTHER; /* no server-side connection has claimed it */
	if (jc->verdict == JOIN_UNDECIDED && jc->dispute.there && !join->config.is_live)
		disputes_keep(&join->disputes, conn->serial, &jc->dispute);
	weigh_end_inspection(join, jc);
	record_verdict(join, conn->serial, decide_finally(join, jc->verdict));
}

/* A conntable_discard. */
static void
discard_conn(void *context, struct conn *conn)
{
	weigh_end_inspection(context, join_conn_of(conn));
}

enum join_verdict
join_ask(struct join *join, struct conn *conn, bool *is_final)
{
	struct join_conn *jc = join_conn_of(conn);
	enum join_verdict verdict = jc->verdict;

	*is_final = conn->is_ended;
	if (!conn->is_ended) {
		decide_update(join, jc);
		*is_final = !decide_may_change(join, jc);
		verdict = decide_verdict(join, jc);
	}
	/* It is not for want of time that a failed connect stays undecided. */
	return *is_final && conn_has_failed(conn) ? decide_finally(join, verdict) : verdict;
}

/* What of a packet its verdict depends on, and the connection that the verdict waits for. */
struct subject {
	const struct packet *packet;
	struct sighting seen;
	struct conn_key key;
	enum conn_direction direction; /* of the packet, by the key */
	struct conn *waits_for;
};

static void
make_key(struct subject *subject)
{
	const struct tuple *tuple = &subject->seen.tuple;
	const bool source_varies = subject->seen.source_varies;
	struct flowkey *ends = &subject->key.ends;

	subject->key.is_server_side = subject->seen.side == SIDE_SERVER;
	subject->direction = source_varies ? CONN_FORWARD : CONN_BACKWARD;
	ends->protocol = tuple->protocol;
	ends->one = source_varies ? tuple->source : tuple->destination;
	ends->other = source_varies ? tuple->destination : tuple->source;
	ends->port = source_varies ? tuple->source_port : tuple->destination_port;
	ends->other_port = source_varies ? tuple->destination_port : tuple->source_port;
}

/* A packet without ports, such as a later fragment. */
static enum join_verdict
judge_addresses(const struct join *join, const struct conn_key *key)
{
	struct flowkey ends = {
	    .one = key->ends.one, .other = key->ends.other, .protocol = key->ends.protocol};
	int64_t time_ns;

	if (join->config.monitors == MONITORS_ONLY)
		return JOIN_OUT;
	if (!join->config.set)
		return JOIN_WANTED;
	if (lru_find(join->fragments, &ends, &time_ns) || join_set_has(join, ends.one) ||
	    (key->is_server_side && join_set_has(join, ends.other)))
		return JOIN_WANTED;
	return JOIN_OTHER;
}

static enum join_verdict
judge_conn(struct join *join, struct conn *conn, struct conn **waits_for)
{
	enum join_verdict verdict;
	bool is_final;

	if (join->is_replay) {
		if (conn->serial < join->verdict_count)
			return join->verdicts[conn->serial];
		return decide_finally(join, JOIN_UNDECIDED);
	}
	verdict = join_ask(join, conn, &is_final);
	if (verdict >= JOIN_UNDECIDED && !is_final)
		*waits_for = conn;
	return verdict;
}

/* By its connection, which learns from the packet. */
static enum join_verdict
judge_by_conn(struct join *join, struct subject *subject)
{
	const struct tuple *tuple = &subject->seen.tuple;
	enum conn_direction direction = subject->direction;
	struct join_conn *jc;
	struct conn *conn;

	if (tuple->only_addresses || !tuple->has_ports)
		return judge_addresses(join, &subject->key);
	if (tuple->is_quoted) {
		conn = conntable_find(join->conns, &subject->key);
		if (conn && !join->is_replay && direction == CONN_FORWARD)
			handshake_unreachable(&conn->handshake);
		return conn ? judge_conn(join, conn, &subject->waits_for)
			    : judge_addresses(join, &subject->key);
	}
	conn = conntable_see(join->conns, &subject->key, &direction, subject->packet->ts_ns, tuple);
	if (!conn) {
		join->out_of_memory = true;
		return JOIN_UNDECIDED;
	}
	if (join->is_replay)
		return judge_conn(join, conn, &subject->waits_for);
	jc = join_conn_of(conn);
	if (!jc->is_known) {
		jc->is_known = true;
		jc->shows_client = subject->seen.shows_client;
		weigh_addresses(join, jc);
	}
	weigh_tables(join, jc);
	if (direction == CONN_FORWARD && conn->key.is_server_side)
		weigh_payload(join, jc, tuple);
	return judge_conn(join, conn, &subject->waits_for);
}

static enum join_verdict
judge_by_set(const struct join *join, const struct tuple *tuple)
{
	if (!join->config.set || join_set_has(join, tuple->source) ||
	    join_set_has(join, tuple->destination))
		return JOIN_WANTED;
	return JOIN_OTHER;
}

/* Without a service. */
static enum join_verdict
judge_any(const struct join *join, const struct packet *packet, uint16_t linktype)
{
	struct tuple tuple;

	switch (dissect_addresses(packet, linktype, &tuple)) {
	case DISSECT_FOUND: return judge_by_set(join, &tuple);
	case DISSECT_NOT_IP: return JOIN_OTHER;
	default: return JOIN_OUT;
	}
}

static enum join_verdict
judge_client_side(struct join *join, struct subject *subject)
{
	const struct join_config *config = &join->config;
	const enum side side = subject->seen.side;

	if (!service_wants(side, config->monitors))
		return JOIN_OUT;
	if (side == SIDE_MONITOR || config->per_packet)
		return judge_by_set(join, &subject->seen.tuple);
	if (!config->set || join_set_has(join, subject->key.ends.one))
		return JOIN_WANTED;
	return join->has_claims ? judge_by_conn(join, subject) : JOIN_OTHER;
}

static enum join_verdict
judge_server_side(struct join *join, struct subject *subject)
{
	const struct join_config *config = &join->config;

	if (config->monitors == MONITORS_ONLY && !monitor_is_judged(join))
		return JOIN_OUT;
	if (config->per_packet && !monitor_is_judged(join))
		return judge_by_set(join, &subject->seen.tuple);
	return judge_by_conn(join, subject);
}

enum join_verdict
join_see(struct join *join, const struct packet *packet, uint16_t linktype, struct conn **conn)
{
	struct subject subject;
	enum join_verdict verdict;

	*conn = NULL;
	if (packet->ts_ns > join->now_ns)
		join->now_ns = packet->ts_ns;
	if (!join->config.service)
		return judge_any(join, packet, linktype);
	if (!sighting_make(&subject.seen, join->config.service, packet, linktype) ||
	    subject.seen.side == SIDE_OTHER)
		return JOIN_OUT;
	subject.packet = packet;
	subject.waits_for = NULL;
	make_key(&subject);
	verdict = subject.seen.side == SIDE_SERVER ? judge_server_side(join, &subject)
						   : judge_client_side(join, &subject);
	*conn = subject.waits_for;
	return verdict;
}

bool
join_keeps(const struct join *join, enum join_verdict verdict, const struct packet *packet)
{
	const struct bpf *program = join->config.program;
	bool is_wanted;

	verdict = decide_finally(join, verdict);
	if (verdict == JOIN_OUT)
		return false;
	is_wanted = verdict == JOIN_WANTED;
	if (is_wanted && program) {
		switch (bpf_judge(program, packet->data, packet->caplen, packet->len)) {
		case BPF_ACCEPTS: break;
		case BPF_REJECTS: is_wanted = false; break;
		case BPF_CUT: return false; /* cut short: never kept, as in filter.h */
		}
	}
	return is_wanted != join->config.exclude;
}

void
join_pair(struct join *join, const struct connpair *pair)
{
	/* A request that no server was asked joins nothing. */
	if (!pair->server.has_addr && pair->said.end[0])
		return;
	if (!pairtable_add(join->pairs, pair))
		join->counts.useless_pairs++;
}

void
join_hold(struct conn *conn)
{
	conntable_hold(conn);
}

void
join_let_go(struct join *join, struct conn *conn)
{
	conntable_let_go(join->conns, conn);
}

bool
join_is_over_memory(const struct join *join)
{
	return join->conn_memory.used > join->conn_memory.limit;
}

/* A disputes_report: a connection that had ended undecided. */
static void
settle(void *context, uint64_t serial, bool is_wanted)
{
	struct join *join = context;

	join->counts.undecided--;
	join->counts.told[JOIN_BY_HEADERS]++;
	if (is_wanted)
		join->counts.wanted++;
	else
		join->counts.other++;
	record_verdict(join, serial, is_wanted ? JOIN_WANTED : JOIN_OTHER);
}

void
join_finish(struct join *join)
{
	conntable_end_all(join->conns);
	disputes_finish(&join->disputes, settle, join);
}

const struct join_counts *
join_counts(const struct join *join)
{
	return &join->counts;
}

char *
join_failed_connects(const struct join *join)
{
	return connects_format(&join->connects, "\n");
}

char *
join_remark(const struct join *join, uint64_t expired)
{
	char *line = join_counts_format(&join->counts, expired), *remark;
	char *failed = connects_format(&join->connects, "\nvcap-join: ");
	const char *advice = join_counts_advice(&join->counts);

	if (!line || !failed ||
	    asprintf(&remark, "vcap-join: %s%s%s%s%s", line, advice ? "\nvcap-join: " : "",
		     advice ? advice : "", *failed ? "\nvcap-join: " : "", failed) < 0)
		remark = NULL;
	free(line);
	free(failed);
	return remark;
}

static int
make_conntable(struct join *join, struct failure *why)
{
	const struct conntable_config config = {.size = sizeof(struct join_conn),
						.allowance = &join->conn_memory,
						.secret = join->config.secret,
						.end = end_conn,
						.discard = discard_conn,
						.context = join};

	join->conns = conntable_new(&config, why);
	return join->conns ? 0 : -1;
}

int
join_again(struct join *join, struct failure *why)
{
	if (join->out_of_memory) {
		errno = ENOMEM;
		return failure_errno(why, "cannot follow connections");
	}
	conntable_free(join->conns);
	join->is_replay = true;
	return make_conntable(join, why);
}

bool
join_has_doubts(const struct join *join)
{
	return join->config.set && join->has_unwritten && join->counts.told[JOIN_BY_HEADERS] > 0;
}

int
join_learn_again(struct join *join, struct failure *why)
{
	const uint8_t lacking = join->disputes.lacking;
	const struct join_counts counts = {.has_tables = join->counts.has_tables,
					   .useless_pairs = join->counts.useless_pairs};

	lru_free(join->claims);
	lru_free(join->fragments);
	join->claims = lru_new(CLAIMS_MAX, join->config.secret, why);
	join->fragments = lru_new(FRAGMENTS_MAX, join->config.secret, why);
	if (!join->claims || !join->fragments || join_again(join, why) < 0)
		return -1;
	join->is_replay = false;
	join->now_ns = 0;
	join->verdict_count = 0;
	join->counts = counts;
	connects_release(&join->connects);
	disputes_release(&join->disputes);
	join->disputes.lacking = lacking;
	return 0;
}

/* Whether the set may select connections by their server side. */
static bool
may_claim(const struct join_config *config)
{
	const struct service *service = config->service;

	if (!config->set || config->per_packet)
		return false;
	if (addrset_meets(config->set, &service->server_addresses) ||
	    addrset_meets(config->set, &service->sources))
		return true;
	/* Without `source` lines any address of the set may be an engine's. The second pass over a
	 * file tells; in a stream this would hold back every other client. */
	return addrset_is_empty(&service->sources) && !service->source_client && !config->is_live;
}

struct join *
join_new(const struct join_config *config, struct failure *why)
{
	struct join *join = calloc(1, sizeof(*join));
	size_t pairs = config->is_live ? PAIRS_MAX_STREAM : PAIRS_MAX;

	if (!join) {
		failure_errno(why, "cannot follow connections");
		return NULL;
	}
	join->config = *config;
	join->config.per_packet |= !config->service;
	join->counts.has_tables = config->has_tables;
	join->rule.service = config->service;
	join->rule.header = config->header;
	if (config->service && !config->header.name)
		join->rule.header = config->service->header;
	join->conn_memory.limit = config->memory / 4;
	join->inspect_memory.limit = config->memory - join->conn_memory.limit;
	for (size_t i = 0; config->service && i < config->service->monitor_count; i++)
		join->has_monitor[config->service->monitors[i].kind] = true;
	join->has_claims = may_claim(&join->config);
	join->pairs = pairtable_new(pairs, config->secret, why);
	join->claims = lru_new(CLAIMS_MAX, config->secret, why);
	join->fragments = lru_new(FRAGMENTS_MAX, config->secret, why);
	join->unwritten = lru_new(SERVERS_MAX, config->secret, why);
	if (join->pairs && join->claims && join->fragments && join->unwritten &&
	    make_conntable(join, why) == 0)
		return join;
	join_free(join);
	return NULL;
}

void
join_free(struct join *join)
{
	if (!join)
		return;
	conntable_free(join->conns);
	pairtable_free(join->pairs);
	lru_free(join->claims);
	lru_free(join->fragments);
	lru_free(join->unwritten);
	connects_release(&join->connects);
	disputes_release(&join->disputes);
	free(join->verdicts);
	free(join);
}
