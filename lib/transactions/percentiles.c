#include "transactions/percentiles.h"

#include "base/array.h"
#include "base/clock.h"
#include "transactions/http_message.h"

#include <ctype.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_NAME 256

struct values {
	int64_t *list; /* heap, owned */
	size_t count;
};

struct group {
	char name[GROUP_NAME];
	uint64_t count, errors;
	struct values phases[PHASES];
};

struct percentiles {
	enum percentiles_by by;
	struct group **groups; /* heap, each too; in no order */
	size_t count;
	void *tree; /* of tsearch(3): the same groups by name */
};

int
percentiles_parse(const char *word, enum percentiles_by *by, struct failure *why)
{
	static const char *const words[] = {"engine", "server", "client", "path"};

	for (int i = 0; i < 4; i++)
		if (strcmp(word, words[i]) == 0) {
			*by = (enum percentiles_by)i;
			return 0;
		}
	return failure_set(why, "not 'engine', 'server', 'client' or 'path': '%s'", word);
}

struct percentiles *
percentiles_new(enum percentiles_by by)
{
	struct percentiles *percentiles = calloc(1, sizeof(*percentiles));

	if (percentiles)
		percentiles->by = by;
	return percentiles;
}

static void
keep_group(void *group)
{
	(void)group; /* it is freed by the list */
}

void
percentiles_free(struct percentiles *percentiles)
{
	if (!percentiles)
		return;
	tdestroy(percentiles->tree, keep_group);
	for (size_t i = 0; i < percentiles->count; i++) {
		for (int phase = 0; phase < PHASES; phase++)
			free(percentiles->groups[i]->phases[phase].list);
		free(percentiles->groups[i]);
	}
	free(percentiles->groups);
	free(percentiles);
}

/* The length of a UUID at text, 8-4-4-4-12 hexadecimal digits; 0: there is none. */
static size_t
uuid_at(const char *text, size_t length)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (length < sizeof(shape) - 1)
		return 0;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return 0;
	return sizeof(shape) - 1;
}

char *
percentiles_fold(const char *path, size_t length, char *to, size_t size)
{
	size_t put = 0;

	for (size_t i = 0; i < length && put + 8 < size;) {
		size_t uuid = uuid_at(path + i, length - i), digits = 0;

		while (i + digits < length && isdigit((unsigned char)path[i + digits]))
			digits++;
		if (uuid)
			put += (size_t)snprintf(to + put, size - put, "{uuid}");
		else if (digits)
			put += (size_t)snprintf(to + put, size - put, "{n}");
		else
			to[put++] = path[i];
		i += uuid ? uuid : digits ? digits : 1;
	}
	to[put] = '\0';
	return to;
}

static void
name_of(enum percentiles_by by, const struct transaction *row, const char *engine,
	char name[GROUP_NAME])
{
	const struct transaction_end *end = by == BY_SERVER ? &row->server : &row->client;
	char addr[ADDR_TEXT];
	const char *path;
	size_t size;

	strcpy(name, "-");
	if (by == BY_ENGINE && engine) {
		snprintf(name, GROUP_NAME, "%s", engine);
	} else if (by == BY_PATH && row->target) {
		path = http_message_path(row->target, &size);
		percentiles_fold(path, size, name, GROUP_NAME);
	} else if ((by == BY_SERVER || by == BY_CLIENT) && end->is_known) {
		addr_format(end->addr, addr, sizeof(addr));
		if (by == BY_SERVER)
			snprintf(name, GROUP_NAME, end->addr.family == 6 ? "[%s]:%u" : "%s:%u",
				 addr, end->port);
		else
			snprintf(name, GROUP_NAME, "%s", addr);
	}
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

/* The group of the row. NULL: out of memory. */
static struct group *
group_of(struct percentiles *percentiles, const struct transaction *row, const char *engine)
{
	struct group *group = calloc(1, sizeof(*group));
	void *found;

	if (!group)
		return NULL;
	name_of(percentiles->by, row, engine, group->name);
	found = tfind(group, &percentiles->tree, compare_names);
	if (found) {
		free(group);
		return *(struct group **)found;
	}
	if (array_grow(&percentiles->groups, percentiles->count, sizeof(struct group *)) < 0 ||
	    !tsearch(group, &percentiles->tree, compare_names)) {
		free(group);
		return NULL;
	}
	percentiles->groups[percentiles->count++] = group;
	return group;
}

int
percentiles_add(struct percentiles *percentiles, const struct transaction *row, const char *engine)
{
	struct group *group = group_of(percentiles, row, engine);

	if (!group)
		return -1;
	group->count++;
	group->errors += transaction_has_failed(row);
	for (int phase = 0; phase < PHASES; phase++) {
		struct values *values = &group->phases[phase];

		if (row->phases[phase] == PHASE_UNKNOWN || row->flags & FLAG_TUNNEL)
			continue;
		if (array_grow(&values->list, values->count, sizeof(int64_t)) < 0)
			return -1;
		values->list[values->count++] = row->phases[phase];
	}
	return 0;
}

static int
compare_values(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return one < other ? -1 : one > other;
}

static int
compare_groups(const void *a, const void *b)
{
	const struct group *one = *(struct group *const *)a, *other = *(struct group *const *)b;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return compare_names(one, other);
}

static void
put_percentile(const struct values *values, unsigned percent, char to[32])
{
	size_t rank = (values->count * percent + 99) / 100;
	int64_t ns = values->list[rank ? rank - 1 : 0];

	snprintf(to, 32, "%" PRId64 ".%06" PRId64, ns / NS_PER_SECOND, ns % NS_PER_SECOND / 1000);
}

static int
add_phase(struct table *table, struct group *group, enum phase phase, struct failure *why)
{
	static const unsigned percents[] = {50, 95, 99, 100};
	struct values *values = &group->phases[phase];
	char count[24], errors[24], samples[24], times[4][32];
	const char *cells[] = {group->name, count,    errors,   transaction_phase_name(phase),
			       samples,     times[0], times[1], times[2],
			       times[3]};

	qsort(values->list, values->count, sizeof(int64_t), compare_values);
	snprintf(count, sizeof(count), "%" PRIu64, group->count);
	snprintf(errors, sizeof(errors), "%" PRIu64, group->errors);
	snprintf(samples, sizeof(samples), "%zu", values->count);
	for (int i = 0; i < 4; i++)
		put_percentile(values, percents[i], times[i]);
	return table_add(table, cells, why);
}

/* A group of which no phase is known. */
static int
add_bare(struct table *table, const struct group *group, struct failure *why)
{
	char count[24], errors[24];
	const char *cells[9] = {group->name, count, errors};

	snprintf(count, sizeof(count), "%" PRIu64, group->count);
	snprintf(errors, sizeof(errors), "%" PRIu64, group->errors);
	return table_add(table, cells, why);
}

struct table *
percentiles_table(struct percentiles *percentiles, struct failure *why)
{
	static const struct table_column columns[] = {{.name = "GROUP"},
						      {.name = "COUNT", .kind = TABLE_NUMBER},
						      {.name = "ERRORS", .kind = TABLE_NUMBER},
						      {.name = "PHASE"},
						      {.name = "SAMPLES", .kind = TABLE_NUMBER},
						      {.name = "MEDIAN", .kind = TABLE_NUMBER},
						      {.name = "P95", .kind = TABLE_NUMBER},
						      {.name = "P99", .kind = TABLE_NUMBER},
						      {.name = "MAX", .kind = TABLE_NUMBER}};
	struct table *table = table_new("groups", columns, sizeof(columns) / sizeof(*columns));
	int rc = table ? 0 : failure_nomem(why);

	if (percentiles->count)
		qsort(percentiles->groups, percentiles->count, sizeof(struct group *),
		      compare_groups);
	for (size_t i = 0; rc == 0 && i < percentiles->count; i++) {
		bool any = false;

		for (int phase = 0; rc == 0 && phase < PHASES; phase++)
			if (percentiles->groups[i]->phases[phase].count) {
				any = true;
				rc = add_phase(table, percentiles->groups[i], (enum phase)phase,
					       why);
			}
		if (rc == 0 && !any)
			rc = add_bare(table, percentiles->groups[i], why);
	}
	if (rc == 0)
		return table;
	table_free(table);
	return NULL;
}
