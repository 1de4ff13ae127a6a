/*
 * A command between the rings and the writer (vcap-run ... -- FILTER): it reads all packets of the
 * capture as one pcapng stream, and writes those to keep as another. A thread reads that, and hands
 * the packets to the outlets of their cores.
 *
 * What comes back has to be what went in, less some packets: the same interfaces, by name, a core
 * on every packet, one section. Anything else ends the capture.
 *
 *	slot_start -> [headers are written to .to] -> slot_try -> slot_run, a thread -> slot_judge
 */
#ifndef VCAP_SLOT_H
#define VCAP_SLOT_H

#include "capfile.h"
#include "control.h"
#include "failure.h"
#include "guardian.h"
#include "iface.h"
#include "outlet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slot {
	const char *command; /* its first word, for messages; the caller's */
	int to, from; /* its input and its output; to is whoever's who writes it, who sets -1 */
	struct guardian guardian;
	/* Set by the caller before slot_run */
	const char *const *names; /* of the interfaces, in the order of the outlets' ledgers */
	uint32_t interface_count;
	unsigned core_count;
	struct outlet *outlets; /* one, of all cores, or one for each */
	size_t outlet_count;
	struct outlet *feed; /* what the command is fed by, with a ledger for each core and
				interface */
	struct control *control;
	/* Its own */
	struct capfile *file;
	uint32_t *ids; /* of the interfaces of file, in the outlets */
	uint32_t id_count;
	bool has_section;   /* of its output, the first has begun */
	bool is_over;       /* ... it has ended */
	struct failure why; /* what is wrong with its output; empty: nothing */
};

#define SLOT_INIT ((struct slot){.to = -1, .from = -1, .guardian = GUARDIAN_INIT})

/* Starts argv, whose first word's program is looked for on PATH, in the directory dir (-1: here),
 * with err as its standard error and more (guardian.h). Call before any thread starts. */
int slot_start(struct slot *slot, char *const *argv, int err, int dir,
	       const int more[GUARDED_MORES], struct failure *why);

/* Gives the command a moment to answer what was written to it. -1: it has ended instead. */
int slot_try(struct slot *slot, struct failure *why);

/* For the outlets: how many packets the rings got and dropped. */
void slot_count(void *slot);

/* The thread: begins with control_begin, reads what the command writes until that ends, finishes
 * the outlets. */
void *slot_run(void *slot);

/* Once it is over, or given up: NULL, or what is wrong with how the command has ended; text is room
 * for that. */
const char *slot_judge(struct slot *slot, struct failure *text);

void slot_release(struct slot *slot);

#endif
