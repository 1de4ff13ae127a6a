/*
 * Wireshark's toolbar for a capture: a log, how long to go on, and its status bar. Without the pipes, as
 * tshark and dumpcap run an extcap program, all of it does nothing.
 */
#ifndef VCAP_TOOLBAR_H
#define VCAP_TOOLBAR_H

#include "base/failure.h"
#include "extcap/control_message.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The controls' numbers. */
enum toolbar_control { TOOLBAR_LOG, TOOLBAR_STOP_AFTER };

struct toolbar {
	int in, out; /* -1: there is none */
	size_t used;
	uint8_t bytes[2 * (CONTROL_HEAD + CONTROL_PAYLOAD_MAX)]; /* read and not parsed */
};

/* Prints the sentences that declare the controls. Wireshark then waits until both pipes are opened. */
void toolbar_declare(FILE *out, const char *stop_after);

/* Opens the pipes, which may both be NULL, without waiting for Wireshark to. -1 with why: toolbar has
 * none. */
int toolbar_open(struct toolbar *toolbar, const char *in, const char *out, struct failure *why);
void toolbar_close(struct toolbar *toolbar);

/* Adds a line to the log and shows it in the status bar. What Wireshark does not read in time is lost. */
void toolbar_tell(struct toolbar *toolbar, const char *line);

/* Reads what Wireshark has sent. Returns 1, and the text of the last choice of how long to go on, "" for
 * none; 0: nothing was chosen; -1: nothing more will come, and .in is closed. */
int toolbar_read(struct toolbar *toolbar, char *text, size_t size);

#endif
