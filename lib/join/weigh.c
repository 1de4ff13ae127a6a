/*
 * Three kinds of evidence answer whether a server-side connection is wanted. Its own addresses do
 * if servers see the client's address, or if the set names a server or an engine. A pair from a
 * table (conntrack, HAProxy's log) names client and VIP. So do the first bytes that the engine
 * sends: a PROXY protocol header, or the headers of HTTP requests.
 *
 * Where proxies hand on to each other on an engine, a pair or a PROXY header may be about a connection
 * between them: then the pair of that connection is looked for.
 *
 * Evidence that names a VIP of another service means the connection is not ours, even if the client
 * is in the set: services share servers. Evidence without a VIP cannot tell that.
 *
 * If the set names servers or engines, the clients behind wanted server-side connections are wanted
 * too. Each such client is claimed: its address and port go into an LRU cache with the time, and a
 * client-side connection with that end is wanted if the claim falls into its lifetime.
 */
#include "join/weigh-int.h"

#include "join/monitor-int.h"
#include "packet/tcp_header.h"

#include <stdlib.h>

enum { HOPS_MAX = 4 }; /* within an engine */

/* Later fragments have no ports: they are wanted if a connection between the addresses is. */
static void
remember_addresses(struct join *join, const struct join_conn *jc)
{
	const struct flowkey *ends = &jc->conn.key.ends;
	struct flowkey key = {.one = ends->one, .other = ends->other, .protocol = ends->protocol};

	lru_touch(join->fragments, &key, jc->conn.last_ns);
}

enum answer
weigh_answer(const struct join_conn *jc)
{
	if (jc->by_addresses != UNKNOWN)
		return jc->by_addresses;
	if (jc->by_tables != UNKNOWN)
		return jc->by_tables;
	/* A request that is not known to be another's may be a wanted one. */
	return jc->by_payload == NO && (jc->has_unnamed || jc->dispute.there) ? UNKNOWN
									      : jc->by_payload;
}

bool
weigh_is_unplaced(const struct join_conn *jc)
{
	return !jc->is_ours && !jc->is_foreign && jc->by_payload == UNKNOWN &&
	       jc->by_tables == UNKNOWN;
}

/* From now on the client-side connections of this client are wanted. Headers do not say if it came by
 * TCP or QUIC. */
static void
claim_client(struct join *join, const struct join_conn *jc, const struct evidence *evidence)
{
	const struct evidence_end *client = &evidence->client;
	struct flowkey key = {.one = client->addr, .port = client->has_port ? client->port : 0};

	if (!join->has_claims || !client->is_known)
		return;
	if (!evidence->headers)
		key.protocol = evidence->protocol ? evidence->protocol : jc->conn.key.ends.protocol;
	join->counts.by_address |= !client->has_port;
	lru_touch(join->claims, &key, jc->conn.last_ns);
}

static bool
is_our_vip(const struct join *join, const struct join_conn *jc, const struct evidence *evidence)
{
	return evidence_names_vip(evidence, join->config.service, jc->conn.key.ends.protocol);
}

/* Notes which service the connection belongs to. */
static void
note_service(const struct join *join, struct join_conn *jc, const struct evidence *evidence)
{
	if (!evidence->vip.is_known)
		return;
	if (is_our_vip(join, jc, evidence))
		jc->is_ours = true;
	else
		jc->is_foreign = true;
}

static enum answer
weigh_evidence(struct join *join, const struct join_conn *jc, const struct evidence *evidence)
{
	if (evidence->is_local)
		return join->config.set ? NO : YES;
	if (evidence->vip.is_known && !is_our_vip(join, jc, evidence))
		return NO;
	if (jc->by_addresses == YES)
		claim_client(join, jc, evidence);
	if (join->config.set) {
		if (!evidence->client.is_known)
			return UNKNOWN;
		return join_set_has(join, evidence->client.addr) ? YES : NO;
	}
	if (!evidence->client.is_known && !evidence->vip.is_known)
		return UNKNOWN;
	return YES;
}

/* Adds an answer to those before. A connection may carry the requests of many clients: one that is
 * wanted is enough. */
static void
add_answer(struct join *join, const struct join_conn *jc, enum answer *to, enum answer answer)
{
	if (answer == UNKNOWN || *to == YES)
		return;
	*to = answer;
	if (answer == YES)
		remember_addresses(join, jc);
}

/* The context of both reports. */
struct subject {
	struct join *join;
	struct join_conn *jc;
	unsigned hops; /* within the engine that were followed */
};

/* Whether the payload names a client, and not the engine itself, as a health check may. */
static bool
names_client(const struct join *join, const struct join_conn *jc, const struct evidence *evidence)
{
	const struct service *service = join->config.service;

	if (!evidence->client.is_known || jc->shows_client)
		return evidence->client.is_known;
	return !evidence_is_own(service, jc->conn.key.ends.one, evidence->client.addr);
}

/* Notes a request of a client to the server that has none of the headers, while it is not known which one the engine
 * writes: it writes none of them, then, and the ones that are there are clients' own words. A health check has none
 * either. */
static void
note_unwritten(struct join *join, const struct join_conn *jc, const struct forwarded *headers)
{
	const struct flowkey *ends = &jc->conn.key.ends;
	const struct flowkey server = {
	    .other = ends->other, .other_port = ends->other_port, .protocol = ends->protocol};

	if (headers->there || !headers->has_agent ||
	    (join->has_monitor[MONITOR_HTTP] && monitor_has_path(join, jc->inspect->http.path)))
		return;
	lru_touch(join->unwritten, &server, join->now_ns);
	join->has_unwritten = true;
}

static bool
is_unwritten(const struct join *join, const struct join_conn *jc)
{
	const struct flowkey *ends = &jc->conn.key.ends;
	const struct flowkey server = {
	    .other = ends->other, .other_port = ends->other_port, .protocol = ends->protocol};
	int64_t time_ns;

	return join->has_unwritten && lru_find(join->unwritten, &server, &time_ns);
}

/* Headers name different clients: what each would come to. Without a set any client will do. */
static enum answer
add_dispute(struct join *join, struct join_conn *jc, const struct forwarded *headers)
{
	enum answer answer = UNKNOWN;

	for (int i = 0; i < FORWARDED_NAMES; i++) {
		const struct evidence by = {.client = forwarded_by(headers, i)};
		const uint8_t bit = (uint8_t)(1u << i);

		if (headers->counts[i])
			jc->dispute.there |= bit;
		if (!by.client.is_known)
			continue;
		jc->has_client = true;
		if (!join->config.set)
			answer = YES;
		else if (join_set_has(join, by.client.addr))
			jc->dispute.yes |= bit;
		else
			jc->dispute.no |= bit;
	}
	return answer;
}

void
weigh_dispute(struct join *join, struct join_conn *jc)
{
	const uint8_t header =
	    jc->dispute.there ? disputes_settle(&join->disputes, &jc->dispute) : 0;

	if (header & (jc->dispute.yes | jc->dispute.no)) {
		add_answer(join, jc, &jc->by_payload, header & jc->dispute.yes ? YES : NO);
		jc->dispute = (struct dispute){0};
	}
}

static void follow_inner(const struct subject *subject, const struct evidence *evidence);

/* An inspect_report. */
static void
add_payload_evidence(void *context, const struct evidence *evidence)
{
	const struct subject *subject = context;
	struct join *join = subject->join;
	struct join_conn *jc = subject->jc;
	enum answer answer;

	if (evidence_is_inner(evidence, join->config.service, jc->conn.key.ends.one,
			      jc->conn.key.ends.protocol)) {
		follow_inner(subject, evidence);
		return;
	}
	if (evidence->headers && !join->rule.header.name) {
		disputes_learn(&join->disputes, evidence->headers->there);
		note_unwritten(join, jc, evidence->headers);
		if (join->config.set && is_unwritten(join, jc)) {
			jc->has_client |= names_client(join, jc, evidence);
			jc->has_unnamed = true;
			return;
		}
	}
	answer = weigh_evidence(join, jc, evidence);
	if (evidence->is_disputed)
		answer = add_dispute(join, jc, evidence->headers);
	else
		jc->has_unnamed |= answer == UNKNOWN;
	note_service(join, jc, evidence);
	jc->has_proxy |= !evidence->headers;
	jc->is_local |= evidence->is_local;
	jc->has_client |= names_client(join, jc, evidence);
	join->counts.vip_unknown |= !join->config.set && answer == YES && !evidence->is_local &&
				    !evidence->vip.is_known && jc->by_tables == UNKNOWN;
	add_answer(join, jc, &jc->by_payload, answer);
}

/* A pairtable_report. */
static void
add_table_evidence(void *context, const struct evidence *evidence, enum pair_match match)
{
	const struct subject *subject = context;
	struct join_conn *jc = subject->jc;
	bool by_address = match == PAIR_BY_ADDRESS;
	enum answer answer;

	if (evidence_is_inner(evidence, subject->join->config.service, jc->conn.key.ends.one,
			      jc->conn.key.ends.protocol)) {
		follow_inner(subject, evidence);
		return;
	}
	answer = weigh_evidence(subject->join, jc, evidence);
	/* The pair is about one of several connections, which may be this one or not. */
	if (by_address && answer != YES)
		return;
	if (!by_address)
		note_service(subject->join, jc, evidence);
	subject->join->counts.by_address |= by_address;
	jc->has_client |= evidence->client.is_known;
	add_answer(subject->join, jc, &jc->by_tables, answer);
}

/* Looks for the pair of a connection within the engine, by which one of its proxies passed on what
 * this connection carries. */
static void
follow_inner(const struct subject *subject, const struct evidence *evidence)
{
	const struct conn *conn = &subject->jc->conn;
	const struct flowkey ends = {.one = evidence->client.addr,
				     .port = evidence->client.port,
				     .other = evidence->vip.addr,
				     .other_port = evidence->vip.port,
				     .protocol = conn->key.ends.protocol};
	const struct pair_period period = {.first_ns = conn->since_ns,
					   .last_ns = conn->last_ns + CONN_SLACK_NS,
					   .or_before = true};
	struct subject next = {subject->join, subject->jc, subject->hops + 1};

	if (subject->join->config.has_tables && evidence->client.has_port &&
	    subject->hops < HOPS_MAX)
		pairtable_find(subject->join->pairs, &ends, &period, add_table_evidence, &next);
}

void
weigh_tables(struct join *join, struct join_conn *jc)
{
	struct subject subject = {join, jc, 0};
	struct conn *conn = &jc->conn;
	/* The pair of a new connection may come a little later than its packets. */
	bool is_new =
	    join->now_ns - conn->start_ns <= join->config.hold_ns && jc->searched_ns < join->now_ns;
	struct pair_period period = {.first_ns = conn->since_ns,
				     .last_ns = conn->last_ns + CONN_SLACK_NS,
				     /* One whose start was not seen may be of any age. */
				     .or_before = !conn->handshake.has_isn};

	if (!join->config.has_tables || join->config.per_packet || !conn->key.is_server_side)
		return;
	if (jc->was_searched && jc->generation == pairtable_generation(join->pairs) && !is_new &&
	    !conn->is_ended)
		return;
	jc->generation = pairtable_generation(join->pairs);
	jc->was_searched = true;
	jc->searched_ns = join->now_ns;
	/* A pair of the future may be about the next connection between these ends. */
	if (period.last_ns > join->now_ns && !conn->is_ended)
		period.last_ns = join->now_ns;
	if (period.last_ns > conn->until_ns)
		period.last_ns = conn->until_ns;
	pairtable_find(join->pairs, &conn->key.ends, &period, add_table_evidence, &subject);
}

void
weigh_end_inspection(struct join *join, struct join_conn *jc)
{
	if (!jc->inspect)
		return;
	inspect_release(jc->inspect, &join->inspect_memory);
	free(jc->inspect);
	jc->inspect = NULL;
	join->inspect_memory.used -= sizeof(struct inspect);
}

/* Whether what the payload says could change anything. */
static bool
payload_matters(const struct join *join, const struct join_conn *jc)
{
	if (monitor_is_judged(join) && jc->monitor == UNKNOWN)
		return true;
	if (join->config.per_packet || jc->shows_client)
		return false;
	if (jc->by_addresses == YES)
		return join->has_claims || weigh_is_unplaced(jc);
	return weigh_answer(jc) != YES;
}

static bool
begin_inspection(struct join *join, struct join_conn *jc)
{
	const struct conn *conn = &jc->conn;
	bool is_tcp = conn->key.ends.protocol == PROTOCOL_TCP;

	if (jc->inspect)
		return true;
	if (jc->was_inspected || !payload_matters(join, jc))
		return false;
	jc->was_inspected = true;
	if (join->inspect_memory.used + sizeof(struct inspect) > join->inspect_memory.limit)
		return false;
	jc->inspect = malloc(sizeof(struct inspect));
	if (!jc->inspect)
		return false;
	join->inspect_memory.used += sizeof(struct inspect);
	if (!is_tcp || conn->handshake.has_isn)
		inspect_init(jc->inspect, is_tcp ? conn->handshake.isn + 1 : 0, &join->rule,
			     conn->key.ends.one);
	else
		inspect_init_midway(jc->inspect, &join->rule, conn->key.ends.one);
	jc->inspect->wants_requests = join->has_monitor[MONITOR_HTTP];
	return true;
}

void
weigh_payload(struct join *join, struct join_conn *jc, const struct tuple *tuple)
{
	struct subject subject = {join, jc, 0};
	struct segment segment = {
	    .bytes = tuple->payload, .size = tuple->payload_len, .wire = tuple->payload_wire};

	if (!tuple->payload || tuple->payload_wire == 0 || !begin_inspection(join, jc))
		return;
	if (tuple->protocol == PROTOCOL_TCP)
		segment.sequence = tcp_payload_sequence(tuple->transport);
	inspect_push(jc->inspect, &segment, &join->inspect_memory, add_payload_evidence, &subject);
	jc->has_opened = inspect_has_opened(jc->inspect);
	jc->has_path = inspect_has_path(jc->inspect, &jc->path);
	jc->monitor = monitor_judge(join, jc);
	/* Datagrams have no order: the first is all that is read. */
	if (tuple->protocol != PROTOCOL_TCP || inspect_is_done(jc->inspect) ||
	    !payload_matters(join, jc))
		weigh_end_inspection(join, jc);
}

static bool
is_claimed(const struct join *join, const struct conn *conn)
{
	const uint16_t ports[] = {conn->key.ends.port, 0};
	const uint8_t protocols[] = {conn->key.ends.protocol, 0};
	int64_t first_ns = conn->since_ns, last_ns = conn->last_ns + CONN_SLACK_NS;
	int64_t time_ns;

	/* A later claim is about the next connection with this port. */
	if (last_ns > conn->until_ns)
		last_ns = conn->until_ns;
	for (int i = 0; i < 4; i++) {
		const struct flowkey key = {
		    .one = conn->key.ends.one, .port = ports[i & 1], .protocol = protocols[i >> 1]};

		if (lru_find(join->claims, &key, &time_ns) && time_ns >= first_ns &&
		    time_ns <= last_ns)
			return true;
	}
	return false;
}

void
weigh_claims(struct join *join, struct join_conn *jc)
{
	if (jc->by_addresses != YES && is_claimed(join, &jc->conn))
		add_answer(join, jc, &jc->by_addresses, YES);
}

void
weigh_addresses(struct join *join, struct join_conn *jc)
{
	const struct flowkey *ends = &jc->conn.key.ends;

	if (!jc->conn.key.is_server_side)
		return;
	if (join->config.per_packet) {
		bool is_wanted = !join->config.set || join_set_has(join, ends->one) ||
				 join_set_has(join, ends->other);

		jc->by_addresses = is_wanted ? YES : NO;
		return;
	}
	if (join_set_has(join, ends->one) || join_set_has(join, ends->other))
		add_answer(join, jc, &jc->by_addresses, YES);
	else if (jc->shows_client)
		jc->by_addresses = join->config.set ? NO : YES;
	if (jc->shows_client && jc->by_addresses == YES)
		claim_client(
		    join, jc,
		    &(const struct evidence){.client = {.addr = ends->one, .is_known = true}});
}
