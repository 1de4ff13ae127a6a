/*
 * The service of a capture, as it was when the capture began.
 */
#ifndef VCAP_ENTRY_SERVICE_H
#define VCAP_ENTRY_SERVICE_H

#include "controller/spool_entry.h"
#include "filter/service.h"

/* Reads it from the capture's directory; the caller releases it. -1: there is none, or it is
 * malformed; *service is then SERVICE_INIT or as it was. */
int entry_service_load(struct service *service, const struct spool_entry *entry);

#endif
