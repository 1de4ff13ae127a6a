/*
 * The filter command between the rings and the files (vcap-run ... -- FILTER): it reads all packets
 * of the capture as one pcapng stream and writes those to keep as another. A thread reads the
 * latter and passes each packet to the output of its core.
 *
 * The command may leave out packets and change nothing else: the interfaces keep their names, every
 * packet its core, and there is one section. Anything else ends the capture.
 *
 *	filterproc_start -> [headers are written to .to] -> filterproc_try
 *	-> filterproc_run, a thread -> filterproc_judge
 */
#ifndef VCAP_FILTERPROC_H
#define VCAP_FILTERPROC_H

#include "base/failure.h"
#include "base/supervisor.h"
#include "capfile/reader.h"
#include "capture/output.h"
#include "capture/runstate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filterproc {
	const char *command; /* its first word, for messages; borrowed */
	int to;              /* its standard input; -1: taken over by its writer */
	int from;            /* its standard output */
	struct supervisor supervisor;
	/* Set by the caller before filterproc_run; borrowed */
	const struct iftable *interfaces;
	unsigned core_count;
	struct output *outputs; /* one for all cores, or one per core */
	size_t output_count;
	struct output *input; /* what is written to .to; has counters per core and interface */
	struct runstate *runstate;
	/* Private */
	struct reader *reader; /* of .from */
	uint32_t *ids;         /* of the reader's interfaces, in the outputs */
	uint32_t id_count;
	bool has_section;   /* the section of its output has begun */
	bool has_ended;     /* its output has ended, or is not read any further */
	struct failure why; /* what is wrong with its output; empty: nothing */
};

#define FILTERPROC_INIT ((struct filterproc){.to = -1, .from = -1, .supervisor = SUPERVISOR_INIT})

/* Starts argv, whose program is looked for on PATH, in the directory dir (-1: the current one),
 * with err as its standard error, and more as descriptors from 3 on (base/supervisor.h); all of
 * these stay the caller's. Call before any thread starts. On failure nothing is left. */
int filterproc_start(struct filterproc *filter, char *const *argv, int err, int dir,
		     const int more[SUPERVISED_MORES], struct failure *why);

/* Gives the command half a second to answer what was written to it. -1: it has ended instead. */
int filterproc_try(struct filterproc *filter, struct failure *why);

/* An output_refresh: what the rings received and dropped. filter is a struct filterproc. */
void filterproc_refresh(void *filter);

/* A thread's main function: waits for runstate_begin, reads the command's output until it ends, and
 * finishes the outputs. Returns NULL. */
void *filterproc_run(void *filter);

/* After the thread: what is wrong with how the command ended, stored in text, or NULL. */
const char *filterproc_judge(struct filterproc *filter, struct failure *text);

/* Ends the command if it still runs. */
void filterproc_release(struct filterproc *filter);

#endif
