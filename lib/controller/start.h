/*
 * The beginning of a capture: its filter is compiled, its engines are started. Children complain on
 * standard error.
 */
#ifndef VCAP_START_H
#define VCAP_START_H

#include "base/failure.h"
#include "controller/params.h"
#include "controller/spool_entry.h"

/* The order's program, by vcap-filter, into params->filter (heap), and that of its expression. 0;
 * or vcap-filter's own status, when it has said why; or -1. */
int start_compile(struct params *params, struct failure *why);

/* The program of the order's expression, if vcap-join needs it, into params->bytecode: for an order
 * that was recalled. Likewise. */
int start_compile_expression(struct params *params, struct failure *why);

/* Starts vcap-run on all engines of the capture, which holds the order's job. Those that do not
 * capture become `missing`. Returns how many do capture, or -1. */
int start_engines(const struct params *params, struct spool_entry *entry, struct failure *why);

#endif
