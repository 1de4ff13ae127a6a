/*
 * Upon what a rolling capture is to be frozen, as a user asks for it: triggers (flows/trigger_spec.h), how long
 * there is to be peace after a snapshot, and how many they may make. They become facts of the capture:
 *
 *	on WORD			a trigger as it was asked for, with an expression; any number
 *	trigger WORD		... and as engines are told it, with a program, in the same order
 *	cooldown NANOSECONDS	if it was asked for: then also for vcap-snapshot
 *	max-snapshots N		within an hour
 */
#ifndef VCAP_TRIGGER_PARAMS_H
#define VCAP_TRIGGER_PARAMS_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "controller/engine.h"

#include <stdint.h>

#define TRIGGER_PARAMS_COOLDOWN_NS INT64_C(60000000000)
#define TRIGGER_PARAMS_SNAPSHOTS   10                 /* an hour */
#define TRIGGER_PARAMS_PROGRAM     ((size_t)16 << 10) /* bytes of the text of one */

struct trigger_params {
	struct strvec words; /* as asked for */
	struct strvec told;  /* as engines are told */
	int64_t cooldown_ns; /* 0: the default, which is of triggers alone */
	uint64_t most;       /* snapshots an hour; 0: the default */
};

#define TRIGGER_PARAMS_INIT ((struct trigger_params){0})

/* Adds a trigger; a pattern is compiled, to see that it is one. -1 with why: it is malformed, or there are too
 * many. */
int trigger_params_add(struct trigger_params *params, const char *word, struct failure *why);

/* Sets the time of peace, or the most, which is N/h. -1 with why: malformed. */
int trigger_params_cooldown(struct trigger_params *params, const char *word, struct failure *why);
int trigger_params_most(struct trigger_params *params, const char *word, struct failure *why);

/* Whether anything was asked for. */
bool trigger_params_is_empty(const struct trigger_params *params);

/* Whether these engines (NULL-ended) can watch for them: log: takes a flows= with lines, file: a watch= with
 * that path. -1 with why. */
int trigger_params_check(const struct trigger_params *params, char *const *names,
			 const struct engines *engines, struct failure *why);

/* The expression of trigger number i, which has to be compiled; NULL: it has none. Of the words. */
const char *trigger_params_expression(const struct trigger_params *params, size_t i);

/* Adds to told trigger number i, with the text of its program (bpf.h, lines), if it has an expression. -1 with
 * why: it is too long, or out of memory. */
int trigger_params_tell(struct trigger_params *params, size_t i, const char *program,
			struct failure *why);

/* Adds the facts. -1: out of memory. */
int trigger_params_facts(const struct trigger_params *params, struct keyval *facts);

/* Frees the words; params is TRIGGER_PARAMS_INIT afterwards. */
void trigger_params_release(struct trigger_params *params);

#endif
