/*
 * The link types of what engines have sent: one file with several cannot be read by tcpdump, so an
 * engine that differs from the others is left out rather than all of them (pcapng, section 4.2).
 */
#ifndef VCAP_LINKTYPES_H
#define VCAP_LINKTYPES_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

/* Of these engines, whose files have been fetched (key `linktype` of their states), those whose
 * packets are not of the most frequent link type become missing and pending; of two that are as
 * frequent, the one of the earlier engine counts. Their files stay. Stores the facts. */
int linktypes_leave_out(struct spool_entry *entry, const struct strvec *engines,
			struct failure *why);

#endif
