#include "controller/trigger_params.h"

#include "base/clock.h"
#include "base/linepattern.h"
#include "base/parse.h"
#include "controller/trigger_record.h"
#include "flows/pairsource_spec.h"
#include "flows/trigger_spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int
trigger_params_add(struct trigger_params *params, const char *word, struct failure *why)
{
	struct linepattern *pattern;
	struct trigger_spec spec;

	if (params->words.count == TRIGGER_SPEC_MOST)
		return failure_set(why, "there are at most %d triggers: '--on %s'",
				   TRIGGER_SPEC_MOST, word);
	if (strpbrk(word, "\n\r"))
		return failure_set(why, "a trigger is one line");
	if (trigger_spec_parse(&spec, word, why) < 0)
		return -1;
	if (spec.kind != TRIGGER_PACKETS) {
		pattern = linepattern_new(spec.what, why);
		linepattern_free(pattern);
		if (!pattern)
			return -1;
	}
	strvec_push(&params->words, word);
	return params->words.failed ? failure_nomem(why) : 0;
}

int
trigger_params_cooldown(struct trigger_params *params, const char *word, struct failure *why)
{
	if (parse_duration(word, NS_PER_SECOND, &params->cooldown_ns, why) < 0)
		return -1;
	return params->cooldown_ns >= NS_PER_SECOND
		   ? 0
		   : failure_set(why, "at least 1s lies between snapshots: '--cooldown %s'", word);
}

int
trigger_params_most(struct trigger_params *params, const char *word, struct failure *why)
{
	const size_t length = strlen(word);
	char number[24];

	snprintf(number, sizeof(number), "%.*s", length > 2 ? (int)length - 2 : 0, word);
	if (length <= 2 || length >= sizeof(number) || strcmp(word + length - 2, "/h") != 0 ||
	    parse_number(number, TRIGGER_RECORD_TAKEN, &params->most, NULL) < 0 ||
	    params->most == 0)
		return failure_set(
		    why, "not a number of snapshots an hour, as in 10/h: '--max-snapshots %s'",
		    word);
	return 0;
}

bool
trigger_params_is_empty(const struct trigger_params *params)
{
	return params->words.count == 0 && params->cooldown_ns == 0 && params->most == 0;
}

static bool
has_lines(const struct engine *engine)
{
	struct pairsource_spec source;

	return engine->flows && pairsource_spec_parse(&source, engine->flows, NULL) == 0 &&
	       source.kind != PAIRSOURCE_SPEC_CONNTRACK;
}

static bool
watches(const struct engine *engine, const char *path)
{
	for (char **watched = engine->watched; watched && *watched; watched++)
		if (strcmp(*watched, path) == 0)
			return true;
	return false;
}

static int
check_engine(const struct trigger_spec *spec, const struct engine *engine, struct failure *why)
{
	if (spec->kind == TRIGGER_LOG && !has_lines(engine))
		return failure_set(why,
				   "engine '%s' has no log to watch: 'flows=haproxy:SOCKET' or "
				   "'flows=log:FILE' in the engines file names one",
				   engine->name);
	if (spec->kind == TRIGGER_FILE && !watches(engine, spec->path))
		return failure_set(why,
				   "engine '%s' may not watch '%s': 'watch=%s' in the engines file "
				   "allows it",
				   engine->name, spec->path, spec->path);
	return 0;
}

int
trigger_params_check(const struct trigger_params *params, char *const *names,
		     const struct engines *engines, struct failure *why)
{
	for (size_t i = 0; i < params->words.count; i++) {
		struct trigger_spec spec;

		if (trigger_spec_parse(&spec, params->words.list[i], why) < 0)
			return -1;
		for (char *const *name = names; *name; name++) {
			const struct engine *engine = engines_find(engines, *name, why);

			if (!engine || check_engine(&spec, engine, why) < 0)
				return -1;
		}
	}
	return 0;
}

const char *
trigger_params_expression(const struct trigger_params *params, size_t i)
{
	struct trigger_spec spec;

	return trigger_spec_parse(&spec, params->words.list[i], NULL) == 0 &&
		       spec.kind == TRIGGER_PACKETS
		   ? spec.what
		   : NULL;
}

int
trigger_params_tell(struct trigger_params *params, size_t i, const char *program,
		    struct failure *why)
{
	const char *word = params->words.list[i], *what = trigger_params_expression(params, i);

	if (!what) {
		strvec_push(&params->told, word);
	} else if (strlen(program) > TRIGGER_PARAMS_PROGRAM) {
		return failure_set(why, "the expression is too long a program: '%s'", word);
	} else {
		strvec_pushf(&params->told, "%.*s%s", (int)(what - word), word, program);
		/* One word of a command line. */
		for (char *s = params->told.list ? params->told.list[i] : NULL; s && *s; s++)
			if (*s == '\n')
				*s = s[1] ? ',' : '\0';
	}
	return params->told.failed ? failure_nomem(why) : 0;
}

int
trigger_params_facts(const struct trigger_params *params, struct keyval *facts)
{
	int rc = 0;

	for (size_t i = 0; i < params->words.count; i++)
		rc |= keyval_add(facts, "on", "%s", params->words.list[i]);
	for (size_t i = 0; i < params->told.count; i++)
		rc |= keyval_add(facts, "trigger", "%s", params->told.list[i]);
	if (params->cooldown_ns)
		rc |= keyval_set(facts, "cooldown", "%" PRId64, params->cooldown_ns);
	if (params->words.count == 0)
		return rc;
	return rc | keyval_set(facts, "max-snapshots", "%" PRIu64,
			       params->most ? params->most : TRIGGER_PARAMS_SNAPSHOTS);
}

void
trigger_params_release(struct trigger_params *params)
{
	strvec_release(&params->words);
	strvec_release(&params->told);
	*params = TRIGGER_PARAMS_INIT;
}
