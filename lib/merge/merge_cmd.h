/*
 * What vcap-merge does: inputs to one capture, read a second time only if they turn out not to be
 * in order.
 *
 *	set the options -> merge_cmd_open_inputs -> merge_cmd_open_output -> merge_cmd_confine ->
 *	merge_cmd_start -> merge_cmd_write -> merge_cmd_report
 *
 * Functions that return int return 0, or -1 with why filled: then only merge_cmd_release is left to
 * call, which removes what was written.
 */
#ifndef VCAP_MERGE_CMD_H
#define VCAP_MERGE_CMD_H

#include "base/failure.h"
#include "base/packedfile.h"
#include "base/strvec.h"
#include "base/threadpool.h"
#include "capfile/writer.h"
#include "filter/service.h"
#include "merge/inputs.h"
#include "merge/merge.h"
#include "merge/merge_keys.h"
#include "merge/merged_header.h"
#include "merge/period.h"
#include "merge/picker.h"
#include "merge/sides.h"
#include "merge/slices.h"

#include <stdbool.h>

struct merge_live;

struct merge_cmd {
	/* Options, set first. */
	struct inputs inputs;
	const char *output; /* a path, or "-" for standard output */
	enum format format;
	bool compresses; /* the output, as its name says (codec_of_name), else by zstd */
	const struct service *service; /* names the sides of packets; NULL: none; the caller's */
	bool is_strict;                /* an input that is damaged is a failure */
	bool mixes_linktypes;          /* pcapng only; otherwise a second link type is refused */
	const char *only;              /* the part to write, as chosen.h says; NULL: all */
	bool cuts;                     /* packets to their headers */
	struct period period;          /* of the packets to write, by corrected clocks */
	bool is_complete;              /* only from where the rings of all inputs are complete */
	struct strvec remarks;         /* further comments of the output */
	struct merge_keys *keys; /* of the output's TLS sessions, released with cmd; NULL: none */
	struct merge_live *live; /* NULL: not live; the caller's */
	/* Private. */
	struct clock_shift *offsets;
	size_t offset_count;
	struct packedfile out;
	struct merge *merge;
	struct sides *sides;
	struct picker picker;
	struct threadpool *pool; /* NULL: none */
	struct slices *slices;   /* NULL: one thread merges */
	bool can_start_over;     /* the output can be emptied, and all inputs read again */
};

#define MERGE_CMD_INIT                             \
	((struct merge_cmd){.inputs = INPUTS_INIT, \
			    .output = "-",         \
                                                   \
			    .period = PERIOD_INIT, \
			    .out = PACKEDFILE_INIT})

/* Frees everything but what is the caller's. Output that is not complete is removed. */
void merge_cmd_release(struct merge_cmd *cmd);

/* Adds ns to all times of an engine; see merge_offset. */
int merge_cmd_offset(struct merge_cmd *cmd, const char *engine, int64_t ns, struct failure *why);

/* Opens the inputs, a NULL-terminated list of words (inputs_add), and the key logs. Nothing is read. */
int merge_cmd_open_inputs(struct merge_cmd *cmd, char *const *inputs, struct failure *why);

/*
 * Opens the output; fails if it is one of the inputs.
 *
 * If the output cannot be written anew, since it is a pipe, or if an input cannot be read twice,
 * then merge_cmd_start reads each file once through, to know its order before anything is written.
 */
int merge_cmd_open_output(struct merge_cmd *cmd, struct failure *why);

/* Starts what runs beside this process, then gives up all privileges. Afterwards only what is open
 * can be used, and the files among the inputs opened again. */
int merge_cmd_confine(struct merge_cmd *cmd, struct failure *why);

/* Reads the inputs up to their first packets. Fails if one is not a capture, or of another link
 * type, or with keys one that cannot be read twice. */
int merge_cmd_start(struct merge_cmd *cmd, struct failure *why);

/* The engine of an offset that no input has, or NULL. Call after merge_cmd_start. */
const char *merge_cmd_unknown_engine(const struct merge_cmd *cmd);

/* Writes the capture and gives it its name. */
int merge_cmd_write(struct merge_cmd *cmd, struct failure *why);

/* Reports what is missing from the output, one line for each cause: damaged inputs, inputs without
 * an end mark, packets out of order. Returns how many. Beside those, and not counted: interfaces whose
 * packets have no side. Call after merge_cmd_write. */
size_t merge_cmd_report(const struct merge_cmd *cmd, void (*report)(const char *line));

#endif
