/*
 * A stack of parsers, each of which takes bytes in any pieces: reassembly puts segments in
 * order, the PROXY parser has the first bytes, and HTTP the rest; that is HTTP/2 if it begins with its
 * preface, and until that is whole HTTP/1 has the same bytes. From the middle of a connection both are
 * tried until one is sure of what it reads. Bytes that turn out not to be a
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
	struct allowance *allowance;
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
	inspect->http2 = NULL;
	inspect->charge = 0;
	inspect->preface = 0;
	inspect->is_midway = inspect->is_http2 = false;
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
	inspect->preface = INSPECT_NO_PREFACE;
	inspect->is_midway = true;
	http1_resync(&inspect->http);
}

static void
end_http2(struct inspect *inspect, struct allowance *allowance)
{
	http2_free(inspect->http2);
	inspect->http2 = NULL;
	allowance->used -= inspect->charge;
	inspect->charge = 0;
}

void
inspect_release(struct inspect *inspect, struct allowance *allowance)
{
	tcp_reassembly_release(&inspect->stream, allowance);
	end_http2(inspect, allowance);
}

/* Reports what the headers of a request say, unless a PROXY header has named the client. */
static void
report_request(const struct push *push)
{
	const struct inspect *inspect = push->inspect;
	struct evidence evidence = {.headers = &inspect->http.forwarded};

	if (inspect->has_proxy || inspect->is_local)
		return;
	evidence.client = forwarded_client(evidence.headers, &evidence.is_disputed);
	push->report(push->context, &evidence);
}

static void
parse_http1(struct push *push, const unsigned char *bytes, size_t size, bool at_segment)
{
	while (size > 0) {
		bool is_complete;
		size_t used =
		    http1_feed(&push->inspect->http, bytes, size, at_segment, &is_complete);

		if (is_complete)
			report_request(push);
		bytes += used;
		size -= used;
		at_segment = false;
	}
}

/* Takes memory for the parser. false: there is none. */
static bool
charge_http2(struct push *push, size_t charge)
{
	struct inspect *inspect = push->inspect;

	if (inspect->charge >= charge)
		return true;
	if (push->allowance->used + charge - inspect->charge > push->allowance->limit)
		return false;
	push->allowance->used += charge - inspect->charge;
	inspect->charge = charge;
	return true;
}

static void
parse_http2(struct push *push, const unsigned char *bytes, size_t size, bool at_segment)
{
	struct inspect *inspect = push->inspect;
	struct http1 *http = &inspect->http;

	while (size > 0 && inspect->http2) {
		struct http2_request request;
		bool is_complete;
		size_t used;

		if (http2_is_sure(inspect->http2) && !charge_http2(push, HTTP2_MEMORY)) {
			end_http2(inspect, push->allowance);
			break;
		}
		used = http2_feed(inspect->http2, bytes, size, at_segment, &http->forwarded,
				  &request, &is_complete);
		if (is_complete) {
			if (http->count++ == 0)
				http->path = request.path;
			if (request.is_uncertain)
				forwarded_begin(&http->forwarded);
			report_request(push);
		}
		bytes += used;
		size -= used;
		at_segment = false;
	}
}

/* Compares with HTTP/2's preface. Returns the bytes of it, or 0 if it is not whole. */
static size_t
match_preface(struct push *push, const unsigned char *bytes, size_t size)
{
	struct inspect *inspect = push->inspect;
	size_t used = 0;

	while (used < size && inspect->preface < HTTP2_PREFACE_MAX &&
	       bytes[used] == (unsigned char)HTTP2_PREFACE[inspect->preface]) {
		inspect->preface++;
		used++;
	}
	if (inspect->preface == HTTP2_PREFACE_MAX) {
		inspect->http2 = http2_new(HTTP2_CLIENT);
		inspect->is_http2 = true;
		inspect->http.path = 0;
		inspect->http.state = HTTP1_OPAQUE;
		return used;
	}
	if (used < size)
		inspect->preface = INSPECT_NO_PREFACE;
	return 0;
}

static void
parse_requests(struct push *push, const unsigned char *bytes, size_t size, bool at_segment)
{
	struct inspect *inspect = push->inspect;
	size_t used = 0;

	if (inspect->preface < HTTP2_PREFACE_MAX)
		used = match_preface(push, bytes, size);
	if (inspect->is_http2) {
		parse_http2(push, bytes + used, size - used, at_segment && used == 0);
		return;
	}
	parse_http1(push, bytes, size, at_segment);
	if (!inspect->is_midway || inspect->http.count > 1)
		return;
	if (inspect->http.state != HTTP1_LOST) {
		if (inspect->http2)
			http2_skip(inspect->http2, UINT32_MAX);
		return;
	}
	if (!inspect->http2 && charge_http2(push, 256))
		inspect->http2 = http2_new_midway(HTTP2_CLIENT);
	parse_http2(push, bytes, size, at_segment);
	inspect->is_http2 = inspect->http2 && http2_is_sure(inspect->http2);
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
	if (inspect->http2)
		http2_skip(inspect->http2, size - header);
	else
		inspect->preface = INSPECT_NO_PREFACE;
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
	struct push push = {inspect, allowance, report, context};

	tcp_reassembly_push(&inspect->stream, segment, allowance, parse_bytes, &push);
}

/* Whether some of HTTP/2's preface has been read, and no more bytes. */
static bool
may_be_http2(const struct inspect *inspect)
{
	return inspect->preface > 0 && inspect->preface < HTTP2_PREFACE_MAX;
}

/* Whether it is nothing that can be read. */
static bool
is_opaque(const struct inspect *inspect)
{
	return inspect->http.state == HTTP1_OPAQUE && !inspect->http2 && !may_be_http2(inspect);
}

bool
inspect_is_pending(const struct inspect *inspect)
{
	if (inspect->proxy.state == PROXY_PROTOCOL_MORE)
		return true;
	return !inspect->has_proxy && !inspect->is_local &&
	       (http1_is_pending(&inspect->http) || may_be_http2(inspect) ||
		(inspect->http2 && http2_is_pending(inspect->http2)));
}

bool
inspect_awaits_request(const struct inspect *inspect)
{
	if (inspect->is_midway || inspect->has_proxy || inspect->is_local ||
	    inspect->http.count > 0)
		return false;
	return inspect->is_http2 ? inspect->http2 != NULL : inspect->http.state == HTTP1_START;
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
	if (may_be_http2(inspect))
		return false;
	return http->path != 0 || http->count > 0 || is_opaque(inspect);
}

bool
inspect_is_done(const struct inspect *inspect)
{
	uint64_t path;

	if (!inspect_has_opened(inspect))
		return false;
	if (is_opaque(inspect))
		return true;
	return (inspect->has_proxy || inspect->is_local) &&
	       (!inspect->wants_requests || inspect_has_path(inspect, &path));
}
