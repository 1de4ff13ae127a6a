/*
 * What became of one transaction: a row of vcap-transactions(1). vcap-transactions(7) draws each phase
 * with its packets.
 */
#ifndef VCAP_TRANSACTION_H
#define VCAP_TRANSACTION_H

#include "packet/addrset.h"
#include "transactions/confidence.h"
#include "transactions/exchange.h"
#include "transactions/http_message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transaction_unit {
	UNIT_REQUEST,    /* a request and its response */
	UNIT_PAIR,       /* a connection to the engine and those to servers that carry it */
	UNIT_CONNECTION, /* the client's connection alone */
	UNIT_NAT,        /* one connection, seen on both sides */
	UNIT_FLOW,       /* datagrams between two ends */
};

enum phase {
	PHASE_CSYN,
	PHASE_CTLS,
	PHASE_IDLE,
	PHASE_REQHEAD,
	PHASE_REQBODY,
	PHASE_WAIT,
	PHASE_CONNECT,
	PHASE_STLS,
	PHASE_TTFB,
	PHASE_RELAY,
	PHASE_TRANSFER,
	PHASE_DRAIN,
	PHASE_STALL,
	PHASE_TOTAL,
	PHASES,
};

/* A phase that the packets do not show. */
#define PHASE_UNKNOWN INT64_MIN

enum party { PARTY_NOBODY, PARTY_CLIENT, PARTY_ENGINE, PARTY_SERVER };

enum ending {
	ENDING_COMPLETE,
	ENDING_FIN,
	ENDING_RST,
	ENDING_UNREACHABLE, /* an ICMP error */
	ENDING_TIMEOUT,     /* by the proxy's word */
	ENDING_SILENT,
	ENDING_OPEN, /* when the capture ended */
	ENDING_CUT,  /* by the capture: bytes of it are missing */
};

enum {
	FLAG_0RTT = 1,
	FLAG_EARLY = 2,
	FLAG_BUFFERED = 4,
	FLAG_1XX = 8,
	FLAG_PIPELINED = 16,
	FLAG_LOST = 32,
	FLAG_MIDWAY = 64,
	FLAG_TUNNEL = 128,
	FLAG_HALFCLOSE = 256,
	FLAG_ONEWAY = 512,
};

/* A party's address and port. */
struct transaction_end {
	struct addr addr;
	uint16_t port;
	bool is_known, has_port;
};

#define TRANSACTION_MARKS 4

struct transaction {
	uint64_t id; /* from 1, in the order in which they were told */
	enum transaction_unit unit;
	enum confidence confidence;
	int64_t began_ns, ended_ns; /* of its first and its last packet */
	int64_t packets_from_ns,
	    packets_to_ns; /* likewise with handshakes and ends of connections (span.h) */
	struct transaction_end client, vip, source, server;
	uint32_t engine;             /* as the caller numbers them */
	int64_t phases[PHASES];      /* ns, or PHASE_UNKNOWN */
	const char *method, *target; /* NULL: not known */
	bool target_is_cut;
	uint16_t status, server_status; /* 0: not known */
	uint64_t request_bytes, response_bytes;
	bool has_bytes;
	/* Segments sent again and out of order, and closed windows, by side; UINT64_MAX: not known. */
	uint64_t client_retransmissions, server_retransmissions;
	uint64_t client_zero_windows, server_zero_windows;
	uint64_t client_out_of_order, server_out_of_order;
	int64_t client_rtt_ns, server_rtt_ns;                 /* the least; PHASE_UNKNOWN */
	int64_t client_initial_rtt_ns, server_initial_rtt_ns; /* the handshake's; likewise */
	size_t attempts;
	const char *failed_attempts; /* each with what became of it; NULL: none */
	enum party from;             /* whose response it is; PARTY_NOBODY: not known */
	enum party who;              /* who ended it, unless complete */
	enum ending ending;
	int64_t silent_ns;
	unsigned flags;
	const char *server_name, *alpn; /* of TLS with the client; NULL */
	char proxy[12];                 /* the proxy's words, as "503 SC--"; empty: none */
	uint64_t proxy_mark;            /* the last packet of the client's request; 0: none */
	const char *alert;              /* a TLS alert in the clear; NULL */
	enum party alert_from;
	/* The packets that begin its messages, on both sides; 0: none. */
	uint64_t marks[TRANSACTION_MARKS];
};

/* A transaction of which nothing is known. */
void transaction_init(struct transaction *transaction);

/* "request", "pair" ...; "csyn" ...; "client" ... or "-"; static. */
const char *transaction_unit_name(enum transaction_unit unit);
const char *transaction_phase_name(enum phase phase);
const char *transaction_party_name(enum party party);

/* Whether something went wrong: it is not complete and was not open when the capture ended, or the
 * status is 5xx, or an attempt failed. */
bool transaction_has_failed(const struct transaction *transaction);

#define TRANSACTION_ENDING 48
/* "complete", "client rst", "silent 12s", ... Returns to. */
char *transaction_ending(const struct transaction *transaction, char to[TRANSACTION_ENDING]);

#define TRANSACTION_FLAGS 96
/* "early,1xx"; empty: none. Returns to. */
char *transaction_flags(const struct transaction *transaction, char to[TRANSACTION_FLAGS]);

#endif
