/*
 * The word that names a source of TLS keys (packet/tlskey.h), as in `vcap-run --keys` and `keys=` of the
 * engines file:
 *
 *	haproxy:SOCKET	a log ring of HAProxy, by its stats socket
 *	file:PATH	a key log file, as it grows
 */
#ifndef VCAP_KEYSOURCE_SPEC_H
#define VCAP_KEYSOURCE_SPEC_H

#include "flows/pairsource_spec.h"

#include <stdbool.h>

/* Parses such a word, which must outlive spec: a source of lines, as those of pairs are. -1: spec is
 * unchanged. */
int keysource_spec_parse(struct pairsource_spec *spec, const char *word, struct failure *why);

/* Whether it is such a word, and the same as only, unless that is NULL. */
bool keysource_spec_is(const char *word, const char *only);

#define KEYSOURCE_COMMAND "vcap-keys"

/* Stores the command line of vcap-keys for that source, as pairsource_spec_words does. */
void keysource_spec_words(const struct pairsource_spec *spec,
			  const char *words[PAIRSOURCE_SPEC_WORDS]);

#endif
