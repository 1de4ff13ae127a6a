/*
 * The checks of engines as a table, with one row for each engine.
 */
#ifndef VCAP_ENGINECHECK_TABLE_H
#define VCAP_ENGINECHECK_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "controller/enginecheck.h"

#include <stddef.h>

enum enginecheck_columns {
	ENGINECHECK_MAIN,  /* for people, with units */
	ENGINECHECK_HOSTS, /* ... and kernel, architecture and SELinux */
	ENGINECHECK_ALL,   /* for scripts, in bytes and seconds */
};

/* The table of these checks with these columns. The caller frees it. NULL with why: out of memory. */
struct table *enginecheck_table_new(const struct enginecheck *list, size_t count,
				    enum enginecheck_columns columns, struct failure *why);

#endif
