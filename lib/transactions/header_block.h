/*
 * What a block of headers of HTTP/2 says of a message (RFC 9113, 8.3), as http_message.h has it of a head of
 * HTTP/1: the same request has the same signature in both.
 */
#ifndef VCAP_HEADER_BLOCK_H
#define VCAP_HEADER_BLOCK_H

#include "transactions/http_message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct header_block {
	bool has_method;          /* it is of a request */
	char method[HTTP_METHOD]; /* empty: not known */
	char target[HTTP_LINE];   /* likewise */
	bool target_is_cut;
	uint16_t status; /* of a response; 0: not known */
	/* Private: see header_block_signature. */
	bool has_host;
	uint64_t sum, cookie;
};

/* Empties block, for the headers of another message. */
void header_block_begin(struct header_block *block);

/* Takes the next header. name is in lower case; value has a NUL behind its size bytes. */
void header_block_take(struct header_block *block, const char *name, const char *value,
		       size_t size);

/* Of those headers that proxies hand on as they are. */
uint64_t header_block_signature(const struct header_block *block);

#endif
