/*
 * A connection on one side of the proxy, as an entry of the connection table: its TCP, what its
 * payload is, and the exchanges that it carries.
 */
#ifndef VCAP_SIDECONN_H
#define VCAP_SIDECONN_H

#include "join/conntable.h"
#include "join/http1.h"
#include "join/proxy_protocol.h"
#include "transactions/exchange.h"
#include "transactions/tcp_direction.h"
#include "transactions/tls_records.h"

#include <stdbool.h>
#include <stdint.h>

enum payload_kind {
	PAYLOAD_UNKNOWN, /* none yet, or none that was read */
	PAYLOAD_HTTP,    /* HTTP/1 */
	PAYLOAD_HTTP2,
	PAYLOAD_TLS,
	PAYLOAD_OTHER,
};

/* The most exchanges of a connection that are followed at a time: more are pipelined by no client, and more
 * streams are open at a time on no server. */
#define DIALOGUE_EXCHANGES 256
#define DIALOGUE_STREAMS   1024

/* What reads the payload; on the heap from its first byte until the connection has ended. */
struct dialogue {
	struct tcp_reassembly streams[2]; /* by enum conn_direction */
	int64_t position[2];              /* offset (tcp_direction.h) of the next byte */
	struct moment newest[2];          /* of the byte before */
	struct moment opened;             /* of the first byte of the client */
	struct proxy_protocol proxy;
	struct http_message *http;    /* both directions; heap, owned; NULL unless PAYLOAD_HTTP */
	struct tls_records *tls;      /* likewise for PAYLOAD_TLS */
	struct dialogue_http2 *http2; /* for PAYLOAD_HTTP2, and while it may be that; heap, owned */
	uint8_t preface;              /* bytes of HTTP/2's that were there, and wait for the rest */
	struct moment preface_moment; /* of the first */
	struct http1 *evidence;       /* of the head at hand, on the server side; heap, owned */
	bool is_midway;               /* the first bytes of the connection were not captured */
	bool has_lost_responses;      /* it is not known which request the next response answers */
};

struct sideconn {
	struct conn conn; /* first */
	struct tcp_direction directions[2];
	uint32_t engine; /* as the caller numbers them */
	enum payload_kind payload;
	struct dialogue *dialogue;
	/* Its handshake; EXCHANGE_NEVER: not seen. */
	int64_t syn_ns, synack_ns, done_ns;
	int64_t newest_syn_ns; /* if it was sent again */
	uint64_t syn_packet;
	uint64_t syns; /* how often the SYN was sent */
	/* How each end closed it, by enum conn_direction of the packet. */
	int64_t fin_ns[2], rst_ns[2];
	int64_t unreachable_ns; /* an ICMP error quotes it */
	/* TLS. */
	int64_t hello_ns, tls_done_ns; /* its ClientHello; the later Finished */
	uint8_t alert;                 /* the first in the clear, if has_alert */
	enum conn_direction alert_from;
	bool has_alert : 1, has_early_data : 1;
	char *server_name; /* heap, owned; NULL: none */
	char *alpn;        /* likewise; of a ServerHello in the clear */
	uint16_t tls_version;
	uint64_t bytes[2]; /* of payload on the wire, without repetitions */
	struct exchange *first,
	    *last;                  /* its exchanges that are not told yet, in order; each held */
	struct exchange *answering; /* the one that the response at hand, or the next, is for */
	uint64_t exchange_count;
	size_t listed; /* how many are in that list */
	/* Of an HTTP/2 connection what rows of its streams have told already. */
	uint64_t told_retransmissions, told_zero_windows, told_out_of_order;
	int64_t answered_ns; /* when the newest response ended; EXCHANGE_NEVER */
	/* What tells whose it is (server side). */
	struct client_hint hint;
	bool is_own;           /* PROXY LOCAL: the engine's own */
	struct exchange *bare; /* stands for all of it; held; NULL: none */
	/* The connection that carries it or that it carries, as a whole (relate.c). */
	struct sideconn *other_side;
	unsigned server_count;      /* client side: how many carried it, one after the other */
	enum confidence confidence; /* of that */
	/* Client side: in the index of clients. */
	struct sideconn *next_of_client, **of_client;
	bool is_told;            /* a row of its own was told */
	bool has_rows;           /* rows of requests told of it */
	bool has_told_handshake; /* its handshake is in a row */
	bool has_closed;         /* it was noticed that it has */
	bool is_finished;        /* nothing more is heard of it */
	bool
	    has_restarted; /* its requests cannot be counted: its begin, or some of them, were not captured */
	bool is_begun;   /* sideconn_begin was called */
	uint32_t entry;  /* in the list of conversations (connlist.h) */
	int64_t last_ns; /* of its newest packet */
	int64_t settled_ns;
	struct sideconn *next_settled;
};

/* Whether its requests are read. */
static inline bool
sideconn_has_requests(const struct sideconn *conn)
{
	return conn->payload == PAYLOAD_HTTP || conn->payload == PAYLOAD_HTTP2;
}

static inline struct sideconn *
sideconn_of(struct conn *conn)
{
	return (struct sideconn *)conn;
}

/* What follows the connections is told of what they carry. Each may be NULL. */
struct sideconn_watch {
	/* The head of a request is complete, on a connection of either side. */
	void (*asked)(void *context, struct exchange *exchange);
	/* Nothing more is expected of it: both messages ended, and the client's side acknowledged the
	 * response. */
	void (*answered)(void *context, struct exchange *exchange);
	/* A PROXY protocol header, or the first bytes of what cannot be read. */
	void (*opened)(void *context, struct sideconn *conn);
	void *context;
	struct allowance *allowance;       /* for what waits, and for dialogues */
	const struct forwarded_rule *rule; /* which headers name the client */
};

/* A new entry, all zero but for its struct conn. */
void sideconn_begin(struct sideconn *conn, uint32_t engine);
/* A packet of the connection. number counts packets from 1. */
struct side_packet {
	const struct tuple *tuple;
	int64_t ts_ns;
	uint64_t number;
	uint32_t iface;
	enum conn_direction direction;
};

/* Adds a new exchange to the end of its connection's list. */
void sideconn_add_exchange(struct sideconn *conn, struct exchange *exchange);
/* Takes the exchange out of its connection's list, and lets it go. */
void sideconn_drop_exchange(struct sideconn *conn, struct exchange *exchange);

/* Whether the connect failed: it was refused, or not answered. */
bool sideconn_has_failed(const struct sideconn *conn);

#endif
