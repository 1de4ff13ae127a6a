/*
 * Verdicts: what the evidence on a connection comes to.
 */
#ifndef VCAP_DECIDE_INT_H
#define VCAP_DECIDE_INT_H

#include "join/join-int.h"

#include <stdbool.h>

/* Looks for evidence that came since the last packet of the connection. */
void decide_update(struct join *join, struct join_conn *jc);

/* The verdict on the connection by what is known of it. */
enum join_verdict decide_verdict(const struct join *join, const struct join_conn *jc);

/* Whether more evidence may come soon. */
bool decide_may_change(const struct join *join, const struct join_conn *jc);

/* What a verdict means if no more evidence comes: JOIN_OUT, JOIN_OTHER or JOIN_WANTED. */
enum join_verdict decide_finally(const struct join *join, enum join_verdict verdict);

/* Counts an ended server-side connection. */
void decide_count(struct join *join, const struct join_conn *jc);

#endif
