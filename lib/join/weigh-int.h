/*
 * Evidence weighed: whether a connection is wanted, by its addresses, by tables and by its payload.
 */
#ifndef VCAP_WEIGH_INT_H
#define VCAP_WEIGH_INT_H

#include "join/join-int.h"
#include "packet/dissect.h"

#include <stdbool.h>

/* Weighs the addresses of a server-side connection, once, when it is new. */
void weigh_addresses(struct join *join, struct join_conn *jc);

/* Weighs the pairs that tables have for a server-side connection by now. Does nothing if the tables
 * have not changed. */
void weigh_tables(struct join *join, struct join_conn *jc);

/* Weighs the payload of a packet from engine to server. Only what the engine sends is believed. */
void weigh_payload(struct join *join, struct join_conn *jc, const struct tuple *tuple);

/* Weighs what requests disputed, if others have settled it by now (dispute.h). */
void weigh_dispute(struct join *join, struct join_conn *jc);

/* Weighs a client-side connection: it is wanted if a wanted server-side connection names it. */
void weigh_claims(struct join *join, struct join_conn *jc);

/* Frees what was kept to inspect the payload; nothing more of it is weighed. */
void weigh_end_inspection(struct join *join, struct join_conn *jc);

/* The answer of all evidence so far. */
enum answer weigh_answer(const struct join_conn *jc);

/* Whether the connection may still turn out to be another service's. */
bool weigh_is_unplaced(const struct join_conn *jc);

#endif
