/*
 * Where pairs come from, as one word: what `vcap-run --flows` and `flows=` in the engines file
 * take, and what vcap-flows has options for.
 *
 *	conntrack	the kernel's connection tracking
 *	haproxy:SOCKET	a log ring of HAProxy, by its stats socket
 *	log:FILE	a log file of HAProxy
 */
#ifndef VCAP_PAIRSOURCE_SPEC_H
#define VCAP_PAIRSOURCE_SPEC_H

#include "base/failure.h"

enum pairsource_spec_kind {
	PAIRSOURCE_SPEC_CONNTRACK,
	PAIRSOURCE_SPEC_HAPROXY,
	PAIRSOURCE_SPEC_LOG
};

struct pairsource_spec {
	enum pairsource_spec_kind kind;
	const char *path; /* within the word; absolute; NULL with PAIRSOURCE_SPEC_CONNTRACK */
};

/* Reads such a word, which has to outlive source. -1: source is unchanged. */
int pairsource_spec_parse(struct pairsource_spec *source, const char *word, struct failure *why);

#define PAIRSOURCE_SPEC_COMMAND "vcap-flows"

/* Its command line that means the same, NULL-ended. What they point to is word's or
 * constant. */
#define PAIRSOURCE_SPEC_WORDS 4
void pairsource_spec_words(const struct pairsource_spec *source,
			   const char *words[PAIRSOURCE_SPEC_WORDS]);

#endif
