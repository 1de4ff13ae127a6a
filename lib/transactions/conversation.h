/*
 * The packets of a connection: what they say of its TCP, its payload and its exchanges.
 */
#ifndef VCAP_CONVERSATION_H
#define VCAP_CONVERSATION_H

#include "transactions/sideconn.h"

/* Takes the next packet. */
void conversation_see(struct sideconn *conn, const struct side_packet *packet,
		      const struct sideconn_watch *watch);

/* It has ended: what reads the payload is freed. */
void conversation_end_payload(struct sideconn *conn, const struct sideconn_watch *watch);

/* Frees what the connection owns; its exchanges are let go. */
void conversation_release(struct sideconn *conn, struct allowance *allowance);

#endif
