/*
 * The order of the rules matters: a connection that is known to be another service's is out; health
 * checks go by -m and the set alone, since they carry no client; everything else goes by the
 * evidence. What cannot be told from a health check, as a connect that failed, is none for -m none:
 * it goes by the evidence, too. A connection stays undecided while its answer is UNKNOWN, or while a request has begun
 * whose headers may still name a client of the set. One to a server of the set is only presumed
 * wanted until evidence shows that it is not another service's.
 */
#include "join/decide-int.h"

#include "join/monitor-int.h"
#include "join/weigh-int.h"

static bool
is_foreign(const struct join *join, const struct join_conn *jc)
{
	return jc->is_foreign && !jc->is_ours && !join->config.per_packet;
}

static bool
is_presumed(const struct join *join, const struct join_conn *jc)
{
	return jc->conn.key.is_server_side && jc->by_addresses == YES && !join->config.per_packet &&
	       !jc->shows_client && !jc->conn.is_ended && weigh_is_unplaced(jc);
}

enum join_verdict
decide_verdict(const struct join *join, const struct join_conn *jc)
{
	enum monitor_mode mode = join->config.monitors;
	bool may_be_monitor = monitor_is_judged(join) && jc->conn.key.is_server_side;
	enum answer monitor = may_be_monitor ? jc->monitor : NO;
	bool is_pending = jc->inspect && inspect_is_pending(jc->inspect);
	enum answer answer = weigh_answer(jc);

	if (is_foreign(join, jc))
		return JOIN_OUT;
	if ((monitor == YES && mode == MONITORS_NONE) || (monitor == NO && mode == MONITORS_ONLY))
		return JOIN_OUT;
	if (monitor == YES)
		return !join->config.set || jc->by_addresses == YES ? JOIN_WANTED : JOIN_OTHER;
	if (monitor == UNKNOWN && mode == MONITORS_ONLY)
		return JOIN_UNDECIDED;
	if (monitor == UNKNOWN && mode == MONITORS_NONE && !jc->conn.is_ended)
		return answer == YES ? JOIN_PRESUMED : JOIN_UNDECIDED;
	if (answer == YES)
		return is_presumed(join, jc) ? JOIN_PRESUMED : JOIN_WANTED;
	if (answer == UNKNOWN || (is_pending && !jc->conn.is_ended))
		return JOIN_UNDECIDED;
	return JOIN_OTHER;
}

void
decide_update(struct join *join, struct join_conn *jc)
{
	if (!jc->conn.key.is_server_side) {
		weigh_claims(join, jc);
		return;
	}
	if (jc->by_addresses == YES || jc->by_tables != YES)
		weigh_tables(join, jc);
	weigh_dispute(join, jc);
	jc->monitor = monitor_judge(join, jc);
}

bool
decide_may_change(const struct join *join, const struct join_conn *jc)
{
	const struct conn *conn = &jc->conn;

	if (conn->is_ended)
		return false;
	if (jc->inspect && inspect_is_pending(jc->inspect))
		return true;
	if (conn->last_ns - conn->start_ns > join->config.hold_ns)
		return false;
	if (!conn->key.is_server_side || join->config.has_tables || jc->dispute.there)
		return true;
	return !conn_has_failed(conn) && ((conn->handshake.has_isn && !jc->was_inspected) ||
					  (jc->inspect && inspect_awaits_request(jc->inspect)) ||
					  (monitor_is_judged(join) && jc->monitor == UNKNOWN));
}

enum join_verdict
decide_finally(const struct join *join, enum join_verdict verdict)
{
	if (verdict == JOIN_PRESUMED)
		return JOIN_WANTED;
	if (verdict != JOIN_UNDECIDED)
		return verdict;
	return join->config.keeps_undecided ? JOIN_WANTED : JOIN_OTHER;
}

static enum join_evidence
evidence_of(const struct join_conn *jc)
{
	if (jc->by_addresses != UNKNOWN)
		return JOIN_BY_ADDRESSES;
	if (jc->by_tables != UNKNOWN)
		return JOIN_BY_TABLES;
	return jc->has_proxy ? JOIN_BY_PROXY : JOIN_BY_HEADERS;
}

void
decide_count(struct join *join, const struct join_conn *jc)
{
	struct join_counts *counts = &join->counts;
	const struct conn *conn = &jc->conn;

	connects_add(&join->connects, conn->key.ends.other, conn->key.ends.other_port,
		     &conn->handshake,
		     conn->is_replaced ? INT64_MAX : join->now_ns - conn->start_ns);
	if (monitor_is_judged(join) && jc->monitor == YES) {
		counts->monitors++;
		return;
	}
	if (weigh_answer(jc) != UNKNOWN && jc->verdict != JOIN_UNDECIDED)
		counts->told[evidence_of(jc)]++;
	if (jc->verdict == JOIN_UNDECIDED)
		counts->undecided++;
	else if (jc->verdict == JOIN_WANTED)
		counts->wanted++;
	else
		counts->other++;
}
