/*
 * What is asked of a host: this one or, by vcap-on, engines. The answer is what a command prints.
 * PATH finds vcap's commands (cli_siblings_first).
 */
#ifndef VCAP_ASK_H
#define VCAP_ASK_H

#include "base/failure.h"
#include "base/strvec.h"

struct ask {
	char *const *engines; /* names, NULL-ended; NULL: this host */
};

/* What the command (NULL-ended) prints here or on the first engine; its complaints go to standard
 * error. Heap; NULL if it does not succeed within a minute, or prints more than 64 MiB. */
char *ask_engine(const struct ask *hosts, char *const *command, struct failure *why);

/* A draft_resolver (draft.h) whose context is a struct ask: a name as the host itself resolves it
 * (getent(1), on the first engine), or the addresses of all the hosts' interfaces (`ip address`)
 * but link-local ones. */
int ask_find(void *context, const char *name, struct strvec *addresses, struct failure *why);

#endif
