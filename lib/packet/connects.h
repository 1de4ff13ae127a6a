/*
 * How many connects to each server failed: were answered by an RST, an ICMP error or nothing.
 */
#ifndef VCAP_CONNECTS_H
#define VCAP_CONNECTS_H

#include "packet/addrset.h"
#include "packet/handshake.h"

#include <stddef.h>
#include <stdint.h>

/* The most servers that are told apart; the connects to others are counted together. */
#define CONNECTS_SERVERS 1024
/* The most servers that connects_format names, and the most bytes that this takes with separators of
 * up to 16 bytes. */
#define CONNECTS_NAMED 16
#define CONNECTS_TEXT  2048
/* After this time without an answer a connect has failed; a SYN is sent again after as long (RFC
 * 6298, 2.1). */
#define CONNECTS_PATIENCE_NS INT64_C(1000000000)

struct connects {
	struct connects_server *servers; /* heap, owned; sorted by address and port */
	size_t count;
	uint64_t others_failed;
};

struct connects_server {
	struct addr addr;
	uint16_t port;
	uint64_t answered, failed;
	uint64_t pending; /* not answered yet when the capture ended */
};

#define CONNECTS_INIT ((struct connects){0})

/* Frees the list; connects is CONNECTS_INIT afterwards. */
void connects_release(struct connects *connects);

/*
 * Counts a connect of which no more will be seen. waited_ns: the time since its first SYN; INT64_MAX:
 * it was given up. Counts nothing if its SYN was not seen.
 */
void connects_add(struct connects *connects, struct addr server, uint16_t port,
		  const struct handshake *handshake, int64_t waited_ns);

/*
 * The servers with connects that failed, "4 failed connects to 10.0.1.11:8080" for each, the most
 * first, and separator between them. Pending connects count as failed if the server has answered
 * none: of one that does some always are under way. Heap; empty if none failed; NULL: out of memory.
 */
char *connects_format(const struct connects *connects, const char *separator);

#endif
