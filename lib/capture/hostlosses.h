/*
 * What this host loses right now (losses.h).
 */
#ifndef VCAP_HOSTLOSSES_H
#define VCAP_HOSTLOSSES_H

#include "capture/hostreply.h"

/*
 * Waits a second, and writes a line `lost-N LOSS` (loss.h) for each counter that has grown meanwhile, and
 * before them `losses SECONDS`, the time that has passed. operands name interfaces; none: those of the
 * default choice.
 */
hostreply hostlosses_reply;

#endif
