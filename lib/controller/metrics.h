/*
 * The captures of the spool as metrics, in the text format of Prometheus 0.0.4: what an alert asks for. Of
 * what the spool says, without a question to any engine.
 */
#ifndef VCAP_METRICS_H
#define VCAP_METRICS_H

#include "base/failure.h"
#include "controller/spool.h"

#include <stdio.h>

/* Writes those of the captures of a service (NULL: all), called by its name or an id; report is called for a capture that cannot be read, and is left out. -1 with why: the
 * spool cannot be read. */
int metrics_write(const struct spool *spool, const char *word, FILE *out,
		  void (*report)(const char *line), struct failure *why);

#endif
