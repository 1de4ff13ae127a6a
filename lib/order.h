/*
 * What is asked of a capture: which service, which packets, how many, how long. An order becomes
 * the commands that carry it out, the job that vcap-run reads, and the facts kept in the spool.
 */
#ifndef VCAP_ORDER_H
#define VCAP_ORDER_H

#include "engine.h"
#include "failure.h"
#include "keyval.h"
#include "service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order {
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
 * commas. Heap, for words_free. NULL: one is unknown, or there is none. */
char **order_engines(const struct service *service, const struct engines *known, const char *list,
		     struct failure *why);

/* The command that compiles the order's filter; it reads order->input. Heap, for words_free; NULL
 * without memory. */
char **order_filter_command(const struct order *order);

/* The command that compiles the order's expression alone. Likewise. */
char **order_expression_command(const struct order *order);

/* The command that starts the capture id on all engines, each reading the file job. Likewise. */
char **order_run_command(const struct order *order, const char *id, const char *job);

/* The command that streams an engine's packets, with the placeholders of engine_expand: it reads
 * the job, and then a byte at least every lease_ns, for as long as it is to go on. Likewise. */
char **order_stream_command(const struct order *order, int64_t lease_ns);

/* The specs one a line, without comments; and the job for vcap-run. Heap; NULL without memory. */
char *order_specs(const struct order *order);
char *order_job(const struct order *order);

/* Writes the order into the directory of its capture: `filter.bpf`, `service`, `specs`, and `job`.
 */
int order_store(const struct order *order, int dirfd, struct failure *why);

/* The facts of vcap-spool(5) that say what was asked. -1: no memory. */
int order_facts(const struct order *order, struct keyval *facts);
/* And back: as much of it as order_run_command goes by. The facts have to outlive the order. */
void order_recall(struct order *order, const struct keyval *facts);

#endif
