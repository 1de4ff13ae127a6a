/*
 * What a user asks vcap-transactions for.
 */
#ifndef VCAP_TRANSACTIONS_OPTIONS_H
#define VCAP_TRANSACTIONS_OPTIONS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "base/table.h"
#include "filter/service.h"
#include "packet/addrset.h"
#include "transactions/columns.h"
#include "transactions/percentiles.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transactions_options {
	const char *service; /* NULL: none was named */
	struct strvec tables;
	struct service_header header; /* its name NULL: the service's; owned */
	enum table_form form;
	struct columns_choice columns;
	bool has_by;
	enum percentiles_by by;
	bool conversations; /* instead of rows every conversation */
	int sort;           /* a column; -1: by time */
	size_t most;        /* 0: all */
	/* Only rows that are so; 0, false: any. */
	int64_t slow_ns, long_ns;
	bool failed;
	const char *mark;  /* the file for the marked copy; NULL: none */
	uint64_t packets;  /* instead of rows the packets of this one; 0: rows */
	const char *aside; /* the directory for rows that memory does not hold; NULL: /tmp */
	const char *input;
	struct addrset set; /* sealed */
	bool has_set;
	const char *column_names; /* private */
};

#define TRANSACTIONS_OPTIONS_INIT ((struct transactions_options){.sort = -1})

enum {
	TRANSACTIONS_OPTION_BY = 256,
	TRANSACTIONS_OPTION_SORT,
	TRANSACTIONS_OPTION_SLOW,
	TRANSACTIONS_OPTION_LONG,
	TRANSACTIONS_OPTION_FAILED,
	TRANSACTIONS_OPTION_MARK,
	TRANSACTIONS_OPTION_PACKETS,
	TRANSACTIONS_OPTION_HEADER,
	TRANSACTIONS_OPTION_CONVERSATIONS,
};
/* clang-format off */
#define TRANSACTIONS_LETTERS "S:t:o:jrn:"
#define TRANSACTIONS_OPTIONS \
	{"service", required_argument, NULL, 'S'}, \
	{"table", required_argument, NULL, 't'}, \
	{"output", required_argument, NULL, 'o'}, \
	{"json", no_argument, NULL, 'j'}, \
	{"raw", no_argument, NULL, 'r'}, \
	{"rows", required_argument, NULL, 'n'}, \
	{"by", required_argument, NULL, TRANSACTIONS_OPTION_BY}, \
	{"sort", required_argument, NULL, TRANSACTIONS_OPTION_SORT}, \
	{"slow", required_argument, NULL, TRANSACTIONS_OPTION_SLOW}, \
	{"long", required_argument, NULL, TRANSACTIONS_OPTION_LONG}, \
	{"failed", no_argument, NULL, TRANSACTIONS_OPTION_FAILED}, \
	{"mark", required_argument, NULL, TRANSACTIONS_OPTION_MARK}, \
	{"packets", required_argument, NULL, TRANSACTIONS_OPTION_PACKETS}, \
	{"header", required_argument, NULL, TRANSACTIONS_OPTION_HEADER}, \
	{"conversations", no_argument, NULL, TRANSACTIONS_OPTION_CONVERSATIONS}
/* clang-format on */

/* Frees what it holds; options is TRANSACTIONS_OPTIONS_INIT afterwards. */
void transactions_options_release(struct transactions_options *options);

/* Takes an option; value is borrowed. 1: taken, 0: not one of these, -1: value is wrong. */
int transactions_options_take(struct transactions_options *options, int letter, const char *value,
			      struct failure *why);

/* Takes the operands, SPECs and last the input, a NULL-ended list, and completes the rest. -1: wrong
 * usage. */
int transactions_options_decide(struct transactions_options *options, char **words,
				struct failure *why);

#endif
