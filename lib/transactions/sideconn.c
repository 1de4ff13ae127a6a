#include "transactions/sideconn.h"

void
sideconn_begin(struct sideconn *conn, uint32_t engine)
{
	conn->directions[0] = conn->directions[1] = TCP_DIRECTION_INIT;
	conn->engine = engine;
	conn->newest_syn_ns = EXCHANGE_NEVER;
	conn->answered_ns = conn->syn_ns = conn->synack_ns = conn->done_ns = EXCHANGE_NEVER;
	conn->hello_ns = conn->tls_done_ns = conn->unreachable_ns = EXCHANGE_NEVER;
	for (int i = 0; i < 2; i++)
		conn->fin_ns[i] = conn->rst_ns[i] = EXCHANGE_NEVER;
}

void
sideconn_add_exchange(struct sideconn *conn, struct exchange *exchange)
{
	exchange->number = conn->exchange_count++;
	if (conn->last)
		conn->last->next = exchange;
	else
		conn->first = exchange;
	conn->last = exchange;
	conn->listed++;
}

void
sideconn_drop_exchange(struct sideconn *conn, struct exchange *exchange)
{
	struct exchange **at = &conn->first, *before = NULL;

	while (*at && *at != exchange) {
		before = *at;
		at = &before->next;
	}
	if (!*at)
		return;
	*at = exchange->next;
	conn->listed--;
	if (conn->last == exchange)
		conn->last = before;
	if (conn->answering == exchange)
		conn->answering = exchange->next;
	exchange->next = NULL;
	exchange_let_go(exchange);
}

bool
sideconn_has_failed(const struct sideconn *conn)
{
	return conn_has_failed(&conn->conn) || conn->unreachable_ns != EXCHANGE_NEVER;
}
