/*
 * Where pairs come from, as one word: what `vcap-run --flows` and `flows=` in the engines file
 * take, and what vcap-flows has options for.
 *
 *	conntrack	the kernel's connection tracking
 *	haproxy:SOCKET	a log ring of HAProxy, by its stats socket
 *	log:FILE	a log file of HAProxy
 */
#ifndef VCAP_FLOWSOURCE_H
#define VCAP_FLOWSOURCE_H

#include "failure.h"

enum flowsource_kind { FLOWSOURCE_CONNTRACK, FLOWSOURCE_HAPROXY, FLOWSOURCE_LOG };

struct flowsource {
	enum flowsource_kind kind;
	const char *path; /* within the word; absolute; NULL with FLOWSOURCE_CONNTRACK */
};

/* Reads such a word, which has to outlive source. -1: source is unchanged. */
int flowsource_parse(struct flowsource *source, const char *word, struct failure *why);

#define FLOWSOURCE_COMMAND "vcap-flows"

/* Its command line that means the same, NULL-ended. What they point to is word's or
 * constant. */
#define FLOWSOURCE_WORDS 4
void flowsource_words(const struct flowsource *source, const char *words[FLOWSOURCE_WORDS]);

#endif
