/*
 * The packets of a source as lines for people: when, on which engine and side, and what
 * (packet/packetline.h).
 */
#ifndef VCAP_PRINTER_H
#define VCAP_PRINTER_H

#include "base/failure.h"
#include "filter/between.h"
#include "filter/service.h"
#include "merge/tshark.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Which packets: those from since_ns on, before until_ns, and so many of them; 0: all. */
struct printer_part {
	int64_t since_ns, until_ns;
	uint64_t most;
	struct between between;        /* only those; the caller's; without any: all */
	const struct service *service; /* for that; NULL: none */
	bool wants_tshark;             /* for the caller */
	/* Which says what they are, all at the end; borrowed. NULL: nobody is asked. */
	struct tshark *tshark;
};

#define PRINTER_ALL ((struct printer_part){.since_ns = INT64_MIN, .until_ns = INT64_MAX})

/* Prints packets of the source to out, with local times. Columns become wider where an engine needs
 * it. at_once: flush each line. -1 with why: the source is damaged or cut short, tshark has not said all, out cannot be written
 * (*is_cut is false then), or out of memory. */
int printer_print(struct source *source, const struct printer_part *part, FILE *out, bool at_once,
		  bool *is_cut, struct failure *why);

#endif
