#include "merge/engine_clocks.h"

#include "base/array.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The offset of an engine, or of the engines behind an input of that name. */
struct engine_offset {
	char *engine;
	int64_t ns;
};

static void
free_clock(void *pointer)
{
	struct engine_clock *clock = pointer;

	free(clock->engine);
	free(clock->via);
	free(clock);
}

void
engine_clocks_release(struct engine_clocks *clocks)
{
	tdestroy(clocks->tree, free_clock);
	for (size_t i = 0; i < clocks->offset_count; i++)
		free(clocks->offsets[i].engine);
	free(clocks->offsets);
	*clocks = ENGINE_CLOCKS_INIT;
}

int
engine_clocks_set(struct engine_clocks *clocks, const char *engine, int64_t offset_ns)
{
	char *copy;

	for (size_t i = 0; i < clocks->offset_count; i++)
		if (strcmp(clocks->offsets[i].engine, engine) == 0) {
			clocks->offsets[i].ns = offset_ns;
			return 0;
		}
	if (array_grow(&clocks->offsets, clocks->offset_count, sizeof(*clocks->offsets)) < 0)
		return -1;
	copy = strdup(engine);
	if (!copy)
		return -1;
	clocks->offsets[clocks->offset_count++] = (struct engine_offset){copy, offset_ns};
	return 0;
}

/* An offset of the engine itself takes precedence over one of its input. */
static int64_t
offset_of(const struct engine_clocks *clocks, const struct engine_clock *clock)
{
	int64_t offset_ns = 0;

	for (size_t i = 0; i < clocks->offset_count; i++) {
		if (strcmp(clocks->offsets[i].engine, clock->engine) == 0)
			return clocks->offsets[i].ns;
		if (clock->via && strcmp(clocks->offsets[i].engine, clock->via) == 0)
			offset_ns = clocks->offsets[i].ns;
	}
	return offset_ns;
}

int
engine_clocks_change(struct engine_clocks *clocks, const char *engine, int64_t offset_ns,
		     enum engine_clocks_change how)
{
	if (engine_clocks_set(clocks, engine, offset_ns) < 0)
		return -1;
	for (struct engine_clock *clock = clocks->first; clock; clock = clock->next) {
		if (strcmp(clock->engine, engine) != 0 &&
		    (!clock->via || strcmp(clock->via, engine) != 0))
			continue;
		if (how == ENGINE_CLOCKS_STEP)
			clock->seen_ns = INT64_MIN;
		if (how == ENGINE_CLOCKS_STEP || offset_of(clocks, clock) != clock->slew.to_ns)
			clock_slew_turn(&clock->slew, offset_of(clocks, clock), clock->seen_ns);
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct engine_clock *x = a, *y = b;
	const int order = strcmp(x->engine, y->engine);

	return order ? order : strcmp(x->via ? x->via : "", y->via ? y->via : "");
}

struct engine_clock *
engine_clocks_find(struct engine_clocks *clocks, const char *engine, const char *via)
{
	const struct engine_clock wanted = {.engine = (char *)engine, .via = (char *)via};
	struct engine_clock *const *known = tfind(&wanted, &clocks->tree, compare), *clock;

	if (known)
		return *known;
	clock = malloc(sizeof(*clock));
	if (!clock)
		return NULL;
	*clock = (struct engine_clock){.engine = strdup(engine),
				       .via = via ? strdup(via) : NULL,
				       .seen_ns = INT64_MIN,
				       .next = clocks->first};
	if (!clock->engine || (via && !clock->via) || !tsearch(clock, &clocks->tree, compare)) {
		free_clock(clock);
		return NULL;
	}
	clock->slew = CLOCK_SLEW_FIXED(offset_of(clocks, clock));
	clocks->first = clock;
	return clock;
}
