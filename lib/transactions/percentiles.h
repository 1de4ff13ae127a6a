/*
 * Transactions summed up by group: how many, how many failed, and of each phase the median, the 95th
 * and 99th percentile and the maximum, exact: of n values in order the p-th percentile is the
 * ceil(n * p / 100)-th.
 */
#ifndef VCAP_PERCENTILES_H
#define VCAP_PERCENTILES_H

#include "base/failure.h"
#include "base/table.h"
#include "transactions/transaction.h"

#include <stddef.h>

enum percentiles_by { BY_ENGINE, BY_SERVER, BY_CLIENT, BY_PATH };

/* Reads "engine", "server", "client" or "path". -1 with why; *by is unchanged. */
int percentiles_parse(const char *word, enum percentiles_by *by, struct failure *why);

struct percentiles;

/* NULL: out of memory. */
struct percentiles *percentiles_new(enum percentiles_by by);
void percentiles_free(struct percentiles *percentiles);

/* Adds a row; engine is its engine's name, or NULL. -1: out of memory. */
int percentiles_add(struct percentiles *percentiles, const struct transaction *row,
		    const char *engine);

/* A table with a row for each group, the largest first, and each of its phases. NULL with why: out of
 * memory. */
struct table *percentiles_table(struct percentiles *percentiles, struct failure *why);

/* Writes a path to `to` with numbers as {n} and UUIDs as {uuid}. Returns to. */
char *percentiles_fold(const char *path, size_t length, char *to, size_t size);

#endif
