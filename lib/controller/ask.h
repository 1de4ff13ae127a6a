/*
 * Questions to a host, answered by what a command prints there: on this host, or by vcap-on on
 * engines. vcap-on is found on PATH (cli_siblings_first).
 */
#ifndef VCAP_ASK_H
#define VCAP_ASK_H

#include "base/failure.h"
#include "base/strvec.h"

struct ask {
	char *const *engines; /* names, NULL-ended; NULL: this host */
};

/* Runs the command (NULL-ended) here or on the first engine and returns its output, on the heap. Its
 * standard error is this process's. NULL if it fails, takes more than a minute, or prints more than
 * 64 MiB. */
char *ask_engine(const struct ask *hosts, char *const *command, struct failure *why);

/* A draft_resolver (draft.h) with a struct ask as its context: the addresses of a name as the first
 * host resolves it (getent(1)), or those of all the hosts' interfaces (`ip address`) without the
 * link-local ones. */
int ask_find(void *context, const char *name, struct strvec *addresses, struct failure *why);

#endif
