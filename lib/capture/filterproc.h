/*
 * A command between the rings and the writer (vcap-run ... -- FILTER): it reads all packets of the
 * capture as one pcapng livestream, and writes those to keep as another. A thread reads that, and
 *hands the packets to the outlets of their cores.
 *
 * What comes back has to be what went in, less some packets: the same interfaces, by name, a core
 * on every packet, one section. Anything else ends the capture.
 *
 *	filterproc_start -> [headers are written to .to] -> filterproc_try -> filterproc_run, a
 *thread -> filterproc_judge
 */
#ifndef VCAP_FILTERPROC_H
#define VCAP_FILTERPROC_H

#include "base/failure.h"
#include "base/supervisor.h"
#include "capfile/reader.h"
#include "capture/iface.h"
#include "capture/output.h"
#include "capture/runstate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filterproc {
	const char *command; /* its first word, for messages; the caller's */
	int to, from; /* its input and its output; to is whoever's who writes it, who sets -1 */
	struct supervisor guardian;
	/* Set by the caller before filterproc_run */
	const char *const *names; /* of the interfaces, in the order of the outlets' ledgers */
	uint32_t interface_count;
	unsigned core_count;
	struct output *outlets; /* one, of all cores, or one for each */
	size_t output_count;
	struct output *feed; /* what the command is fed by, with a ledger for each core and
				interface */
	struct runstate *control;
	/* Its own */
	struct reader *file;
	uint32_t *ids; /* of the interfaces of file, in the outlets */
	uint32_t id_count;
	bool has_section;   /* of its output, the first has begun */
	bool is_over;       /* ... it has ended */
	struct failure why; /* what is wrong with its output; empty: nothing */
};

#define FILTERPROC_INIT ((struct filterproc){.to = -1, .from = -1, .guardian = SUPERVISOR_INIT})

/* Starts argv, whose first word's program is looked for on PATH, in the directory dir (-1: here),
 * with err as its standard error and more (guardian.h). Call before any thread starts. */
int filterproc_start(struct filterproc *slot, char *const *argv, int err, int dir,
		     const int more[SUPERVISED_MORES], struct failure *why);

/* Gives the command a moment to answer what was written to it. -1: it has ended instead. */
int filterproc_try(struct filterproc *slot, struct failure *why);

/* For the outlets: how many packets the rings got and dropped. */
void filterproc_count(void *slot);

/* The thread: begins with runstate_begin, reads what the command writes until that ends, finishes
 * the outlets. */
void *filterproc_run(void *slot);

/* Once it is over, or given up: NULL, or what is wrong with how the command has ended; text is room
 * for that. */
const char *filterproc_judge(struct filterproc *slot, struct failure *text);

void filterproc_release(struct filterproc *slot);

#endif
