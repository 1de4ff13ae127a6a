#include "transactions/exchange.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

struct exchange *
exchange_new(struct sideconn *conn, struct allowance *allowance)
{
	struct exchange *exchange = NULL;
	const struct exchange_message nothing = {
	    .first = MOMENT_NEVER, .head = MOMENT_NEVER, .last = MOMENT_NEVER};

	if (allowance->used + sizeof(*exchange) <= allowance->limit)
		exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	allowance->used += sizeof(*exchange);
	exchange->allowance = allowance;
	exchange->conn = conn;
	exchange->holders = 1;
	exchange->request = exchange->response = nothing;
	exchange->before_ns = exchange->acked_ns = exchange->unpaired_ns = EXCHANGE_NEVER;
	exchange->seen_ns = EXCHANGE_NEVER;
	for (int i = 0; i < 2; i++)
		exchange->reset_ns[i] = exchange->fin_ns[i] = EXCHANGE_NEVER;
	return exchange;
}

bool
exchange_is_reset(const struct exchange *exchange)
{
	return exchange->reset_ns[0] != EXCHANGE_NEVER || exchange->reset_ns[1] != EXCHANGE_NEVER;
}

void
exchange_hold(struct exchange *exchange)
{
	exchange->holders++;
}

void
exchange_let_go(struct exchange *exchange)
{
	if (--exchange->holders > 0)
		return;
	exchange->allowance->used -= sizeof(*exchange);
	if (exchange->target)
		exchange->allowance->used -= strlen(exchange->target) + 1;
	free(exchange->target);
	free(exchange->attempts);
	free(exchange);
}

void
exchange_set_target(struct exchange *exchange, const char *target)
{
	exchange->target = strdup(target);
	if (exchange->target)
		exchange->allowance->used += strlen(target) + 1;
}

int
exchange_attempt(struct exchange *exchange, struct exchange *attempt)
{
	if (array_grow(&exchange->attempts, exchange->attempt_count, sizeof(*exchange->attempts)) <
	    0)
		return -1;
	exchange_hold(attempt);
	exchange->attempts[exchange->attempt_count++] = attempt;
	return 0;
}

void
exchange_drop_attempt(struct exchange *exchange, const struct exchange *attempt)
{
	size_t kept = 0;

	for (size_t i = 0; i < exchange->attempt_count; i++)
		if (exchange->attempts[i] != attempt)
			exchange->attempts[kept++] = exchange->attempts[i];
	exchange->attempt_count = kept;
}

const char *
exchange_path(const struct exchange *exchange, size_t *size)
{
	return exchange->target ? http_message_path(exchange->target, size) : NULL;
}
