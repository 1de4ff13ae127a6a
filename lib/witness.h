/*
 * What the bytes from engine to server say of the connection: the PROXY protocol in the first of
 * them, else the requests of HTTP/1.x. One of these a connection, for as long as it has something
 * to say.
 */
#ifndef VCAP_WITNESS_H
#define VCAP_WITNESS_H

#include "evidence.h"
#include "httprequest.h"
#include "proxyheader.h"
#include "reassembly.h"

#include <stdbool.h>
#include <stdint.h>

struct witness {
	struct reassembly order;
	struct proxyheader proxy;
	struct httprequest http;
	bool has_proxy;      /* it began with a PROXY header that says something */
	bool is_local;       /* ... or LOCAL */
	bool wants_requests; /* a PROXY header does not end the interest: the first path counts */
};

/* Told of each piece of evidence as it is read. */
typedef void witness_report(void *context, const struct evidence *evidence);

/* has_start: the connection's first byte will have the sequence number next. header is the caller's
 * (httprequest.h). */
void witness_init(struct witness *witness, bool has_start, uint32_t next, const char *header);
void witness_release(struct witness *witness, struct allowance *allowance);

void witness_push(struct witness *witness, uint32_t sequence, const unsigned char *bytes,
		  uint32_t size, uint32_t wire, struct allowance *allowance, witness_report *report,
		  void *context);

/* Whether bytes have begun something that is not known to its end: evidence may come of it. */
bool witness_is_pending(const struct witness *witness);
/* Whether nothing more will come of it. */
bool witness_is_done(const struct witness *witness);
/* Whether what a PROXY header would be is known. */
bool witness_has_opened(const struct witness *witness);
/* Whether the first request is known, or that there is none: *path is 0 then (httprequest_path). */
bool witness_has_path(const struct witness *witness, uint64_t *path);

#endif
