#include "transactions/columns.h"

#include "base/clock.h"
#include "base/datetime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is printed of a row. The phases are in the order of enum phase, behind FIRST_PHASE. */
enum {
	ID,
	BEGAN,
	UNIT,
	CONFIDENCE,
	CLIENT,
	VIP,
	ENGINE,
	SOURCE,
	SERVER,
	ATTEMPTS,
	ATTEMPT,
	FROM,
	METHOD,
	PATH,
	URL,
	STATUS,
	SSTATUS,
	FIRST_PHASE,
	DURATION = FIRST_PHASE + PHASES,
	REQBYTES,
	RESBYTES,
	CRETRANS,
	SRETRANS,
	CZERO,
	SZERO,
	CREORDER,
	SREORDER,
	CRTT,
	SRTT,
	CIRTT,
	SIRTT,
	END,
	FLAGS,
	SNI,
	ALPN,
	ALERT,
	PROXY,
	COLUMNS,
};

static const struct table_column all[] = {
    [ID] = {.name = "ID", .kind = TABLE_NUMBER},
    [BEGAN] = {.name = "BEGAN", .kind = TABLE_NUMBER},
    [UNIT] = {.name = "UNIT"},
    [CONFIDENCE] = {.name = "CONFIDENCE"},
    [CLIENT] = {.name = "CLIENT"},
    [VIP] = {.name = "VIP"},
    [ENGINE] = {.name = "ENGINE"},
    [SOURCE] = {.name = "SOURCE"},
    [SERVER] = {.name = "SERVER"},
    [ATTEMPTS] = {.name = "ATTEMPTS", .kind = TABLE_NUMBER},
    [ATTEMPT] = {.name = "ATTEMPT"},
    [FROM] = {.name = "FROM"},
    [METHOD] = {.name = "METHOD"},
    [PATH] = {.name = "PATH"},
    [URL] = {.name = "URL"},
    [STATUS] = {.name = "STATUS", .kind = TABLE_NUMBER},
    [SSTATUS] = {.name = "SSTATUS", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_CSYN] = {.name = "CSYN", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_CTLS] = {.name = "CTLS", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_IDLE] = {.name = "IDLE", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_REQHEAD] = {.name = "REQHEAD", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_REQBODY] = {.name = "REQBODY", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_WAIT] = {.name = "WAIT", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_CONNECT] = {.name = "CONNECT", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_STLS] = {.name = "STLS", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_TTFB] = {.name = "TTFB", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_RELAY] = {.name = "RELAY", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_TRANSFER] = {.name = "TRANSFER", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_DRAIN] = {.name = "DRAIN", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_STALL] = {.name = "STALL", .kind = TABLE_NUMBER},
    [FIRST_PHASE + PHASE_TOTAL] = {.name = "TOTAL", .kind = TABLE_NUMBER},
    [DURATION] = {.name = "DURATION", .kind = TABLE_NUMBER},
    [REQBYTES] = {.name = "REQBYTES", .kind = TABLE_NUMBER},
    [RESBYTES] = {.name = "RESBYTES", .kind = TABLE_NUMBER},
    [CRETRANS] = {.name = "CRETRANS", .kind = TABLE_NUMBER},
    [SRETRANS] = {.name = "SRETRANS", .kind = TABLE_NUMBER},
    [CZERO] = {.name = "CZERO", .kind = TABLE_NUMBER},
    [SZERO] = {.name = "SZERO", .kind = TABLE_NUMBER},
    [CREORDER] = {.name = "CREORDER", .kind = TABLE_NUMBER},
    [SREORDER] = {.name = "SREORDER", .kind = TABLE_NUMBER},
    [CRTT] = {.name = "CRTT", .kind = TABLE_NUMBER},
    [SRTT] = {.name = "SRTT", .kind = TABLE_NUMBER},
    [CIRTT] = {.name = "CIRTT", .kind = TABLE_NUMBER},
    [SIRTT] = {.name = "SIRTT", .kind = TABLE_NUMBER},
    [END] = {.name = "END"},
    [FLAGS] = {.name = "FLAGS"},
    [SNI] = {.name = "SNI"},
    [ALPN] = {.name = "ALPN"},
    [ALERT] = {.name = "ALERT"},
    [PROXY] = {.name = "PROXY"},
};

const struct table_column *
columns_all(size_t *count)
{
	*count = COLUMNS;
	return all;
}

int
columns_find(const char *name, size_t size)
{
	for (int i = 0; i < COLUMNS; i++)
		if (strlen(all[i].name) == size && strncasecmp(all[i].name, name, size) == 0)
			return i;
	return -1;
}

int
columns_choose(struct columns_choice *choice, const char *names, struct failure *why)
{
	struct columns_choice chosen = *choice;

	if (*names == '+')
		names++;
	else
		chosen.count = 0;
	for (;; names++) {
		size_t size = strcspn(names, ",");
		int column = columns_find(names, size);

		if (column < 0)
			return failure_set(why, "no column '%.*s'", (int)size, names);
		if (chosen.count == COLUMNS_MAX)
			return failure_set(why, "more than %d columns", COLUMNS_MAX);
		chosen.list[chosen.count++] = column;
		names += size;
		if (!*names)
			break;
	}
	*choice = chosen;
	return 0;
}

static const char *
put_end(const struct transaction_end *end, char *to)
{
	char text[ADDR_TEXT];

	if (!end->is_known)
		return NULL;
	addr_format(end->addr, text, sizeof(text));
	if (!end->has_port)
		snprintf(to, COLUMNS_CELL, "%s", text);
	else
		snprintf(to, COLUMNS_CELL, end->addr.family == 6 ? "[%s]:%u" : "%s:%u", text,
			 end->port);
	return to;
}

/* Seconds with microseconds, rounded down. */
static const char *
put_time(int64_t ns, char *to)
{
	if (ns == PHASE_UNKNOWN)
		return NULL;
	snprintf(to, COLUMNS_CELL, "%" PRId64 ".%06" PRId64, ns / NS_PER_SECOND,
		 ns % NS_PER_SECOND / 1000);
	return to;
}

static const char *
put_began(int64_t ns, enum columns_form form, char *to)
{
	char date[DATETIME_TEXT];

	if (ns < 0)
		return NULL;
	if (form == COLUMNS_FOR_SCRIPTS)
		snprintf(to, COLUMNS_CELL, CLOCK_FORMAT, CLOCK_ARGS(ns));
	else
		snprintf(to, COLUMNS_CELL, "%s.%06" PRId64, datetime_format(ns, date) + 11,
			 ns % NS_PER_SECOND / 1000);
	return to;
}

static const char *
put_count(uint64_t count, uint64_t unknown, char *to)
{
	if (count == unknown)
		return NULL;
	snprintf(to, COLUMNS_CELL, "%" PRIu64, count);
	return to;
}

static const char *
put_path(const struct transaction *row, char *to)
{
	size_t size;
	const char *path = row->target ? http_message_path(row->target, &size) : NULL;

	if (!path)
		return NULL;
	snprintf(to, COLUMNS_CELL, "%.*s%s", (int)size, path,
		 row->target_is_cut && path[size] == '\0' ? "..." : "");
	return to;
}

static const char *
put_alert(const struct transaction *row, char *to)
{
	if (!row->alert)
		return NULL;
	snprintf(to, COLUMNS_CELL, "%s %s", transaction_party_name(row->alert_from), row->alert);
	return to;
}

static const char *
put_from(const struct transaction *row)
{
	if (row->from != PARTY_NOBODY)
		return transaction_party_name(row->from);
	return row->status || row->server_status ? "?" : NULL;
}

static const char *
put_flags(const struct transaction *row, char *to)
{
	return transaction_flags(row, to)[0] ? to : NULL;
}

const char *
columns_cell(const struct transaction *row, int column, const char *engine, enum columns_form form,
	     char to[COLUMNS_CELL])
{
	if (column >= FIRST_PHASE && column < FIRST_PHASE + PHASES)
		return put_time(row->phases[column - FIRST_PHASE], to);
	switch (column) {
	case ID: return put_count(row->id, 0, to);
	case BEGAN: return put_began(row->began_ns, form, to);
	case UNIT: return transaction_unit_name(row->unit);
	case CONFIDENCE: return confidence_name(row->confidence);
	case CLIENT: return put_end(&row->client, to);
	case VIP: return put_end(&row->vip, to);
	case ENGINE: return engine;
	case SOURCE: return put_end(&row->source, to);
	case SERVER: return put_end(&row->server, to);
	case ATTEMPTS: return put_count(row->attempts, UINT64_MAX, to);
	case ATTEMPT: return row->failed_attempts;
	case FROM: return put_from(row);
	case METHOD: return row->method;
	case PATH: return put_path(row, to);
	case URL: return row->target;
	case STATUS: return put_count(row->status, 0, to);
	case SSTATUS: return put_count(row->server_status, 0, to);
	case DURATION: return put_time(row->ended_ns - row->began_ns, to);
	case REQBYTES: return put_count(row->request_bytes, UINT64_MAX, to);
	case RESBYTES: return put_count(row->response_bytes, UINT64_MAX, to);
	case CRETRANS: return put_count(row->client_retransmissions, UINT64_MAX, to);
	case SRETRANS: return put_count(row->server_retransmissions, UINT64_MAX, to);
	case CZERO: return put_count(row->client_zero_windows, UINT64_MAX, to);
	case SZERO: return put_count(row->server_zero_windows, UINT64_MAX, to);
	case CREORDER: return put_count(row->client_out_of_order, UINT64_MAX, to);
	case SREORDER: return put_count(row->server_out_of_order, UINT64_MAX, to);
	case CRTT: return put_time(row->client_rtt_ns, to);
	case SRTT: return put_time(row->server_rtt_ns, to);
	case CIRTT: return put_time(row->client_initial_rtt_ns, to);
	case SIRTT: return put_time(row->server_initial_rtt_ns, to);
	case END: return transaction_ending(row, to);
	case FLAGS: return put_flags(row, to);
	case SNI: return row->server_name;
	case ALPN: return row->alpn;
	case ALERT: return put_alert(row, to);
	case PROXY: return row->proxy[0] ? row->proxy : NULL;
	default: return NULL;
	}
}

bool
columns_number(const struct transaction *row, int column, double *number)
{
	char text[COLUMNS_CELL];
	const char *cell;

	if (all[column].kind != TABLE_NUMBER)
		return false;
	cell = columns_cell(row, column, NULL, COLUMNS_FOR_SCRIPTS, text);
	*number = cell ? strtod(cell, NULL) : 0;
	return cell != NULL;
}
