/*
 * Health checks look like traffic: an engine connects to a server. They differ in what they carry,
 * nothing, a request for a certain path, or a PROXY header that says LOCAL; so the judgement has to
 * wait for the first bytes, or for the end of the connection if nothing may be the mark.
 *
 * A connect that failed carries nothing either, whoever wanted it: it is no sign of a health check,
 * but perhaps the reason for the capture. So without a handshake nothing is known.
 */
#include "join/monitor-int.h"

#include "join/http1.h"

#include <string.h>

bool
monitor_is_judged(const struct join *join)
{
	return join->has_monitor[MONITOR_EMPTY] || join->has_monitor[MONITOR_HTTP] ||
	       join->has_monitor[MONITOR_LOCAL];
}

bool
monitor_has_path(const struct join *join, uint64_t path)
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

/* Whether headers of the first request, which may name its client, have still to come. */
static bool
is_in_headers(const struct join_conn *jc)
{
	return jc->inspect && jc->inspect->http.count == 0 && inspect_is_pending(jc->inspect);
}

/* A connection that began before the capture is never taken for a health check: its first bytes are
 * missing, and those are what tells. One that is cut off by the end of the capture, or by want of
 * memory, is not known to have stayed empty. */
enum answer
monitor_judge(const struct join *join, const struct join_conn *jc)
{
	const struct conn *conn = &jc->conn;
	bool is_closed = conn->is_ended || conn->stage == CONN_CLOSED;

	if (!conn->handshake.has_isn)
		return NO;
	if (conn->handshake.state != HANDSHAKE_DONE)
		return jc->has_client ? NO : UNKNOWN;
	if (join->has_monitor[MONITOR_LOCAL] && jc->is_local)
		return YES;
	if (jc->has_client)
		return NO;
	if (join->has_monitor[MONITOR_HTTP] && jc->has_path && jc->path &&
	    monitor_has_path(join, jc->path))
		return is_in_headers(jc) && !is_closed ? UNKNOWN : YES;
	if (join->has_monitor[MONITOR_EMPTY] && !conn->has_payload)
		return conn->stage == CONN_CLOSED ? YES : UNKNOWN;
	if (is_closed || ((!join->has_monitor[MONITOR_LOCAL] || jc->has_opened) &&
			  (!join->has_monitor[MONITOR_HTTP] || jc->has_path)))
		return NO;
	return UNKNOWN;
}
