#include "capture/triggers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The log that a trigger's lines are of. */
static int
source_of(const struct trigger_spec *spec, const char *flows, struct pairsource_spec *source,
	  struct failure *why)
{
	if (spec->kind == TRIGGER_FILE) {
		*source = (struct pairsource_spec){.kind = PAIRSOURCE_SPEC_LOG, .path = spec->path};
		return 0;
	}
	if (!flows || pairsource_spec_parse(source, flows, why) < 0 ||
	    source->kind == PAIRSOURCE_SPEC_CONNTRACK)
		return failure_set(why, "'log:' reads the log of '--flows haproxy:SOCKET' or "
					"'log:FILE'");
	return 0;
}

static bool
is_same(const struct pairsource_spec *a, const struct pairsource_spec *b)
{
	return a->kind == b->kind && strcmp(a->path, b->path) == 0;
}

/* Starts a process for all triggers from number on that have the same source. */
static int
start_source(struct triggers *triggers, unsigned number, const struct pairsource_spec *wanted,
	     const char *flows, int err, struct failure *why)
{
	struct trigger_source *source = &triggers->sources[triggers->source_count];
	char *patterns[TRIGGER_SPEC_MOST + 1];

	for (; number < triggers->count; number++) {
		const struct trigger_spec *spec = &triggers->specs[number];
		struct pairsource_spec other;

		if (spec->kind == TRIGGER_PACKETS || source_of(spec, flows, &other, why) < 0 ||
		    !is_same(wanted, &other))
			continue;
		source->numbers[source->count] = number;
		patterns[source->count++] = (char *)spec->what;
	}
	patterns[source->count] = NULL;
	if (matchproc_start(&source->process, wanted, patterns, err, why) < 0)
		return -1;
	triggers->source_count++;
	return 0;
}

static int
start_one(struct triggers *triggers, unsigned number, const char *flows, int err,
	  struct failure *why)
{
	const struct trigger_spec *spec = &triggers->specs[number];
	struct pairsource_spec source;

	if (spec->kind == TRIGGER_PACKETS) {
		triggers->rate_numbers[triggers->rates.count] = number;
		return packetrates_add(&triggers->rates, spec->count, spec->within_ns, spec->what,
				       why);
	}
	if (source_of(spec, flows, &source, why) < 0)
		return -1;
	for (size_t i = 0; i < triggers->source_count; i++)
		if (is_same(&triggers->sources[i].process.source, &source))
			return 0;
	return start_source(triggers, number, &source, flows, err, why);
}

int
triggers_start(struct triggers *triggers, char *const *words, const char *flows, int err,
	       struct failure *why)
{
	int rc = 0;

	*triggers = (struct triggers){0};
	for (; *words && rc == 0; words++) {
		if (triggers->count == TRIGGER_SPEC_MOST)
			rc = failure_set(why, "there are at most %d triggers", TRIGGER_SPEC_MOST);
		else
			rc = trigger_spec_parse(&triggers->specs[triggers->count], *words, why);
		triggers->count += rc == 0;
	}
	for (unsigned i = 0; i < triggers->count && rc == 0; i++)
		rc = start_one(triggers, i, flows, err, why);
	if (rc < 0)
		triggers_release(triggers);
	return rc;
}

struct taking {
	struct triggers *triggers;
	const struct trigger_source *source;
	bool is_news;
};

/* A number that is none of its patterns is not believed. */
static void
take_counts(void *context, unsigned number, uint64_t matches, uint64_t limited)
{
	struct taking *taking = context;
	unsigned trigger;

	if (number >= taking->source->count)
		return;
	trigger = taking->source->numbers[number];
	taking->triggers->counts[trigger].matches = matches;
	taking->triggers->counts[trigger].limited = limited;
	taking->is_news = true;
}

bool
triggers_take(struct triggers *triggers, int64_t now)
{
	struct taking taking = {.triggers = triggers};

	for (size_t i = 0; i < triggers->source_count; i++) {
		taking.source = &triggers->sources[i];
		matchproc_read(&triggers->sources[i].process, take_counts, &taking);
	}
	for (size_t i = 0; i < triggers->rates.count; i++) {
		const uint64_t came = packetrates_look(&triggers->rates, i, now);

		triggers->counts[triggers->rate_numbers[i]].matches += came;
		taking.is_news |= came > 0;
	}
	return taking.is_news;
}

bool
triggers_lost(struct triggers *triggers, struct failure *why)
{
	for (size_t i = 0; i < triggers->source_count; i++)
		if (matchproc_is_lost(&triggers->sources[i].process, why))
			return true;
	return false;
}

int
triggers_set(const struct triggers *triggers, struct keyval *kv)
{
	int rc = 0;

	for (size_t i = 0; i < triggers->count; i++) {
		char key[32];

		snprintf(key, sizeof(key), "trigger-%zu", i + 1);
		rc |= keyval_set(kv, key, "%" PRIu64 " %" PRIu64, triggers->counts[i].matches,
				 triggers->counts[i].limited);
	}
	return rc;
}

void
triggers_release(struct triggers *triggers)
{
	for (size_t i = 0; i < triggers->source_count; i++)
		matchproc_release(&triggers->sources[i].process);
	packetrates_release(&triggers->rates);
	*triggers = (struct triggers){0};
}
