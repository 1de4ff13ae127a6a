/*
 * The word that names a source of connection pairs, as in `vcap-run --flows` and `flows=` of the
 * engines file:
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

/* Parses such a word, which must outlive spec. -1: spec is unchanged. */
int pairsource_spec_parse(struct pairsource_spec *spec, const char *word, struct failure *why);

#define PAIRSOURCE_SPEC_COMMAND "vcap-flows"

#define PAIRSOURCE_SPEC_WORDS   4

/* Stores the command line of vcap-flows for that source, NULL-ended; the words are constant or part
 * of the parsed word. */
void pairsource_spec_words(const struct pairsource_spec *spec,
			   const char *words[PAIRSOURCE_SPEC_WORDS]);

#endif
