/*
 * What is asked of a capture: which service, which packets, how many, how long. An order becomes
 * the commands that carry it out, the job that vcap-run reads, and the facts kept in the spool.
 */
#ifndef VCAP_PARAMS_H
#define VCAP_PARAMS_H

#include "base/failure.h"
#include "base/keyval.h"
#include "controller/engine.h"
#include "filter/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct params {
	const char *word; /* the service as it was called: a name or a path */
	const char *service;
	const char *service_text;
	char *const *engines;   /* NULL-ended */
	const char *monitors;   /* none, include or only */
	bool per_packet;        /* -P */
	bool invert;            /* -x */
	bool joins;             /* vcap-join runs on the engines, and has the last word */
	bool roughly;           /* ... since there are more addresses than a program may have */
	uint64_t count;         /* packets per core; 0: any number */
	int64_t duration_ns;    /* 0: for ever */
	uint64_t snaplen;       /* bytes per packet; 0: all */
	const char *expression; /* -e; NULL: none. Applied to what vcap-join keeps, if that runs */
	char *bytecode;         /* ... compiled, with commas for line ends; heap, or NULL */
	int64_t at_ns;          /* when it begins, since 1970; 0: at once */
	int64_t patience_ns;    /* how long to wait for an engine that cannot be reached */
	char *const *specs;     /* as on the command line; `-` stands for input; NULL-ended */
	const char *input;      /* what `-` stands for; NULL if there is none */
	const char *list;       /* a file with more specs, and its text; NULL if there is none */
	const char *list_text;
	const char *filter; /* the program, once it is compiled */
};

/* The engines of the service that take part: all, or those in list, whose words are separated by
 * commas. Heap, for strvec_free. NULL: one is unknown, or there is none. */
char **params_engines(const struct service *service, const struct engines *known, const char *list,
		      struct failure *why);

/* The specs one a line, without comments; and the job for vcap-run. Heap; NULL without memory. */
char *params_specs(const struct params *params);
char *params_job(const struct params *params);

/* Writes the order into the directory of its capture: `filter.bpf`, `service`, `specs`, and `job`.
 */
int params_store(const struct params *params, int dirfd, struct failure *why);

/* The facts of vcap-spool(5) that say what was asked. -1: no memory. */
int params_facts(const struct params *params, struct keyval *facts);
/* And back: as much of it as params_run_command goes by. The facts have to outlive the params. */
void params_recall(struct params *params, const struct keyval *facts);

#endif
