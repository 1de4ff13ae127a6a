/*
 * What vcap-merge does: inputs by name to one capture, read twice only if it turns out that they
 * are not in order.
 *
 *	inputs_add(&job.inputs), mergejob_offset ... -> mergejob_open -> mergejob_confine ->
 *	mergejob_start -> mergejob_write -> mergejob_trouble
 */
#ifndef VCAP_MERGEJOB_H
#define VCAP_MERGEJOB_H

#include "capfile.h"
#include "crew.h"
#include "failure.h"
#include "fdio.h"
#include "inputs.h"
#include "merge.h"
#include "service.h"
#include "sides.h"
#include "words.h"

#include <stdbool.h>

struct live;

struct mergejob {
	struct inputs inputs;
	const struct service *service; /* NULL: packets' sides are not told; the caller's */
	bool mixes_linktypes;          /* pcapng only; else two link types are refused */
	struct mergejob_offset *offsets;
	size_t offset_count;
	struct words remarks; /* comments of the output, beside those of the inputs */
	struct live *live;    /* NULL: inputs are read as fast as they can be; the caller's */
	struct merge *merge;
	struct sides *sides;
	struct crew *crew; /* NULL: nobody helps */
	bool can_start_over;
};

struct mergejob_offset {
	char *engine;
	int64_t ns;
};

#define MERGEJOB_INIT ((struct mergejob){.inputs = INPUTS_INIT})

void mergejob_release(struct mergejob *job);

/* Adds ns to all times of the engine. */
int mergejob_offset(struct mergejob *job, const char *engine, int64_t ns, struct failure *why);

/*
 * Opens the inputs, and fails if one of them is the output. Nothing has been read then; all that is
 * opened later are those of inputs_files(), again.
 *
 * The output is a path or `-`. If it cannot be begun anew, because
 * it is a pipe, or if an input is one, files are read twice, to be sure of their order before
 * anything is written.
 */
int mergejob_open(struct mergejob *job, const char *output, struct failure *why);

/* From here on nothing can be reached but what has been opened, and the inputs' files to be opened
 * again; threads that help have started. */
int mergejob_confine(struct mergejob *job, const struct outfile *out, struct failure *why);

/* Reads the inputs up to their first packets; what is wrong with them shows here. */
int mergejob_start(struct mergejob *job, struct failure *why);

/* The engine of an offset that no input has, or NULL. Call after mergejob_start. */
const char *mergejob_unknown_engine(const struct mergejob *job);

/* Writes the capture to fd. -1: it cannot be completed, and what was written is worthless. */
int mergejob_write(struct mergejob *job, int fd, enum capfile_format format, struct failure *why);

/* Whether something is missing of input i, and what: damage, no end mark, packets out of order.
 * Call after mergejob_write. */
bool mergejob_trouble(const struct mergejob *job, size_t i, struct failure *what);

#endif
