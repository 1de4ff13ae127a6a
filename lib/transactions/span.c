#include "transactions/span.h"

#include "transactions/sideconn.h"

void
span_begin(struct transaction *row)
{
	row->packets_from_ns = row->began_ns;
	row->packets_to_ns = row->ended_ns;
}

void
span_add(struct transaction *row, const struct exchange *exchange)
{
	const struct conn *conn = &exchange->conn->conn;

	if ((exchange->number == 0 || exchange->is_bare) && conn->start_ns < row->packets_from_ns)
		row->packets_from_ns = conn->start_ns;
	if (row->ending != ENDING_COMPLETE && conn->last_ns > row->packets_to_ns)
		row->packets_to_ns = conn->last_ns;
}
