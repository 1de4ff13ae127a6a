#include "witness.h"

/* A witness who is being heard. */
struct hearing {
	struct witness *witness;
	witness_report *report;
	void *context;
};

void
witness_init(struct witness *witness, bool has_start, uint32_t next, const char *header)
{
	witness->order = REASSEMBLY_INIT;
	witness->proxy.state = PROXYHEADER_MORE;
	witness->proxy.length = 0;
	witness->proxy.skip = 0;
	witness->has_proxy = witness->is_local = witness->wants_requests = false;
	httprequest_init(&witness->http, header);
	if (has_start) {
		reassembly_begin(&witness->order, next);
		return;
	}
	/* What begins in the middle may be what a client sent: no PROXY header is believed. */
	witness->proxy.state = PROXYHEADER_NONE;
	httprequest_lose(&witness->http);
}

void
witness_release(struct witness *witness, struct allowance *allowance)
{
	reassembly_release(&witness->order, allowance);
}

static void
hear_requests(struct hearing *hearing, const unsigned char *bytes, size_t size, bool at_segment)
{
	struct httprequest *http = &hearing->witness->http;

	while (size > 0) {
		bool is_complete;
		size_t used = httprequest_feed(http, bytes, size, at_segment, &is_complete);

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
	struct witness *witness = hearing->witness;
	struct proxyheader *proxy = &witness->proxy;
	bool was_known = proxy->state != PROXYHEADER_MORE;
	struct evidence evidence = {0};
	size_t used = proxyheader_feed(proxy, bytes, size, &evidence);

	if (was_known)
		return used;
	if (proxy->state == PROXYHEADER_NONE)
		hear_requests(hearing, proxy->bytes, proxy->length, true);
	if (proxy->state != PROXYHEADER_FOUND)
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
	struct witness *witness = hearing->witness;
	size_t used = 0;

	if (!bytes) {
		if (witness->proxy.state == PROXYHEADER_MORE)
			witness->proxy.state = PROXYHEADER_BAD;
		if (witness->proxy.skip >= size)
			witness->proxy.skip -= size;
		else
			httprequest_skip(&witness->http, size);
		return;
	}
	if (witness->proxy.state == PROXYHEADER_MORE || witness->proxy.skip > 0)
		used = hear_proxy(hearing, bytes, size);
	if (used < size)
		hear_requests(hearing, bytes + used, size - used, at_segment && used == 0);
}

void
witness_push(struct witness *witness, uint32_t sequence, const unsigned char *bytes, uint32_t size,
	     uint32_t wire, struct allowance *allowance, witness_report *report, void *context)
{
	struct hearing hearing = {witness, report, context};

	reassembly_push(&witness->order, sequence, bytes, size, wire, allowance, hear, &hearing);
}

bool
witness_is_pending(const struct witness *witness)
{
	if (witness->proxy.state == PROXYHEADER_MORE)
		return true;
	return !witness->has_proxy && !witness->is_local && httprequest_is_pending(&witness->http);
}

bool
witness_has_opened(const struct witness *witness)
{
	return witness->proxy.state != PROXYHEADER_MORE;
}

bool
witness_has_path(const struct witness *witness, uint64_t *path)
{
	const struct httprequest *http = &witness->http;

	*path = http->path;
	return http->path != 0 || http->count > 0 || http->state == HTTPREQUEST_OPAQUE;
}

bool
witness_is_done(const struct witness *witness)
{
	uint64_t path;

	if (!witness_has_opened(witness))
		return false;
	if (witness->http.state == HTTPREQUEST_OPAQUE)
		return true;
	return (witness->has_proxy || witness->is_local) &&
	       (!witness->wants_requests || witness_has_path(witness, &path));
}
