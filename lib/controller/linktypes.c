#include "controller/linktypes.h"

#include "base/keyval.h"
#include "controller/engine_state.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The link types of the engines' files, in their order; UINT64_MAX: of one without packets. Heap. */
static uint64_t *
linktypes_of(const struct spool_entry *entry, const struct strvec *engines)
{
	uint64_t *types = calloc(engines->count + 1, sizeof(*types));

	for (size_t i = 0; types && i < engines->count; i++) {
		struct keyval state;

		types[i] = UINT64_MAX;
		if (engine_state_load(entry, engines->list[i], &state, NULL) < 0)
			continue;
		types[i] = keyval_number(&state, "linktype", UINT64_MAX);
		keyval_release(&state);
	}
	return types;
}

static uint64_t
most_frequent(const uint64_t *types, size_t count)
{
	uint64_t most = UINT64_MAX;
	size_t most_times = 0;

	for (size_t i = 0; i < count; i++) {
		size_t times = 0;

		for (size_t j = 0; j < count && types[i] != UINT64_MAX; j++)
			times += types[j] == types[i];
		if (times > most_times) {
			most = types[i];
			most_times = times;
		}
	}
	return most;
}

int
linktypes_leave_out(struct spool_entry *entry, const struct strvec *engines, struct failure *why)
{
	uint64_t *types = linktypes_of(entry, engines);
	uint64_t usual = types ? most_frequent(types, engines->count) : UINT64_MAX;
	int rc = types ? 0 : failure_nomem(why);

	for (size_t i = 0; i < engines->count && rc == 0; i++) {
		char reason[120];

		if (types[i] == UINT64_MAX || types[i] == usual)
			continue;
		snprintf(reason, sizeof(reason),
			 "its packets are of link type %" PRIu64
			 ", those of the others of %" PRIu64,
			 types[i], usual);
		rc = spool_entry_add_pending(entry, engines->list[i], reason, why);
	}
	free(types);
	return rc;
}
