#include "join/join.h"

#include "join/http1.h"
#include "join/inspect.h"
#include "join/pairtable.h"
#include "packet/dissect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAIRS_MOST = 1 << 20,      /* of a file's tables */
	PAIRS_MOST_LIVE = 1 << 15, /* waiting for their connections, in a stream */
	CLAIMS_MOST = 1 << 16,
	FRAGMENTS_MOST = 1 << 13,
};

enum answer { UNKNOWN, NO, YES };

/* A connection, and what is known of it. */
struct carrier {
	struct conn flow;        /* first */
	struct inspect *witness; /* while it may say something */
	/* Whether it carries what is wanted: by its addresses, by tables, and by its bytes. The
	 * first that knows counts: headers may be what a client wrote. */
	enum answer selected, tabled, heard;
	enum answer monitor;       /* whether it is a health check, by the monitor lines */
	enum join_verdict verdict; /* once it has ended */
	uint64_t path;             /* of its first request, if has_path; 0: none */
	uint32_t generation;       /* of the pairs that were looked at */
	int64_t looked_up_ns;
	bool has_path : 1, has_opened : 1, is_local : 1;
	bool is_heard : 1;   /* its bytes have begun, and say nothing yet or ever */
	bool has_client : 1; /* a table knows whose it is */
	/* Evidence has named a VIP of this service, or one of another's. */
	bool is_ours : 1, is_foreign : 1;
	bool was_looked_up : 1, was_introduced : 1;
};

struct join {
	struct join_config config;
	/* Apart, since both times a file is read the same connections have to give way. */
	struct allowance allowance, witnesses;
	struct conntable *flows;
	struct pairtable *pairs;
	struct lru *claims;    /* clients of wanted server-side connections */
	struct lru *fragments; /* address pairs of wanted connections */
	bool has_claims; /* the set may name servers or engines: their clients are wanted then */
	bool has_kind[MONITOR_LOCAL + 1];
	bool is_replay;
	unsigned char *verdicts; /* by serial number */
	size_t verdict_count, verdict_room;
	bool out_of_memory;
	int64_t now_ns; /* the newest time seen */
	struct join_counts counts;
};

static struct carrier *
carrier_of(struct conn *flow)
{
	return (struct carrier *)flow;
}

static bool
set_has(const struct join *join, struct addr addr)
{
	return join->config.set && addrset_has(join->config.set, addr);
}

static struct lru_key
addresses_of(const struct conn *flow)
{
	return (struct lru_key){.one = flow->key.ends.one,
				.other = flow->key.ends.other,
				.protocol = flow->key.ends.protocol};
}

/* For later fragments. */
static void
remember(struct join *join, const struct carrier *carrier)
{
	struct lru_key key = addresses_of(&carrier->flow);

	lru_touch(join->fragments, &key, carrier->flow.last_ns);
}

static enum answer
carried_by(const struct carrier *carrier)
{
	if (carrier->selected != UNKNOWN)
		return carrier->selected;
	return carrier->tabled != UNKNOWN ? carrier->tabled : carrier->heard;
}

/* The client-side connections of this client are wanted, as of now. */
static void
claim(struct join *join, const struct carrier *carrier, const struct evidence_end *client)
{
	struct lru_key key = {.one = client->addr,
			      .port = client->has_port ? client->port : 0,
			      .protocol = carrier->flow.key.ends.protocol};

	if (!join->has_claims || !client->is_known)
		return;
	join->counts.by_address |= !client->has_port;
	lru_touch(join->claims, &key, carrier->flow.last_ns);
}

static bool
is_our_vip(const struct join *join, const struct carrier *carrier, const struct evidence_end *vip)
{
	const struct service *service = join->config.service;
	uint8_t protocol = carrier->flow.key.ends.protocol;

	for (size_t i = 0; i < service->vip_group_count; i++) {
		const struct endpoint_group *group = &service->vip_groups[i];

		if (vip->has_port
			? endpoint_group_has(group, vip->addr, TUPLE_KEY(protocol, vip->port))
			: addrset_has(&group->addresses, vip->addr))
			return true;
	}
	return false;
}

/* Takes down which service the connection carries. */
static void
place(const struct join *join, struct carrier *carrier, const struct evidence *evidence)
{
	if (!evidence->vip.is_known)
		return;
	if (is_our_vip(join, carrier, &evidence->vip))
		carrier->is_ours = true;
	else
		carrier->is_foreign = true;
}

/* What evidence means for the connection. */
static enum answer
weigh(struct join *join, const struct carrier *carrier, const struct evidence *evidence)
{
	if (evidence->is_local)
		return join->config.set ? NO : YES;
	if (evidence->vip.is_known && !is_our_vip(join, carrier, &evidence->vip))
		return NO;
	if (carrier->selected == YES)
		claim(join, carrier, &evidence->client);
	if (join->config.set) {
		if (!evidence->client.is_known)
			return UNKNOWN;
		return set_has(join, evidence->client.addr) ? YES : NO;
	}
	if (!evidence->client.is_known && !evidence->vip.is_known)
		return UNKNOWN;
	return YES;
}

/* One request that is wanted is enough. */
static void
add(struct join *join, const struct carrier *carrier, enum answer *to, enum answer answer)
{
	if (answer == UNKNOWN || *to == YES)
		return;
	*to = answer;
	if (answer == YES)
		remember(join, carrier);
}

struct telling {
	struct join *join;
	struct carrier *carrier;
};

static void
hear_witness(void *context, const struct evidence *evidence)
{
	struct telling *telling = context;
	struct carrier *carrier = telling->carrier;
	enum answer answer = weigh(telling->join, carrier, evidence);

	place(telling->join, carrier, evidence);
	carrier->is_local |= evidence->is_local;
	telling->join->counts.vip_unknown |= !telling->join->config.set && answer == YES &&
					     !evidence->is_local && !evidence->vip.is_known &&
					     carrier->tabled == UNKNOWN;
	add(telling->join, carrier, &carrier->heard, answer);
}

static void
hear_table(void *context, const struct evidence *evidence, bool by_address)
{
	struct telling *telling = context;
	struct carrier *carrier = telling->carrier;
	enum answer answer = weigh(telling->join, carrier, evidence);

	/* One of several connections: it may be this one, or not. */
	if (by_address && answer != YES)
		return;
	if (!by_address)
		place(telling->join, carrier, evidence);
	telling->join->counts.by_address |= by_address;
	carrier->has_client |= evidence->client.is_known;
	add(telling->join, carrier, &carrier->tabled, answer);
}

/* What tables say by now. While a connection is new its pair may come a little later than itself;
 * what lies in the future may be of the next one between these ends. */
static void
look_up(struct join *join, struct carrier *carrier)
{
	struct telling telling = {join, carrier};
	struct conn *flow = &carrier->flow;
	bool is_new = join->now_ns - flow->start_ns <= join->config.hold_ns &&
		      carrier->looked_up_ns < join->now_ns;
	int64_t until_ns = flow->last_ns + CONN_SLACK_NS;

	if (!join->config.has_tables || join->config.per_packet || !flow->key.is_server_side)
		return;
	if (carrier->was_looked_up && carrier->generation == pairtable_generation(join->pairs) &&
	    !is_new && !flow->is_ended)
		return;
	carrier->generation = pairtable_generation(join->pairs);
	carrier->was_looked_up = true;
	carrier->looked_up_ns = join->now_ns;
	if (until_ns > join->now_ns && !flow->is_ended)
		until_ns = join->now_ns;
	if (until_ns > flow->until_ns)
		until_ns = flow->until_ns;
	/* One whose beginning was not seen may be as old as it likes. */
	pairtable_find(join->pairs, &flow->key.ends, flow->since_ns, until_ns, !flow->has_isn,
		       hear_table, &telling);
}

static bool
is_monitor_path(const struct join *join, uint64_t path)
{
	const struct service *service = join->config.service;

	for (size_t i = 0; i < service->monitor_count; i++) {
		const struct monitor *monitor = &service->monitors[i];

		if (monitor->kind == MONITOR_HTTP &&
		    path == http1_path(monitor->path, strcspn(monitor->path, "?")))
			return true;
	}
	return false;
}

static bool
judges_monitors(const struct join *join)
{
	return join->has_kind[MONITOR_EMPTY] || join->has_kind[MONITOR_HTTP] ||
	       join->has_kind[MONITOR_LOCAL];
}

/* Whether the connection is a health check; what began before the capture is none. */
static enum answer
judge_monitor(const struct join *join, const struct carrier *carrier)
{
	const struct conn *flow = &carrier->flow;
	bool is_over = flow->is_ended || flow->stage == CONN_CLOSED;

	if (!flow->has_isn)
		return NO;
	if (join->has_kind[MONITOR_LOCAL] && carrier->is_local)
		return YES;
	if (join->has_kind[MONITOR_HTTP] && carrier->has_path && carrier->path &&
	    is_monitor_path(join, carrier->path))
		return YES;
	if (join->has_kind[MONITOR_EMPTY] && !flow->has_payload && !carrier->has_client) {
		if (is_over)
			return YES;
		return UNKNOWN;
	}
	if (is_over || ((!join->has_kind[MONITOR_LOCAL] || carrier->has_opened) &&
			(!join->has_kind[MONITOR_HTTP] || carrier->has_path)))
		return NO;
	return UNKNOWN;
}

static void
dismiss(struct join *join, struct carrier *carrier)
{
	if (!carrier->witness)
		return;
	inspect_release(carrier->witness, &join->witnesses);
	free(carrier->witness);
	carrier->witness = NULL;
	join->witnesses.used -= sizeof(struct inspect);
}

/* Whether it may still turn out to be another service's. */
static bool
is_unplaced(const struct carrier *carrier)
{
	return !carrier->is_ours && !carrier->is_foreign && carrier->heard == UNKNOWN &&
	       carrier->tabled == UNKNOWN;
}

/* Whether what the connection's bytes say would change anything. */
static bool
is_of_interest(const struct join *join, const struct carrier *carrier)
{
	if (judges_monitors(join) && carrier->monitor == UNKNOWN)
		return true;
	if (join->config.per_packet || join->config.service->source_client)
		return false;
	if (carrier->selected == YES)
		return join->has_claims || is_unplaced(carrier);
	return carried_by(carrier) != YES;
}

static bool
call_witness(struct join *join, struct carrier *carrier)
{
	const struct conn *flow = &carrier->flow;
	bool is_tcp = flow->key.ends.protocol == PROTOCOL_TCP;

	if (carrier->witness)
		return true;
	/* Of a connection that has been heard already nothing more is to come. */
	if (carrier->is_heard || !is_of_interest(join, carrier))
		return false;
	carrier->is_heard = true;
	if (join->witnesses.used + sizeof(struct inspect) > join->witnesses.limit)
		return false;
	carrier->witness = malloc(sizeof(struct inspect));
	if (!carrier->witness)
		return false;
	join->witnesses.used += sizeof(struct inspect);
	inspect_init(carrier->witness, !is_tcp || flow->has_isn, is_tcp ? flow->isn + 1 : 0,
		     join->config.header);
	carrier->witness->wants_requests = join->has_kind[MONITOR_HTTP];
	return true;
}

static uint32_t
load32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Only the engine's bytes are believed. */
static void
overhear(struct join *join, struct carrier *carrier, const struct tuple *tuple)
{
	struct telling telling = {join, carrier};
	uint32_t sequence = 0;

	if (!tuple->payload || tuple->payload_wire == 0 || !call_witness(join, carrier))
		return;
	if (tuple->protocol == PROTOCOL_TCP)
		sequence = load32(tuple->transport + 4) + (tuple->transport[13] >> 1 & 1);
	inspect_push(carrier->witness, sequence, tuple->payload, tuple->payload_len,
		     tuple->payload_wire, &join->witnesses, hear_witness, &telling);
	carrier->has_opened = inspect_has_opened(carrier->witness);
	carrier->has_path = inspect_has_path(carrier->witness, &carrier->path);
	carrier->monitor = judge_monitor(join, carrier);
	/* A datagram is all that is read of what has no order. */
	if (tuple->protocol != PROTOCOL_TCP || inspect_is_done(carrier->witness) ||
	    !is_of_interest(join, carrier))
		dismiss(join, carrier);
}

static bool
is_foreign(const struct join *join, const struct carrier *carrier)
{
	return carrier->is_foreign && !carrier->is_ours && !join->config.per_packet;
}

/* Of a server's or an engine's connections those are wanted that are not another service's. */
static bool
is_presumed(const struct join *join, const struct carrier *carrier)
{
	return carrier->flow.key.is_server_side && carrier->selected == YES &&
	       !join->config.per_packet && !join->config.service->source_client &&
	       !carrier->flow.is_ended && is_unplaced(carrier);
}

static enum join_verdict
verdict_of(const struct join *join, const struct carrier *carrier)
{
	enum monitor_mode mode = join->config.monitors;
	bool is_plain = !judges_monitors(join) || !carrier->flow.key.is_server_side;
	enum answer monitor = is_plain ? NO : carrier->monitor;
	bool is_pending = carrier->witness && inspect_is_pending(carrier->witness);
	enum answer carried = carried_by(carrier);

	if (is_foreign(join, carrier))
		return JOIN_OUT;
	if ((monitor == YES && mode == MONITORS_NONE) || (monitor == NO && mode == MONITORS_ONLY))
		return JOIN_OUT;
	if (monitor == YES)
		return !join->config.set || carrier->selected == YES ? JOIN_WANTED : JOIN_OTHER;
	if (monitor == UNKNOWN && mode != MONITORS_INCLUDE)
		return JOIN_UNDECIDED;
	if (carried == YES)
		return is_presumed(join, carrier) ? JOIN_PRESUMED : JOIN_WANTED;
	if (carried == UNKNOWN || (is_pending && !carrier->flow.is_ended))
		return JOIN_UNDECIDED;
	return JOIN_OTHER;
}

static bool
is_claimed(const struct join *join, const struct conn *flow)
{
	struct lru_key key = {.one = flow->key.ends.one,
			      .port = flow->key.ends.port,
			      .protocol = flow->key.ends.protocol};
	int64_t first_ns = flow->since_ns, last_ns = flow->last_ns + CONN_SLACK_NS;
	int64_t time_ns;

	/* What is after that is said of the next one with this port. */
	if (last_ns > flow->until_ns)
		last_ns = flow->until_ns;
	if (lru_find(join->claims, &key, &time_ns) && time_ns >= first_ns && time_ns <= last_ns)
		return true;
	key.port = 0;
	return lru_find(join->claims, &key, &time_ns) && time_ns >= first_ns && time_ns <= last_ns;
}

/* Looks at what has become known of it since. */
static void
update(struct join *join, struct carrier *carrier)
{
	if (!carrier->flow.key.is_server_side) {
		if (carrier->selected != YES && is_claimed(join, &carrier->flow))
			add(join, carrier, &carrier->selected, YES);
		return;
	}
	if (carrier->selected == YES || carrier->tabled != YES)
		look_up(join, carrier);
	carrier->monitor = judge_monitor(join, carrier);
}

static enum join_verdict
settle(const struct join *join, enum join_verdict verdict)
{
	if (verdict == JOIN_PRESUMED)
		return JOIN_WANTED;
	if (verdict != JOIN_UNDECIDED)
		return verdict;
	return join->config.keeps_undecided ? JOIN_WANTED : JOIN_OTHER;
}

static void
count(struct join *join, const struct carrier *carrier, enum join_verdict verdict)
{
	struct join_counts *counts = &join->counts;

	if (judges_monitors(join) && carrier->monitor == YES)
		counts->monitors++;
	else if (verdict == JOIN_UNDECIDED)
		counts->undecided++;
	else if (verdict == JOIN_WANTED)
		counts->wanted++;
	else
		counts->other++;
}

static void
record(struct join *join, uint64_t serial, enum join_verdict verdict)
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

static void
end(void *context, struct conn *flow)
{
	struct join *join = context;
	struct carrier *carrier = carrier_of(flow);

	if (join->is_replay)
		return;
	update(join, carrier);
	carrier->verdict = verdict_of(join, carrier);
	if (flow->key.is_server_side)
		count(join, carrier, carrier->verdict);
	else if (carrier->verdict == JOIN_UNDECIDED)
		carrier->verdict = JOIN_OTHER; /* nobody has claimed it */
	dismiss(join, carrier);
	record(join, flow->serial, settle(join, carrier->verdict));
}

static void
discard(void *context, struct conn *flow)
{
	dismiss(context, carrier_of(flow));
}

/* Whether there is hope that more will be known soon. */
static bool
may_change(const struct join *join, const struct carrier *carrier)
{
	const struct conn *flow = &carrier->flow;

	if (flow->is_ended)
		return false;
	if (carrier->witness && inspect_is_pending(carrier->witness))
		return true;
	if (flow->last_ns - flow->start_ns > join->config.hold_ns)
		return false;
	return !flow->key.is_server_side || join->config.has_tables ||
	       (flow->has_isn && !carrier->is_heard) ||
	       (judges_monitors(join) && carrier->monitor == UNKNOWN);
}

enum join_verdict
join_ask(struct join *join, struct conn *flow, bool *is_final)
{
	struct carrier *carrier = carrier_of(flow);

	if (flow->is_ended) {
		*is_final = true;
		return carrier->verdict;
	}
	update(join, carrier);
	*is_final = !may_change(join, carrier);
	return verdict_of(join, carrier);
}

static void
introduce(struct join *join, struct carrier *carrier)
{
	const struct service *service = join->config.service;
	const struct lru_key *ends = &carrier->flow.key.ends;
	struct evidence_end client = {.addr = ends->one, .is_known = true};

	if (!carrier->flow.key.is_server_side)
		return;
	if (join->config.per_packet) {
		carrier->selected = YES; /* the packet's addresses are asked as well */
		return;
	}
	if (set_has(join, ends->one) || set_has(join, ends->other))
		add(join, carrier, &carrier->selected, YES);
	else if (service->source_client)
		carrier->selected = join->config.set ? NO : YES;
	if (service->source_client && carrier->selected == YES)
		claim(join, carrier, &client);
}

static struct conn_key
key_of(const struct tuple *tuple, enum side side, bool source_varies)
{
	struct conn_key key = {.ends = {.protocol = tuple->protocol},
			       .is_server_side = side == SIDE_SERVER};

	key.ends.one = source_varies ? tuple->source : tuple->destination;
	key.ends.other = source_varies ? tuple->destination : tuple->source;
	key.ends.port = source_varies ? tuple->source_port : tuple->destination_port;
	key.ends.other_port = source_varies ? tuple->destination_port : tuple->source_port;
	return key;
}

/* A packet without ports: a later fragment. */
static enum join_verdict
judge_addresses(const struct join *join, const struct conn_key *key)
{
	struct lru_key ends = {
	    .one = key->ends.one, .other = key->ends.other, .protocol = key->ends.protocol};
	int64_t time_ns;

	if (join->config.monitors == MONITORS_ONLY)
		return JOIN_OUT;
	if (!join->config.set)
		return JOIN_WANTED;
	if (lru_find(join->fragments, &ends, &time_ns) || set_has(join, ends.one) ||
	    (key->is_server_side && set_has(join, ends.other)))
		return JOIN_WANTED;
	return JOIN_OTHER;
}

static enum join_verdict
judge_flow(struct join *join, struct conn *flow, struct conn **waits_for)
{
	enum join_verdict verdict;
	bool is_final;

	if (join->is_replay) {
		if (flow->serial < join->verdict_count)
			return join->verdicts[flow->serial];
		return settle(join, JOIN_UNDECIDED);
	}
	verdict = join_ask(join, flow, &is_final);
	if (verdict >= JOIN_UNDECIDED && !is_final)
		*waits_for = flow;
	return verdict;
}

static enum join_verdict
judge_connection(struct join *join, const struct packet *packet, const struct tuple *tuple,
		 const struct conn_key *key, bool source_varies, struct conn **waits_for)
{
	struct conn *flow;
	bool forward;

	if (tuple->only_addresses || !tuple->has_ports)
		return judge_addresses(join, key);
	if (tuple->is_quoted) {
		flow = conntable_find(join->flows, key);
		return flow ? judge_flow(join, flow, waits_for) : judge_addresses(join, key);
	}
	flow = conntable_see(join->flows, key, source_varies, packet->ts_ns, tuple, &forward);
	if (!flow) {
		join->out_of_memory = true;
		return JOIN_UNDECIDED;
	}
	if (join->is_replay)
		return judge_flow(join, flow, waits_for);
	if (!carrier_of(flow)->was_introduced) {
		carrier_of(flow)->was_introduced = true;
		introduce(join, carrier_of(flow));
	}
	look_up(join, carrier_of(flow));
	if (forward && flow->key.is_server_side)
		overhear(join, carrier_of(flow), tuple);
	return judge_flow(join, flow, waits_for);
}

static enum join_verdict
judge_set(const struct join *join, const struct tuple *tuple)
{
	if (!join->config.set || set_has(join, tuple->source) || set_has(join, tuple->destination))
		return JOIN_WANTED;
	return JOIN_OTHER;
}

static enum join_verdict
judge_packet(const struct join *join, const struct packet *packet, uint16_t linktype)
{
	struct tuple tuple;

	switch (dissect_addresses(packet, linktype, &tuple)) {
	case DISSECT_FOUND: return judge_set(join, &tuple);
	case DISSECT_NOT_IP: return JOIN_OTHER;
	default: return JOIN_OUT;
	}
}

/* The server side under -P: the set by packet, the monitors by connection. */
static enum join_verdict
both(enum join_verdict monitor, enum join_verdict packet)
{
	return monitor == JOIN_WANTED ? packet : monitor;
}

enum join_verdict
join_see(struct join *join, const struct packet *packet, uint16_t linktype, struct conn **flow)
{
	const struct join_config *config = &join->config;
	enum join_verdict verdict;
	struct conn_key key;
	struct tuple tuple;
	bool source_varies;
	enum side side;

	*flow = NULL;
	if (packet->ts_ns > join->now_ns)
		join->now_ns = packet->ts_ns;
	if (!config->service)
		return judge_packet(join, packet, linktype);
	if (!dissect_packet(packet, linktype, &tuple))
		return JOIN_OUT;
	side = service_ends(config->service, &tuple, &source_varies);
	if (side == SIDE_OTHER)
		return JOIN_OUT;
	key = key_of(&tuple, side, source_varies);
	if (side == SIDE_MONITOR || side == SIDE_CLIENT) {
		if (!service_wants(side, config->monitors))
			return JOIN_OUT;
		if (side == SIDE_MONITOR || config->per_packet)
			return judge_set(join, &tuple);
		if (!config->set || set_has(join, key.ends.one))
			return JOIN_WANTED;
		return join->has_claims
			   ? judge_connection(join, packet, &tuple, &key, source_varies, flow)
			   : JOIN_OTHER;
	}
	if (config->monitors == MONITORS_ONLY && !judges_monitors(join))
		return JOIN_OUT;
	if (config->per_packet && !judges_monitors(join))
		return judge_set(join, &tuple);
	verdict = judge_connection(join, packet, &tuple, &key, source_varies, flow);
	return config->per_packet ? both(verdict, judge_set(join, &tuple)) : verdict;
}

bool
join_keeps(const struct join *join, enum join_verdict verdict, const struct packet *packet)
{
	const struct bpf *program = join->config.program;
	bool is_wanted;

	verdict = settle(join, verdict);
	if (verdict == JOIN_OUT)
		return false;
	is_wanted = verdict == JOIN_WANTED;
	if (is_wanted && program) {
		switch (bpf_judge(program, packet->data, packet->caplen, packet->len)) {
		case BPF_ACCEPTS: break;
		case BPF_REJECTS: is_wanted = false; break;
		case BPF_CUT: return false; /* as filter.h has it, -x or not */
		}
	}
	return is_wanted != join->config.exclude;
}

void
join_pair(struct join *join, const struct connpair *pairing)
{
	if (!pairtable_add(join->pairs, pairing))
		join->counts.useless_pairs++;
}

void
join_hold(struct join *join, struct conn *flow)
{
	(void)join;
	conntable_hold(flow);
}

void
join_let_go(struct join *join, struct conn *flow)
{
	conntable_let_go(join->flows, flow);
}

bool
join_is_over(const struct join *join)
{
	return join->allowance.used > join->allowance.limit;
}

void
join_finish(struct join *join)
{
	conntable_end_all(join->flows);
}

const struct join_counts *
join_counts(const struct join *join)
{
	return &join->counts;
}

static int
make_table(struct join *join, struct failure *why)
{
	const struct conntable_config config = {.size = sizeof(struct carrier),
						.allowance = &join->allowance,
						.seed = join->config.seed,
						.end = end,
						.discard = discard,
						.context = join};

	join->flows = conntable_new(&config, why);
	return join->flows ? 0 : -1;
}

int
join_again(struct join *join, struct failure *why)
{
	if (join->out_of_memory) {
		errno = ENOMEM;
		return failure_errno(why, "cannot follow connections");
	}
	conntable_free(join->flows);
	join->is_replay = true;
	return make_table(join, why);
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
	/* Any address may be an engine's: a file can be asked, in a stream that would hold back
	 * every other client. */
	return addrset_is_empty(&service->sources) && !service->source_client && !config->is_live;
}

struct join *
join_new(const struct join_config *config, struct failure *why)
{
	struct join *join = calloc(1, sizeof(*join));
	size_t pairs = config->is_live ? PAIRS_MOST_LIVE : PAIRS_MOST;

	if (!join) {
		failure_errno(why, "cannot follow connections");
		return NULL;
	}
	join->config = *config;
	join->config.per_packet |= !config->service;
	join->allowance.limit = config->memory / 4;
	join->witnesses.limit = config->memory - join->allowance.limit;
	for (size_t i = 0; config->service && i < config->service->monitor_count; i++)
		join->has_kind[config->service->monitors[i].kind] = true;
	join->has_claims = may_claim(&join->config);
	join->pairs = pairtable_new(pairs, config->seed, why);
	join->claims = lru_new(CLAIMS_MOST, config->seed, why);
	join->fragments = lru_new(FRAGMENTS_MOST, config->seed, why);
	if (join->pairs && join->claims && join->fragments && make_table(join, why) == 0)
		return join;
	join_free(join);
	return NULL;
}

void
join_free(struct join *join)
{
	if (!join)
		return;
	conntable_free(join->flows);
	pairtable_free(join->pairs);
	lru_free(join->claims);
	lru_free(join->fragments);
	free(join->verdicts);
	free(join);
}
