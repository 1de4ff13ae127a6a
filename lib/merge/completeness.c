#include "merge/completeness.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "complete-since "

struct completeness_file {
	char *engine;
	uint64_t core;
	int64_t since_ns;
};

void
completeness_release(struct completeness *completeness)
{
	for (size_t i = 0; i < completeness->count; i++)
		free(completeness->list[i].engine);
	free(completeness->list);
	*completeness = COMPLETENESS_INIT;
}

bool
completeness_parse(const char *comment, int64_t *since_ns)
{
	return strncmp(comment, KEY, sizeof(KEY) - 1) == 0 &&
	       parse_offset(comment + sizeof(KEY) - 1, since_ns, NULL) == 0 && *since_ns >= 0;
}

bool
completeness_parse_merged(const char *comment, size_t *size, int64_t *since_ns)
{
	const char *colon = strstr(comment, ": ");

	if (!colon || !completeness_parse(colon + 2, since_ns))
		return false;
	*size = (size_t)(colon - comment);
	return true;
}

char *
completeness_format(const char *engine, int64_t since_ns)
{
	char *text;

	return asprintf(&text, "%s: " KEY "%" PRId64 ".%09" PRId64, engine,
			since_ns / NS_PER_SECOND, since_ns % NS_PER_SECOND) < 0
		   ? NULL
		   : text;
}

char *
completeness_lines(char *const *comments)
{
	struct strvec lines = {0};
	char *text, time[DATETIME_UTC];
	int64_t since_ns;
	size_t size;

	for (; comments && *comments; comments++)
		if (completeness_parse_merged(*comments, &size, &since_ns))
			strvec_pushf(&lines, "'%.*s' is complete since %s", (int)size, *comments,
				     datetime_utc(since_ns, time));
	text = lines.count ? strvec_join(&lines, "\n") : NULL;
	strvec_release(&lines);
	return text;
}

void
completeness_add(struct completeness *completeness, const char *engine, uint64_t core,
		 int64_t since_ns)
{
	struct completeness_file file = {strdup(engine), core, since_ns};

	if (!file.engine ||
	    array_grow(&completeness->list, completeness->count, sizeof(file)) < 0) {
		free(file.engine);
		completeness->failed = true;
		return;
	}
	completeness->list[completeness->count++] = file;
}

/* By engine, core and time. */
static int
compare(const void *a, const void *b)
{
	const struct completeness_file *x = a, *y = b;
	const int order = strcmp(x->engine, y->engine);

	if (order)
		return order;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return (x->since_ns > y->since_ns) - (x->since_ns < y->since_ns);
}

void
completeness_tell(struct completeness *completeness, struct strvec *comments)
{
	const struct completeness_file *list = completeness->list;
	const size_t count = completeness->count;

	if (count)
		qsort(completeness->list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count;) {
		const struct completeness_file *first = &list[i];
		int64_t since_ns = 0;

		for (; i < count && strcmp(list[i].engine, first->engine) == 0; i++)
			/* The oldest file of a core comes first. */
			if ((&list[i] == first || list[i].core != list[i - 1].core) &&
			    list[i].since_ns > since_ns)
				since_ns = list[i].since_ns;
		strvec_push_nodup(comments, completeness_format(first->engine, since_ns));
	}
	comments->failed |= completeness->failed;
}
