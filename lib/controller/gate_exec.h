/*
 * An admitted command as it is run: with the options that hold it to what its key is for.
 */
#ifndef VCAP_GATE_EXEC_H
#define VCAP_GATE_EXEC_H

#include "controller/gate.h"

/* Appends the words behind the first one of what gate_admit returned to argv: with a service, what captures
 * is told of it; with headers_only, what reads a capture leaves payload out. */
void gate_exec_push(const struct gate *gate, char *const *command, struct strvec *argv);

#endif
