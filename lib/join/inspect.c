#include "join/inspect.h"

/* A witness who is being heard. */
struct hearing {
	struct inspect *witness;
	inspect_report *report;
	void *context;
};

void
inspect_init(struct inspect *witness, bool has_start, uint32_t next, const char *header)
{
	witness->order = TCP_REASSEMBLY_INIT;
	witness->proxy.state = PROXY_PROTOCOL_MORE;
	witness->proxy.length = 0;
	witness->proxy.skip = 0;
	witness->has_proxy = witness->is_local = witness->wants_requests = false;
	http1_init(&witness->http, header);
	if (has_start) {
		tcp_reassembly_begin(&witness->order, next);
		return;
	}
	/* What begins in the middle may be what a client sent: no PROXY header is believed. */
	witness->proxy.state = PROXY_PROTOCOL_NONE;
	http1_lose(&witness->http);
}

void
inspect_release(struct inspect *witness, struct allowance *allowance)
{
	tcp_reassembly_release(&witness->order, allowance);
}

static void
hear_requests(struct hearing *hearing, const unsigned char *bytes, size_t size, bool at_segment)
{
	struct http1 *http = &hearing->witness->http;

	while (size > 0) {
		bool is_complete;
		size_t used = http1_feed(http, bytes, size, at_segment, &is_complete);

		if (is_complete && !hearing->witness->has_proxy && !hearing->witness->is_local) {
			struct evidence evidence = {.client = http->client};

			hearing->report(hearing->context, &evidence);
		}
		bytes += used;
		size -= used;
		at_segment = false;
	}
}

static size_t
hear_proxy(struct hearing *hearing, const unsigned char *bytes, size_t size)
{
	struct inspect *witness = hearing->witness;
	struct proxy_protocol *proxy = &witness->proxy;
	bool was_known = proxy->state != PROXY_PROTOCOL_MORE;
	struct evidence evidence = {0};
	size_t used = proxy_protocol_feed(proxy, bytes, size, &evidence);

	if (was_known)
		return used;
	if (proxy->state == PROXY_PROTOCOL_NONE)
		hear_requests(hearing, proxy->bytes, proxy->length, true);
	if (proxy->state != PROXY_PROTOCOL_FOUND)
		return used;
	witness->is_local = evidence.is_local;
	witness->has_proxy = evidence.client.is_known;
	if (witness->has_proxy || witness->is_local)
		hearing->report(hearing->context, &evidence);
	return used;
}

static void
hear(void *context, const unsigned char *bytes, uint32_t size, bool at_segment)
{
	struct hearing *hearing = context;
	struct inspect *witness = hearing->witness;
	size_t used = 0;

	if (!bytes) {
		if (witness->proxy.state == PROXY_PROTOCOL_MORE)
			witness->proxy.state = PROXY_PROTOCOL_BAD;
		if (witness->proxy.skip >= size)
			witness->proxy.skip -= size;
		else
			http1_skip(&witness->http, size);
		return;
	}
	if (witness->proxy.state == PROXY_PROTOCOL_MORE || witness->proxy.skip > 0)
		used = hear_proxy(hearing, bytes, size);
	if (used < size)
		hear_requests(hearing, bytes + used, size - used, at_segment && used == 0);
}

void
inspect_push(struct inspect *witness, uint32_t sequence, const unsigned char *bytes, uint32_t size,
	     uint32_t wire, struct allowance *allowance, inspect_report *report, void *context)
{
	struct hearing hearing = {witness, report, context};

	tcp_reassembly_push(&witness->order, sequence, bytes, size, wire, allowance, hear,
			    &hearing);
}

bool
inspect_is_pending(const struct inspect *witness)
{
	if (witness->proxy.state == PROXY_PROTOCOL_MORE)
		return true;
	return !witness->has_proxy && !witness->is_local && http1_is_pending(&witness->http);
}

bool
inspect_has_opened(const struct inspect *witness)
{
	return witness->proxy.state != PROXY_PROTOCOL_MORE;
}

bool
inspect_has_path(const struct inspect *witness, uint64_t *path)
{
	const struct http1 *http = &witness->http;

	*path = http->path;
	return http->path != 0 || http->count > 0 || http->state == HTTP1_OPAQUE;
}

bool
inspect_is_done(const struct inspect *witness)
{
	uint64_t path;

	if (!inspect_has_opened(witness))
		return false;
	if (witness->http.state == HTTP1_OPAQUE)
		return true;
	return (witness->has_proxy || witness->is_local) &&
	       (!witness->wants_requests || inspect_has_path(witness, &path));
}
