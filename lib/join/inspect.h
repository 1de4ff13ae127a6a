/*
 * What the bytes from engine to server say of the connection: the PROXY protocol in the first of
 * them, else the requests of HTTP/1.x. One of these a connection, for as long as it has something
 * to say.
 */
#ifndef VCAP_INSPECT_H
#define VCAP_INSPECT_H

#include "join/evidence.h"
#include "join/http1.h"
#include "join/proxy_protocol.h"
#include "join/tcp_reassembly.h"

#include <stdbool.h>
#include <stdint.h>

struct inspect {
	struct tcp_reassembly order;
	struct proxy_protocol proxy;
	struct http1 http;
	bool has_proxy;      /* it began with a PROXY header that says something */
	bool is_local;       /* ... or LOCAL */
	bool wants_requests; /* a PROXY header does not end the interest: the first path counts */
};

/* Told of each piece of evidence as it is read. */
typedef void inspect_report(void *context, const struct evidence *evidence);

/* has_start: the connection's first byte will have the sequence number next. header is the caller's
 * (httprequest.h). */
void inspect_init(struct inspect *witness, bool has_start, uint32_t next, const char *header);
void inspect_release(struct inspect *witness, struct allowance *allowance);

void inspect_push(struct inspect *witness, uint32_t sequence, const unsigned char *bytes,
		  uint32_t size, uint32_t wire, struct allowance *allowance, inspect_report *report,
		  void *context);

/* Whether bytes have begun something that is not known to its end: evidence may come of it. */
bool inspect_is_pending(const struct inspect *witness);
/* Whether nothing more will come of it. */
bool inspect_is_done(const struct inspect *witness);
/* Whether what a PROXY header would be is known. */
bool inspect_has_opened(const struct inspect *witness);
/* Whether the first request is known, or that there is none: *path is 0 then (http1_path). */
bool inspect_has_path(const struct inspect *witness, uint64_t *path);

#endif
