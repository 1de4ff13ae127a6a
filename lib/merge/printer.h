/*
 * The packets of a source as lines for people: when, on which engine and side, and what
 * (packet/packetline.h).
 */
#ifndef VCAP_PRINTER_H
#define VCAP_PRINTER_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Prints all packets of the source to out, with local times. Columns become wider where an engine needs
 * it. at_once: flush each line. -1 with why: the source is damaged or cut short, out cannot be written
 * (*is_cut is false then), or out of memory. */
int printer_print(struct source *source, FILE *out, bool at_once, bool *is_cut,
		  struct failure *why);

#endif
