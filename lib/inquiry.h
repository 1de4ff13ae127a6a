/*
 * What is asked of a host: this one or, by vcap-on, engines. The answer is what a command prints.
 * child_siblings_first has been called before.
 */
#ifndef VCAP_INQUIRY_H
#define VCAP_INQUIRY_H

#include "failure.h"
#include "words.h"

struct inquiry {
	char *const *engines; /* names, NULL-ended; NULL: this host */
};

/* What the command (NULL-ended) prints here or on the first engine; its complaints go to standard
 * error. Heap; NULL if it does not succeed within a minute, or prints more than 64 MiB. */
char *inquiry_ask(const struct inquiry *inquiry, char *const *command, struct failure *why);

/* A draft_finder (draft.h) whose context is a struct inquiry: a name as the host itself resolves it
 * (getent(1), on the first engine), or the addresses of all the hosts' interfaces (`ip address`)
 * but link-local ones. */
int inquiry_find(void *context, const char *name, struct words *addresses, struct failure *why);

#endif
