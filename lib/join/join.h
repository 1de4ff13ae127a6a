/*
 * Which packets belong to the transactions of a set of addresses: both sides of a proxy, joined by
 * what tables or the packets of the server side reveal about the client of each connection.
 *
 * A file is read twice, first to learn and then to judge; once more to learn where what came late throws doubt on
 * what came before. A stream is judged as it comes, and
 * undecided connections are asked about again later:
 *
 *	join_new -> join_see ... -> join_finish -> join_again -> join_see ... (a file)
 *	join_new -> join_see, join_ask ... -> join_finish                     (a stream)
 */
#ifndef VCAP_JOIN_H
#define VCAP_JOIN_H

#include "base/failure.h"
#include "flows/connpair.h"
#include "join/conntable.h"
#include "join/join_config.h"
#include "join/join_counts.h"
#include "join/verdict.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

struct join;

/* Copies config; what it points to stays the caller's and must outlive the join. NULL: out of
 * memory. */
struct join *join_new(const struct join_config *config, struct failure *why);
/* join may be NULL. */
void join_free(struct join *join);

/* Adds a pair that a table names. */
void join_pair(struct join *join, const struct connpair *pair);

/*
 * The verdict on the next packet. *conn is NULL if it is final. Otherwise, with JOIN_UNDECIDED or
 * JOIN_PRESUMED, join_ask(*conn) may know more later. While a file is read the first time the
 * verdict means nothing.
 */
enum join_verdict join_see(struct join *join, const struct packet *packet, uint16_t linktype,
			   struct conn **conn);

/* The verdict on a connection by now; *is_final: it will not change. */
enum join_verdict join_ask(struct join *join, struct conn *conn, bool *is_final);

/* Keeps a connection in memory, so that join_ask may be called with it, until join_let_go. */
void join_hold(struct conn *conn);
/* Undoes one join_hold. */
void join_let_go(struct join *join, struct conn *conn);

/* Whether connections take more memory than allowed, because some are held. */
bool join_is_over_memory(const struct join *join);

/* Whether a packet with this verdict is kept. */
bool join_keeps(const struct join *join, enum join_verdict verdict, const struct packet *packet);

/* Ends every connection: the input has ended. */
void join_finish(struct join *join);

/* After join_finish: whether headers were believed of a server before a client's request showed that the engine
 * writes none of them. Then the same packets may come again to be learned from, and join_finish. */
bool join_has_doubts(const struct join *join);
/* Begins that pass. -1: out of memory. */
int join_learn_again(struct join *join, struct failure *why);

/* Begins the second pass: the same packets come again, and verdicts are those of the whole capture.
 * -1: memory ran out in the first pass. */
int join_again(struct join *join, struct failure *why);

/* Valid until join_free. */
const struct join_counts *join_counts(const struct join *join);

/* The connects of the server side that failed, by connects_format, a line each. Call after
 * join_finish. */
char *join_failed_connects(const struct join *join);
/* Both as a remark for the statistics of the output (copy.h). Heap; NULL: out of memory. */
char *join_remark(const struct join *join, uint64_t expired);

#endif
