/*
 * The payload of a connection: what conversation.c asks of dialogue.c, and that of dialogue_http.c and
 * dialogue_http2.c.
 */
#ifndef VCAP_DIALOGUE_INT_H
#define VCAP_DIALOGUE_INT_H

#include "transactions/sideconn.h"

/* Payload of a packet. */
void dialogue_push(struct sideconn *conn, const struct side_packet *packet,
		   const struct sideconn_watch *watch);
/* The receiver of that direction's bytes has everything before a sequence number. */
void dialogue_acknowledge(struct sideconn *conn, enum conn_direction direction, uint32_t sequence,
			  const struct sideconn_watch *watch);
/* No more bytes come in that direction, in good order. */
void dialogue_end(struct sideconn *conn, enum conn_direction direction,
		  const struct sideconn_watch *watch);
/* Frees what an idle connection does not need. */
void dialogue_rest(struct sideconn *conn, struct allowance *allowance);
/* Frees it. */
void dialogue_free(struct sideconn *conn, struct allowance *allowance);
/* Bytes in order, of one direction. */
struct dialogue_push {
	struct sideconn *conn;
	enum conn_direction direction;
	const struct sideconn_watch *watch;
};

/* Reads bytes that were captured at the moment; without any, whether a message ends here. Returns how many were used:
 * all, unless what follows is HTTP/2. */
size_t dialogue_http_read(struct dialogue_push *push, const unsigned char *bytes, size_t size,
			  bool at_segment, struct moment moment);
/* The request at hand: the newest. NULL: it is not followed. */
struct exchange *dialogue_http_request(struct sideconn *conn);

/* HTTP/2 begins, behind the preface of its client. false: no memory. */
bool dialogue_http2_begin(struct sideconn *conn, const struct sideconn_watch *watch);
/* The same on a connection of HTTP/1 that goes over to it: the request becomes stream 1, to which the response comes;
 * behind what is left of that request the preface is still to come. */
bool dialogue_http2_upgrade(struct exchange *exchange, const struct sideconn_watch *watch);
/* Reads bytes as above; without any, whether a frame ends here. */
void dialogue_http2_read(struct dialogue_push *push, const unsigned char *bytes, size_t size,
			 bool at_segment, struct moment moment);
/* The same of a connection whose begin was not captured and that may be anything. Whether it turned out to be
 * HTTP/2; else nothing has changed that matters to others. */
bool dialogue_http2_try(struct dialogue_push *push, const unsigned char *bytes, size_t size,
			bool at_segment, struct moment moment);
/* Bytes were not captured. */
void dialogue_http2_skip(struct dialogue_push *push, uint32_t size);
void dialogue_http2_free(struct dialogue_http2 *http2, struct allowance *allowance);

/* The client that the headers of a request to a server name. Where they name different ones, each may be it. */
void dialogue_take_client(struct exchange *exchange, const struct forwarded *headers);

/* Tells of the exchange, if nothing more is expected of it. */
void dialogue_check(struct exchange *exchange, const struct sideconn_watch *watch);

#endif
