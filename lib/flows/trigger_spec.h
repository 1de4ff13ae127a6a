/*
 * The word that says upon what a rolling capture is to be frozen (vcap start --on, vcap-run --on):
 *
 *	log:REGEX		a line of the log that tells connection pairs (pairsource_spec.h)
 *	file:PATH:REGEX		a line of another file
 *	packets:N/TIME:WHAT	N packets within a time; WHAT is an expression, of vcap-run its program
 *
 * Pure.
 */
#ifndef VCAP_TRIGGER_SPEC_H
#define VCAP_TRIGGER_SPEC_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

#define TRIGGER_SPEC_MOST 8    /* of one capture */
#define TRIGGER_SPEC_PATH 1024 /* bytes of a path, with the NUL */

enum trigger_kind { TRIGGER_LOG, TRIGGER_FILE, TRIGGER_PACKETS };

struct trigger_spec {
	enum trigger_kind kind;
	char path[TRIGGER_SPEC_PATH]; /* of TRIGGER_FILE: absolute, without ':' */
	const char *what;             /* REGEX or WHAT: the rest of the word; not empty */
	uint64_t count;               /* of TRIGGER_PACKETS: 1 or more ... */
	int64_t within_ns;            /* ... in 100 ms to an hour */
};

/* Parses such a word, which must outlive spec. Neither a pattern nor an expression is looked into. -1: spec
 * is undefined. */
int trigger_spec_parse(struct trigger_spec *spec, const char *word, struct failure *why);

/* Whether this is the path of a file that can be named so. */
bool trigger_spec_is_path(const char *word);

#endif
