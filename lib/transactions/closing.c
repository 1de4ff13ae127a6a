/*
 * Who ended a transaction that is not complete: the party whose FIN or RST came first, over both sides.
 * The engine hands on what others begin, so its own come later then. A client that sends a FIN behind a
 * complete request has said all it wants to, and waits. A stream of HTTP/2 is reset as a connection is.
 */
#include "transactions/closing.h"

static void
take(struct closing *first, int64_t ns, enum party who, enum ending how)
{
	if (ns != EXCHANGE_NEVER && (first->ns == EXCHANGE_NEVER || ns < first->ns))
		*first = (struct closing){ns, who, how};
}

/* Of a connection or a stream: when each end reset it, or sent its FIN. */
static void
take_ends(struct closing *first, const int64_t rst_ns[2], const int64_t fin_ns[2], enum party one,
	  enum party other)
{
	take(first, rst_ns[CONN_FORWARD], one, ENDING_RST);
	take(first, fin_ns[CONN_FORWARD], one, ENDING_FIN);
	take(first, rst_ns[CONN_BACKWARD], other, ENDING_RST);
	take(first, fin_ns[CONN_BACKWARD], other, ENDING_FIN);
}

static void
take_side(struct closing *first, const struct sideconn *conn, const struct exchange *exchange,
	  bool is_half_closed, enum party one, enum party other)
{
	if (conn) {
		const int64_t fin_ns[2] = {is_half_closed ? EXCHANGE_NEVER
							  : conn->fin_ns[CONN_FORWARD],
					   conn->fin_ns[CONN_BACKWARD]};

		take_ends(first, conn->rst_ns, fin_ns, one, other);
		take(first, conn->unreachable_ns, PARTY_NOBODY, ENDING_UNREACHABLE);
	}
	if (exchange)
		take_ends(first, exchange->reset_ns, exchange->fin_ns, one, other);
}

struct closing
closing_find(const struct closing_sides *sides)
{
	const enum party near = sides->is_translated ? PARTY_SERVER : PARTY_ENGINE;
	const enum party far = sides->is_translated ? PARTY_CLIENT : PARTY_ENGINE;
	struct closing first = {EXCHANGE_NEVER, PARTY_NOBODY, ENDING_OPEN};

	take_side(&first, sides->client, sides->asked, sides->is_half_closed, PARTY_CLIENT, near);
	take_side(&first, sides->server, sides->carried, false, far, PARTY_SERVER);
	return first;
}
