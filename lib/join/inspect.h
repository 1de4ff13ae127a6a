/*
 * Payload inspection: evidence in the bytes that an engine sends to a server. They begin with a
 * PROXY protocol header, or are requests of HTTP/1.x or HTTP/2, or both. There is one struct inspect for each
 * connection that may still yield evidence.
 */
#ifndef VCAP_INSPECT_H
#define VCAP_INSPECT_H

#include "join/evidence.h"
#include "join/http1.h"
#include "join/http2.h"
#include "join/proxy_protocol.h"
#include "join/tcp_reassembly.h"

#include <stdbool.h>
#include <stdint.h>

#define INSPECT_NO_PREFACE UINT8_MAX

struct inspect {
	struct tcp_reassembly stream;
	struct proxy_protocol proxy;
	struct http1 http;
	struct http2 *http2; /* NULL: it is not known to be, and not tried; owned */
	size_t charge;       /* what that takes of the allowance */
	uint8_t preface;     /* bytes of HTTP/2's that were there; INSPECT_NO_PREFACE: another */
	bool is_midway;
	bool is_http2;       /* and nothing else */
	bool has_proxy;      /* it began with a PROXY header that names a client */
	bool is_local;       /* ... or that says LOCAL */
	bool wants_requests; /* set by the caller: the first path is wanted even after a PROXY
				header */
};

/* Called for each piece of evidence as it is read. evidence is valid during the call. */
typedef void inspect_report(void *context, const struct evidence *evidence);

/* The connection's first byte will have the sequence number next. rule and engine are as in
 * forwarded_init. */
void inspect_init(struct inspect *inspect, uint32_t next, const struct forwarded_rule *rule,
		  struct addr engine);
/* The start of the connection was not captured. A PROXY header that comes then is not believed: a
 * client may have sent it. */
void inspect_init_midway(struct inspect *inspect, const struct forwarded_rule *rule,
			 struct addr engine);
/* Frees what waits; allowance is that of inspect_push. */
void inspect_release(struct inspect *inspect, struct allowance *allowance);

/* Inspects a segment. Memory for segments that come early counts against the allowance. */
void inspect_push(struct inspect *inspect, const struct segment *segment,
		  struct allowance *allowance, inspect_report *report, void *context);

/* Whether a header or request has begun and not ended, of which evidence may come. */
bool inspect_is_pending(const struct inspect *inspect);
/* Whether nothing but the beginning of a connection has come, such as the settings of HTTP/2 or a PROXY header that
 * names no client: its first request may. */
bool inspect_awaits_request(const struct inspect *inspect);
/* Whether no more evidence will come. */
bool inspect_is_done(const struct inspect *inspect);
/* Whether it is known if the connection begins with a PROXY header. */
bool inspect_has_opened(const struct inspect *inspect);
/* Whether the path of the first request is known, as http1_path has it, or that there is no
 * request: *path is 0 then. */
bool inspect_has_path(const struct inspect *inspect, uint64_t *path);

#endif
