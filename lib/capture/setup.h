/*
 * Builds the parts of a capture and connects them: which loop reads which rings into which output.
 */
#ifndef VCAP_SETUP_H
#define VCAP_SETUP_H

#include "base/failure.h"
#include "capture/state.h"

/* Fills *capture, which holds its options and is CAPTURE_INIT otherwise: opens the rings, which
 * accept no packet yet, and the outputs, whose headers are written. Needs CAP_NET_RAW. On failure
 * *capture is partly filled; setup_release frees it either way. */
int setup_open(struct capture *capture, struct failure *why);

/* Closes and frees all parts. No thread may run. */
void setup_release(struct capture *capture);

#endif
