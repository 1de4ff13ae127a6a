/*
 * A capture of a moment whose packets nobody gets: whether rings can be opened on this host.
 */
#ifndef VCAP_HOSTTRIAL_H
#define VCAP_HOSTTRIAL_H

#include "capture/hostreply.h"

/*
 * Captures for a hundredth of a second on the interfaces that operands name (none: those of the default
 * choice), with rings as large as a capture's, by the vcap-run beside this program, which logs it as
 * any capture. Writes the line `trial yes`. -1 with why, the reason that vcap-run tells.
 */
hostreply hosttrial_reply;

#endif
