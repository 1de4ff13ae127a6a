/*
 * What vcap-drops keeps beside a capture (capture/dropproc.h): its capture hands over the file to write, and
 * the service and the addresses that were asked for, as descriptors, and is told the counts. Beside a rolling one
 * it makes the files of a ring in the directory that it runs in. It ends with the capture, at the end of its
 * standard input.
 */
#ifndef VCAP_DROPKEEP_H
#define VCAP_DROPKEEP_H

#include "base/failure.h"
#include "drops/dropcapture.h"

#include <stdbool.h>
#include <stdio.h>

/* Its descriptors: the file, open for writing, but of a ring; the text of a service file; lines of addresses, perhaps none. */
#define DROPKEEP_FILE    3
#define DROPKEEP_SERVICE 4
#define DROPKEEP_SPECS   5

struct dropkeep {
	bool is_wanted;       /* it is beside a capture */
	const char *bytecode; /* a program that packets have to pass, as BPF_COMMA; NULL: none */
	FILE *told;           /* what the capture reads */
};

/* Runs to the end of the capture, and drops all privileges before it looks at the first packet. Of *options,
 * engine, snaplen, cuts, rolling_ns, max_size and reserve count. keep->told gets a line `ready` when packets are
 * taken, and at the end `PACKETS BYTES`, as they are in the file, or the files. Of a ring it gets, some times a second,
 * `ring SINCE WRITTEN PACKETS BYTES OLDEST NEWEST`: when the oldest file was begun (0: none was removed) and up to when
 * all is written, in ns since 1970; what is in the files; and the numbers of the first and the last one.
 * DROPCAPTURE_FAILED with why. Ignores SIGPIPE from then on. */
enum dropcapture_end dropkeep_run(const struct dropkeep *keep,
				  const struct dropcapture_options *options,
				  struct dropcapture_counts *counts, struct failure *why);

#endif
