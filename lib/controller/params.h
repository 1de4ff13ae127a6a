/*
 * The parameters of a capture: the service, which packets, how many, for how long. They are written
 * as the job that vcap-run reads (job.h) and as facts of the spool (vcap-spool(5)).
 */
#ifndef VCAP_PARAMS_H
#define VCAP_PARAMS_H

#include "base/failure.h"
#include "base/keyval.h"
#include "controller/engine.h"
#include "controller/trigger_params.h"
#include "filter/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a ring on an engine keeps beyond the time of the rolling capture: until a snapshot has been asked
 * for there, and the time after its moment is over; and how long the latter may be. */
#define PARAMS_ROLLING_MARGIN_NS INT64_C(30000000000)
#define PARAMS_ROLLING_AFTER_NS  INT64_C(20000000000)

/* The structure owns none of its strings, but for triggers. */
struct params {
	const char *word; /* the service as given: a name or a path */
	const char *service;
	const char *service_text;
	/* As its file has it, if service_text has more (origin.h); NULL: it has not. */
	const char *file_word, *file_text;
	char *const *engines; /* NULL-ended */
	const char *monitors; /* none, include or only */
	bool per_packet;      /* -P */
	bool invert;          /* -x */
	bool is_verbose;      /* -v */
	bool expects_packets; /* --expect-packets: a capture without any is partial */
	bool joins;           /* vcap-join runs on the engines and makes the final decision */
	bool widens;          /* ... as a BPF program cannot hold all addresses */
	uint64_t count;       /* packets per core; 0: any number */
	int64_t duration_ns;  /* 0: for ever */
	int64_t rolling_ns;   /* what a rolling capture keeps; 0: it is none */
	struct trigger_params triggers; /* upon what it is frozen */
	uint64_t snaplen;               /* bytes per packet; 0: all */
	bool cuts;                      /* -s headers: no payload; snaplen is 0 */
	bool wants_payload;             /* though the service has `payload no` */
	bool drops;                     /* --drops: what the engines' kernels drop */
	bool keys;                      /* --keys: TLS keys of what is captured */
	uint64_t buffer;    /* bytes of ring memory on each engine; 0: vcap-run's default */
	const char *header; /* NAME [HOPS] of the service, for vcap-join; NULL: it does not say */
	const char *expression; /* -e; NULL: none. Applied to what vcap-join keeps, if that runs */
	char *bytecode;         /* ... compiled, with commas instead of newlines; heap, or NULL */
	const char *id, *token; /* chosen for it; NULL: not */
	const char *by;         /* who asks for it (caller.h); NULL: not said */
	const char *comment;    /* a note on it, one line of printable text; NULL: none */
	int64_t at_ns;          /* when it starts, since 1970; 0: at once */
	int64_t patience_ns;    /* how long to wait for an unreachable engine */
	char *const *specs;     /* as on the command line; `-` stands for input; NULL-ended */
	const char *input;      /* the text read for `-`; NULL if there is no `-` */
	const char *list;       /* the file of --specs and its text; NULL if not given */
	const char *list_text;
	const char *filter; /* the program, once compiled */
};

/* The engines of the service to capture on: those in the comma-separated list (NULL: all). Heap,
 * for strvec_free. NULL with why: one is unknown, the service has none, or out of memory. */
char **params_engines(const struct service *service, const struct engines *known, const char *list,
		      struct failure *why);

/* Sets the note, which is borrowed. -1 with why, and nothing is set: it is no line of at most
 * PARAMS_COMMENT_MAX bytes. */
#define PARAMS_COMMENT_MAX 255
int params_comment(struct params *params, const char *text, struct failure *why);

/* The specs, one a line, without comments; and the job for vcap-run, which needs params->filter.
 * Heap; NULL: out of memory. */
char *params_specs(const struct params *params);
char *params_job(const struct params *params);

/* Writes the files `filter.bpf`, `service`, `specs` and `job` into the capture's directory. -1 with
 * why: some of them may have been written. */
int params_store(const struct params *params, int dirfd, struct failure *why);

/* Sets the facts that record the parameters; needs params->filter. -1: out of memory; some may be set. */
int params_facts(const struct params *params, struct keyval *facts);
/* Reads back the parameters that commands_start needs. Their strings belong to facts. */
void params_recall(struct params *params, const struct keyval *facts);

#endif
