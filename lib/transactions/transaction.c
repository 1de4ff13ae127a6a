#include "transactions/transaction.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

void
transaction_init(struct transaction *transaction)
{
	*transaction = (struct transaction){.client_retransmissions = UINT64_MAX,
					    .server_retransmissions = UINT64_MAX,
					    .client_zero_windows = UINT64_MAX,
					    .server_zero_windows = UINT64_MAX,
					    .client_out_of_order = UINT64_MAX,
					    .server_out_of_order = UINT64_MAX,
					    .client_rtt_ns = PHASE_UNKNOWN,
					    .server_rtt_ns = PHASE_UNKNOWN,
					    .client_initial_rtt_ns = PHASE_UNKNOWN,
					    .server_initial_rtt_ns = PHASE_UNKNOWN};
	for (int i = 0; i < PHASES; i++)
		transaction->phases[i] = PHASE_UNKNOWN;
}

const char *
transaction_unit_name(enum transaction_unit unit)
{
	static const char *const names[] = {
	    [UNIT_REQUEST] = "request", [UNIT_PAIR] = "pair", [UNIT_CONNECTION] = "connection",
	    [UNIT_NAT] = "nat",         [UNIT_FLOW] = "flow",
	};

	return names[unit];
}

const char *
transaction_phase_name(enum phase phase)
{
	static const char *const names[] = {
	    [PHASE_CSYN] = "CSYN",       [PHASE_CTLS] = "CTLS",         [PHASE_IDLE] = "IDLE",
	    [PHASE_REQHEAD] = "REQHEAD", [PHASE_REQBODY] = "REQBODY",   [PHASE_WAIT] = "WAIT",
	    [PHASE_CONNECT] = "CONNECT", [PHASE_STLS] = "STLS",         [PHASE_TTFB] = "TTFB",
	    [PHASE_RELAY] = "RELAY",     [PHASE_TRANSFER] = "TRANSFER", [PHASE_DRAIN] = "DRAIN",
	    [PHASE_STALL] = "STALL",     [PHASE_TOTAL] = "TOTAL",
	};

	return names[phase];
}

const char *
transaction_party_name(enum party party)
{
	static const char *const names[] = {[PARTY_NOBODY] = "-",
					    [PARTY_CLIENT] = "client",
					    [PARTY_ENGINE] = "engine",
					    [PARTY_SERVER] = "server"};

	return names[party];
}

bool
transaction_has_failed(const struct transaction *transaction)
{
	bool is_request = transaction->method || transaction->status || transaction->server_status;
	/* A FIN is how a connection ends whose requests cannot be read. */
	bool is_well = transaction->ending == ENDING_COMPLETE ||
		       transaction->ending == ENDING_OPEN || transaction->ending == ENDING_CUT ||
		       (transaction->ending == ENDING_FIN &&
			(!is_request || transaction->flags & FLAG_TUNNEL)) ||
		       (transaction->ending == ENDING_SILENT && transaction->unit == UNIT_FLOW);

	return !is_well || transaction->status / 100 == 5 ||
	       transaction->server_status / 100 == 5 || transaction->failed_attempts;
}

char *
transaction_ending(const struct transaction *transaction, char to[TRANSACTION_ENDING])
{
	static const char *const names[] = {
	    [ENDING_COMPLETE] = "complete", [ENDING_FIN] = "fin",
	    [ENDING_RST] = "rst",           [ENDING_UNREACHABLE] = "unreachable",
	    [ENDING_TIMEOUT] = "timeout",   [ENDING_SILENT] = "silent",
	    [ENDING_OPEN] = "open",         [ENDING_CUT] = "cut",
	};
	const char *name = names[transaction->ending];

	if (transaction->ending == ENDING_SILENT)
		snprintf(to, TRANSACTION_ENDING, "%s %llds", name,
			 (long long)(transaction->silent_ns / NS_PER_SECOND));
	else if (transaction->who != PARTY_NOBODY && transaction->ending != ENDING_COMPLETE)
		snprintf(to, TRANSACTION_ENDING, "%s %s", transaction_party_name(transaction->who),
			 name);
	else
		snprintf(to, TRANSACTION_ENDING, "%s", name);
	return to;
}

char *
transaction_flags(const struct transaction *transaction, char to[TRANSACTION_FLAGS])
{
	static const char *const names[] = {"0rtt", "early",  "buffered", "1xx",       "pipelined",
					    "lost", "midway", "tunnel",   "halfclose", "oneway"};
	size_t length = 0;

	to[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (transaction->flags & 1u << i)
			length += (size_t)snprintf(to + length, TRANSACTION_FLAGS - length, "%s%s",
						   length ? "," : "", names[i]);
	return to;
}
