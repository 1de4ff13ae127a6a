/*
 * What vcap-merge does: inputs by name to one capture, read twice only if it turns out that they
 * are not in order.
 *
 *	inputs_add(&job.inputs), merge_cmd_offset ... -> merge_cmd_open -> merge_cmd_confine ->
 *	merge_cmd_start -> merge_cmd_write -> merge_cmd_trouble
 */
#ifndef VCAP_MERGE_CMD_H
#define VCAP_MERGE_CMD_H

#include "base/failure.h"
#include "base/fileio.h"
#include "base/strvec.h"
#include "base/threadpool.h"
#include "capfile/writer.h"
#include "filter/service.h"
#include "merge/inputs.h"
#include "merge/merge.h"
#include "merge/sides.h"

#include <stdbool.h>

struct merge_live;

struct merge_cmd {
	struct inputs inputs;
	const struct service *service; /* NULL: packets' sides are not told; the caller's */
	bool mixes_linktypes;          /* pcapng only; else two link types are refused */
	struct merge_cmd_offset *offsets;
	size_t offset_count;
	struct strvec remarks; /* comments of the output, beside those of the inputs */
	struct merge_live
	    *merge_live; /* NULL: inputs are read as fast as they can be; the caller's */
	struct merge *merge;
	struct sides *sides;
	struct threadpool *crew; /* NULL: nobody helps */
	bool can_start_over;
};

struct merge_cmd_offset {
	char *engine;
	int64_t ns;
};

#define MERGE_CMD_INIT ((struct merge_cmd){.inputs = INPUTS_INIT})

void merge_cmd_release(struct merge_cmd *job);

/* Adds ns to all times of the engine. */
int merge_cmd_offset(struct merge_cmd *job, const char *engine, int64_t ns, struct failure *why);

/*
 * Opens the inputs, and fails if one of them is the output. Nothing has been read then; all that is
 * opened later are those of inputs_files(), again.
 *
 * The output is a path or `-`. If it cannot be begun anew, because
 * it is a pipe, or if an input is one, files are read twice, to be sure of their order before
 * anything is written.
 */
int merge_cmd_open(struct merge_cmd *job, const char *output, struct failure *why);

/* From here on nothing can be reached but what has been opened, and the inputs' files to be opened
 * again; threads that help have started. */
int merge_cmd_confine(struct merge_cmd *job, const struct outfile *out, struct failure *why);

/* Reads the inputs up to their first packets; what is wrong with them shows here. */
int merge_cmd_start(struct merge_cmd *job, struct failure *why);

/* The engine of an offset that no input has, or NULL. Call after merge_cmd_start. */
const char *merge_cmd_unknown_engine(const struct merge_cmd *job);

/* Writes the capture to fd. -1: it cannot be completed, and what was written is worthless. */
int merge_cmd_write(struct merge_cmd *job, int fd, enum format format, struct failure *why);

/* Whether something is missing of input i, and what: damage, no end mark, packets out of order.
 * Call after merge_cmd_write. */
bool merge_cmd_trouble(const struct merge_cmd *job, size_t i, struct failure *what);

#endif
