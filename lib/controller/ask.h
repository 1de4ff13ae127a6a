/*
 * Asks a host by running a command there and reading its output: on this host, or through vcap-on
 * on an engine. vcap-on is found on PATH (cli_siblings_first).
 */
#ifndef VCAP_ASK_H
#define VCAP_ASK_H

#include "base/failure.h"
#include "base/strvec.h"

struct ask {
	char *const *engines; /* names, NULL-ended, the caller's; NULL: this host */
};

/* Runs the command (NULL-ended) here or on the first engine and returns its output, on the heap.
 * The command shares this process's standard error. NULL with why: it failed, took more than a
 * minute, or printed more than 64 MiB. */
char *ask_engine(const struct ask *hosts, char *const *command, struct failure *why);

/* ask_engine for a context that is a struct ask (importer.h). */
char *ask_run(void *context, char *const *command, struct failure *why);

/* A draft_reader (draft.h) whose context is a struct ask: the file at path, as ask_engine. */
char *ask_read(void *context, const char *path, struct failure *why);

/* A draft_resolver (draft.h) whose context is a struct ask. Appends to addresses, each once, those
 * of a name as the first host resolves it (getent(1)), or with name NULL those of the interfaces of
 * all hosts (`ip address`), without link-local ones. -1 with why: a command failed, or there are
 * none; some may have been appended. */
int ask_find(void *context, const char *name, struct strvec *addresses, struct failure *why);

#endif
