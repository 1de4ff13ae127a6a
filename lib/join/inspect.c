/*
 * A stack of three parsers, each of which takes bytes in any pieces: reassembly puts segments in
 * order, the PROXY parser has the first bytes, and HTTP the rest. Bytes that turn out not to be a
 * PROXY header are handed on to HTTP from its buffer. Which evidence is believed depends on who can
 * write it: a PROXY header is the engine's own if it is at the first byte, and what follows one
 * that names a client is not reported. In HTTP each request may name another client, since engines
 * reuse connections. Lost bytes leave HTTP out of step, until a segment starts like a request.
 */
#include "join/inspect.h"

#include "packet/ipproto.h"

/* The context of one inspect_push. */
struct push {
	struct inspect *inspect;
	inspect_report *report;
	void *context;
};

static void
init_parsers(struct inspect *inspect, const struct forwarded_rule *rule, struct addr engine)
{
	inspect->stream = TCP_REASSEMBLY_INIT;
	inspect->proxy.state = PROXY_PROTOCOL_MORE;
	inspect->proxy.length = 0;
	inspect->proxy.skip = 0;
	inspect->has_proxy = inspect->is_local = inspect->wants_requests = false;
	http1_init(&inspect->http, rule, engine);
}

void
inspect_init(struct inspect *inspect, uint32_t next, const struct forwarded_rule *rule,
	     struct addr engine)
{
	init_parsers(inspect, rule, engine);
	tcp_reassembly_begin(&inspect->stream, next);
}

void
inspect_init_midway(struct inspect *inspect, const struct forwarded_rule *rule, struct addr engine)
{
	init_parsers(inspect, rule, engine);
	inspect->proxy.state = PROXY_PROTOCOL_NONE;
	http1_resync(&inspect->http);
}

void
inspect_release(struct inspect *inspect, struct allowance *allowance)
{
	tcp_reassembly_release(&inspect->stream, allowance);
}

static void
parse_requests(struct push *push, const unsigned char *bytes, size_t size, bool at_segment)
{
	struct http1 *http = &push->inspect->http;

	while (size > 0) {
		bool is_complete;
		size_t used = http1_feed(http, bytes, size, at_segment, &is_complete);

		if (is_complete && !push->inspect->has_proxy && !push->inspect->is_local) {
			struct evidence evidence = {.headers = &http->forwarded};

			evidence.client = forwarded_client(&http->forwarded, &evidence.is_disputed);
			push->report(push->context, &evidence);
		}
		bytes += used;
		size -= used;
		at_segment = false;
	}
}

static size_t
parse_proxy(struct push *push, const unsigned char *bytes, size_t size)
{
	struct inspect *inspect = push->inspect;
	struct proxy_protocol *proxy = &inspect->proxy;
	bool was_known = proxy->state != PROXY_PROTOCOL_MORE;
	const struct forwarded *headers = &inspect->http.forwarded;
	const struct service *service = headers->rule ? headers->rule->service : NULL;
	struct evidence evidence = {0};
	size_t used = proxy_protocol_feed(proxy, bytes, size, &evidence);

	if (was_known)
		return used;
	if (proxy->state == PROXY_PROTOCOL_NONE)
		parse_requests(push, proxy->bytes, proxy->length, true);
	if (proxy->state != PROXY_PROTOCOL_FOUND)
		return used;
	inspect->is_local = evidence.is_local;
	/* Behind one of a hop within the engine, headers may still name the client. */
	inspect->has_proxy =
	    evidence.client.is_known &&
	    !(service && evidence_is_inner(&evidence, service, headers->engine, PROTOCOL_TCP));
	if (evidence.client.is_known || inspect->is_local)
		push->report(push->context, &evidence);
	return used;
}

/* Of lost bytes the first are those that the PROXY header still had to come. */
static void
skip_lost(struct inspect *inspect, uint32_t size)
{
	const uint32_t header = size < inspect->proxy.skip ? size : inspect->proxy.skip;

	inspect->proxy.skip -= header;
	http1_skip(&inspect->http, size - header);
}

/* A tcp_reassembly_sink. */
static void
parse_bytes(void *context, const unsigned char *bytes, uint32_t size, bool at_segment)
{
	struct push *push = context;
	struct inspect *inspect = push->inspect;
	size_t used = 0;

	if (!bytes) {
		if (inspect->proxy.state == PROXY_PROTOCOL_MORE)
			inspect->proxy.state = PROXY_PROTOCOL_BAD;
		skip_lost(inspect, size);
		return;
	}
	if (inspect->proxy.state == PROXY_PROTOCOL_MORE || inspect->proxy.skip > 0)
		used = parse_proxy(push, bytes, size);
	if (used < size)
		parse_requests(push, bytes + used, size - used, at_segment && used == 0);
}

void
inspect_push(struct inspect *inspect, const struct segment *segment, struct allowance *allowance,
	     inspect_report *report, void *context)
{
	struct push push = {inspect, report, context};

	tcp_reassembly_push(&inspect->stream, segment, allowance, parse_bytes, &push);
}

bool
inspect_is_pending(const struct inspect *inspect)
{
	if (inspect->proxy.state == PROXY_PROTOCOL_MORE)
		return true;
	return !inspect->has_proxy && !inspect->is_local && http1_is_pending(&inspect->http);
}

bool
inspect_has_opened(const struct inspect *inspect)
{
	return inspect->proxy.state != PROXY_PROTOCOL_MORE;
}

bool
inspect_has_path(const struct inspect *inspect, uint64_t *path)
{
	const struct http1 *http = &inspect->http;

	*path = http->path;
	return http->path != 0 || http->count > 0 || http->state == HTTP1_OPAQUE;
}

bool
inspect_is_done(const struct inspect *inspect)
{
	uint64_t path;

	if (!inspect_has_opened(inspect))
		return false;
	if (inspect->http.state == HTTP1_OPAQUE)
		return true;
	return (inspect->has_proxy || inspect->is_local) &&
	       (!inspect->wants_requests || inspect_has_path(inspect, &path));
}
