/*
 * Names of services made of parts, as NAMESPACE.NAME.PORT of Kubernetes: a service's name has at most
 * DOTNAME_MAX bytes, so a longer one is cut, and a hash of the whole makes it one of its own.
 */
#ifndef VCAP_DOTNAME_H
#define VCAP_DOTNAME_H

#include <stddef.h>

#define DOTNAME_MAX 64

/* Writes the parts (NULL-ended; empty ones are left out), with dots between them, to `to`. */
void dotname_make(char to[DOTNAME_MAX + 1], const char *const *parts);

enum dotname_match { DOTNAME_OTHER, DOTNAME_SOME_PORT, DOTNAME_SAME };

/* Whether name was made of the parts of word, NAMESPACE/NAME[:PORT]; SOME_PORT: word has no port, and
 * name has. */
enum dotname_match dotname_compare(const char *name, const char *word);

/* Splits NAMESPACE/NAME[:PORT], as kubectl and kube-proxy write it, in place, into three parts; the
 * third is "" if there is no port. -1: it is nothing like that; word and parts are unchanged. */
int dotname_split(char *word, const char *parts[3]);

#endif
