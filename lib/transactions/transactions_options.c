#include "transactions/transactions_options.h"

#include "base/clock.h"
#include "base/parse.h"
#include "join/join_options.h"

#include <stdlib.h>
#include <string.h>

void
transactions_options_release(struct transactions_options *options)
{
	strvec_release(&options->tables);
	addrset_release(&options->set);
	free(options->header.name);
	*options = TRANSACTIONS_OPTIONS_INIT;
}

static int
take_sort(struct transactions_options *options, const char *value, struct failure *why)
{
	int column = columns_find(value, strlen(value));

	if (column < 0)
		return failure_set(why, "no column '%s'", value);
	options->sort = column;
	return 0;
}

static int
take_rows(struct transactions_options *options, const char *value, struct failure *why)
{
	uint64_t rows;

	if (parse_number(value, SIZE_MAX, &rows, why) < 0)
		return -1;
	if (rows == 0)
		return failure_set(why, "'-n' takes 1 or more");
	options->most = (size_t)rows;
	return 0;
}

static int
take_packets(struct transactions_options *options, const char *value, struct failure *why)
{
	if (parse_number(value, UINT64_MAX, &options->packets, why) < 0)
		return -1;
	return options->packets ? 0 : failure_set(why, "transactions are counted from 1");
}

/* Checks the names of columns where they are given. */
static int
take_columns(struct transactions_options *options, const char *value, struct failure *why)
{
	struct columns_choice choice = {.count = 0};

	options->column_names = value;
	return columns_choose(&choice, value, why);
}

int
transactions_options_take(struct transactions_options *options, int letter, const char *value,
			  struct failure *why)
{
	int rc = 0;

	switch (letter) {
	case 'S': options->service = value; break;
	case 't': strvec_push(&options->tables, value); break;
	case 'o': rc = take_columns(options, value, why); break;
	case 'j': options->form = TABLE_JSON; break;
	case 'r': options->form = TABLE_RAW; break;
	case 'n': rc = take_rows(options, value, why); break;
	case TRANSACTIONS_OPTION_BY:
		options->has_by = true;
		rc = percentiles_parse(value, &options->by, why);
		break;
	case TRANSACTIONS_OPTION_SORT: rc = take_sort(options, value, why); break;
	case TRANSACTIONS_OPTION_SLOW:
		rc = parse_duration(value, NS_PER_SECOND, &options->slow_ns, why);
		break;
	case TRANSACTIONS_OPTION_LONG:
		rc = parse_duration(value, NS_PER_SECOND, &options->long_ns, why);
		break;
	case TRANSACTIONS_OPTION_FAILED: options->failed = true; break;
	case TRANSACTIONS_OPTION_MARK: options->mark = value; break;
	case TRANSACTIONS_OPTION_PACKETS: rc = take_packets(options, value, why); break;
	case TRANSACTIONS_OPTION_CONVERSATIONS: options->conversations = true; break;
	case TRANSACTIONS_OPTION_HEADER:
		rc = join_options_parse_header(&options->header, value, why);
		break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

int
transactions_options_decide(struct transactions_options *options, char **words, struct failure *why)
{
	size_t count;

	if (options->tables.failed)
		return failure_nomem(why);
	for (count = 0; words[count]; count++)
		;
	if (count == 0)
		return failure_set(why, "needs a file, a capture, a service or '-' (try --help)");
	options->input = words[count - 1];
	for (size_t i = 0; i + 1 < count; i++)
		if (addrset_add(&options->set, words[i], why) < 0)
			return failure_set(why,
					   "not an address: '%s' (what is read comes last: '%s')",
					   words[i], options->input);
	options->has_set = count > 1;
	addrset_seal(&options->set);
	if (options->has_by && (options->sort >= 0 || options->most || options->column_names))
		return failure_set(why, "'--by' excludes '--sort', '-n' and '-o'");
	if (options->packets && (options->has_by || options->sort >= 0 || options->most ||
				 options->column_names || options->mark))
		return failure_set(
		    why, "'--packets' excludes '--by', '--sort', '-n', '-o' and '--mark'");
	if (options->conversations &&
	    (options->has_by || options->sort >= 0 || options->column_names || options->slow_ns ||
	     options->long_ns || options->failed || options->mark || options->packets))
		return failure_set(why, "'--conversations' excludes all that is asked of rows but "
					"'-n', and 'spec's");
	/* For scripts all columns, for people those that fit. */
	if (columns_choose(&options->columns, COLUMNS_DEFAULT, why) < 0)
		return -1;
	if (options->form == TABLE_JSON && !options->column_names)
		for (columns_all(&count), options->columns.count = 0;
		     options->columns.count < count; options->columns.count++)
			options->columns.list[options->columns.count] = (int)options->columns.count;
	return options->column_names ? columns_choose(&options->columns, options->column_names, why)
				     : 0;
}
