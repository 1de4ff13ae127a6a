#include "controller/dryrun.h"

#include "base/exitcode.h"
#include "base/table.h"
#include "base/text.h"
#include "controller/enginecheck.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JOBS 32

static const struct table_column columns[] = {
    {"ENGINE", TABLE_TEXT, TABLE_STAYS, 0},    {"PROGRAM", TABLE_NUMBER, TABLE_STAYS, 0},
    {"MEMORY", TABLE_NUMBER, TABLE_STAYS, 0},  {"SIZE", TABLE_NUMBER, TABLE_STAYS, 0},
    {"RESERVE", TABLE_NUMBER, TABLE_STAYS, 0}, {"INTERFACES", TABLE_TEXT, TABLE_BELOW, 2},
    {"NOTE", TABLE_TEXT, TABLE_BELOW, 1},
};

/* Bytes for people; empty if it is not known. */
static char *
size_text(uint64_t bytes, bool is_known, char to[TEXT_SIZE])
{
	*to = '\0';
	return is_known ? text_size(bytes, to) : to;
}

/* The interfaces of the engine, those that are waited for behind a blank and a `+`. Heap. */
static char *
interfaces_of(const struct enginecheck *check)
{
	const char *now = keyval_get(&check->answer, "interfaces");
	const bool has_others = check->engine->interfaces || !check->engine->awaited;
	struct strvec names = STRVEC_INIT;
	char *text;

	if (now && has_others)
		strvec_push(&names, now);
	for (char **name = check->engine->awaited; name && *name; name++)
		strvec_pushf(&names, "+%s", *name);
	text = strvec_join(&names, " ");
	strvec_release(&names);
	return text;
}

static int
add_engine(struct table *table, const struct params *params, const struct enginecheck *check,
	   struct failure *why)
{
	const uint64_t rings = keyval_number(&check->answer, "rings", params->buffer);
	const uint64_t free_bytes = keyval_number(&check->answer, "free", 0);
	const uint64_t reserve = keyval_number(&check->answer, "reserve", 0);
	const bool has_disk = keyval_get(&check->answer, "reserve") != NULL;
	/* As vcap-run bounds it: a quarter of what is free above the reserve. */
	const uint64_t most = free_bytes > reserve ? (free_bytes - reserve) / 4 : 0;
	char program[24] = "", memory[TEXT_SIZE], size[TEXT_SIZE], left[TEXT_SIZE];
	char *interfaces = interfaces_of(check);
	int rc;

	if (!interfaces)
		return failure_nomem(why);
	/* The text of a program begins with the number of its instructions; an empty one passes all. */
	snprintf(program, sizeof(program), "%ld",
		 params->filter ? strtol(params->filter, NULL, 10) : 0);
	rc = table_add(table,
		       (const char *const[]){
			   check->engine->name, program,
			   size_text(params->buffer ? params->buffer : rings,
				     check->is_reached && (params->buffer || rings), memory),
			   size_text(most, has_disk, size), size_text(reserve, has_disk, left),
			   interfaces, check->problem.text},
		       why);
	free(interfaces);
	return rc;
}

static int
add_engines(struct table *table, const struct params *params, const struct engines *engines,
	    struct enginecheck *list, size_t count, struct failure *why)
{
	size_t ready = 0;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		list[i].engine = engines_find(engines, params->engines[i], why);
		rc = list[i].engine ? 0 : -1;
	}
	if (rc == 0)
		rc = enginechecks_run(list, count, JOBS, why);
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = add_engine(table, params, &list[i], why);
		ready += list[i].is_ready;
	}
	if (rc < 0)
		return -1;
	return ready == count ? EXIT_DONE : ready ? EXIT_PARTIAL : EXIT_FAILED;
}

int
dryrun_print(const struct params *params, const struct engines *engines, FILE *out,
	     struct failure *why)
{
	struct table *table = table_new("engines", columns, sizeof(columns) / sizeof(*columns));
	struct enginecheck *list;
	size_t count = 0;
	int rc;

	while (params->engines[count])
		count++;
	list = calloc(count + 1, sizeof(*list));
	rc = table && list ? add_engines(table, params, engines, list, count, why)
			   : failure_nomem(why);
	if (rc >= 0 && table_print(table, TABLE_HUMAN, out, why) < 0)
		rc = -1;
	for (size_t i = 0; list && i < count; i++)
		enginecheck_release(&list[i]);
	free(list);
	table_free(table);
	return rc;
}
