/*
 * The parameters of a capture: which service, which packets, how many, how long; and their forms as
 * the job that vcap-run reads and as the facts stored in the spool.
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
	const char *word; /* the service as given: a name or a path */
	const char *service;
	const char *service_text;
	char *const *engines;   /* NULL-ended */
	const char *monitors;   /* none, include or only */
	bool per_packet;        /* -P */
	bool invert;            /* -x */
	bool joins;             /* vcap-join runs on the engines and makes the final decision */
	bool widens;            /* ... because a program cannot hold all addresses */
	uint64_t count;         /* packets per core; 0: any number */
	int64_t duration_ns;    /* 0: for ever */
	uint64_t snaplen;       /* bytes per packet; 0: all */
	const char *expression; /* -e; NULL: none. Applied to what vcap-join keeps, if that runs */
	char *bytecode;         /* ... compiled, with commas instead of newlines; heap, or NULL */
	int64_t at_ns;          /* when it starts, since 1970; 0: at once */
	int64_t patience_ns;    /* how long to wait for an engine that cannot be reached */
	char *const *specs;     /* as on the command line; `-` stands for input; NULL-ended */
	const char *input;      /* the text read for `-`; NULL if there is no `-` */
	const char *list;       /* the file of --specs and its text; NULL if not given */
	const char *list_text;
	const char *filter; /* the program, once it is compiled */
};

/* The engines of the service that take part: all, or those in list, which is separated by commas
 * (NULL: all). Heap, for strvec_free. NULL with why: one is unknown, or none is left. */
char **params_engines(const struct service *service, const struct engines *known, const char *list,
		      struct failure *why);

/* The specs, one a line, without comments; and the job for vcap-run, job.h. Heap; NULL: out of memory.
 */
char *params_specs(const struct params *params);
char *params_job(const struct params *params);

/* Writes the files `filter.bpf`, `service`, `specs` and `job` into the directory of the capture. On -1
 * some of them may be there. */
int params_store(const struct params *params, int dirfd, struct failure *why);

/* Sets the facts of vcap-spool(5) that record the parameters. -1: out of memory. */
int params_facts(const struct params *params, struct keyval *facts);
/* The reverse: the parameters that commands_start needs. They refer to the facts, which must live
 * longer. */
void params_recall(struct params *params, const struct keyval *facts);

#endif
