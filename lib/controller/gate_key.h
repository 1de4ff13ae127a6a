/*
 * What the forced command of a key says of it, vcap-gate(1): what the key is for, as a struct gate, and the
 * environment of the commands that it may run.
 */
#ifndef VCAP_GATE_KEY_H
#define VCAP_GATE_KEY_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/gate.h"

#include <getopt.h>

struct gate_key {
	struct gate gate;          /* its strings are the caller's */
	struct strvec watched;     /* becomes gate.watched */
	struct strvec environment; /* NAME=VALUE */
};

/* The options, for getopt_long. */
enum {
	GATE_KEY_CONFIG = 0x100,
	GATE_KEY_FLOWS,
	GATE_KEY_HEADERS,
	GATE_KEY_KEYS,
	GATE_KEY_REGION,
	GATE_KEY_SERVICE,
	GATE_KEY_SPOOL,
	GATE_KEY_SUDO,
	GATE_KEY_WATCH,
};

/* clang-format off */
#define GATE_KEY_OPTIONS \
	{"allow-keys", optional_argument, NULL, GATE_KEY_KEYS}, \
	{"config", required_argument, NULL, GATE_KEY_CONFIG}, \
	{"flows", required_argument, NULL, GATE_KEY_FLOWS}, \
	{"headers-only", no_argument, NULL, GATE_KEY_HEADERS}, \
	{"region", no_argument, NULL, GATE_KEY_REGION}, \
	{"service", required_argument, NULL, GATE_KEY_SERVICE}, \
	{"spool", required_argument, NULL, GATE_KEY_SPOOL}, \
	{"sudo", no_argument, NULL, GATE_KEY_SUDO}, \
	{"watch", required_argument, NULL, GATE_KEY_WATCH}
/* clang-format on */

/* Takes the option, whose value (NULL: none) is borrowed. 1; 0: it is none of these; -1 with why: the value
 * is wrong. */
int gate_key_option(struct gate_key *key, int option, const char *value, struct failure *why);

/* Takes the operands (NULL-ended), after all options. -1 with why: they do not go together. */
int gate_key_complete(struct gate_key *key, char *const *operands, struct failure *why);

/* Replaces the environment of this process by that of the command: the path is the system's, and of what
 * there was only what sshd itself says is kept: who logs in from where, for the log, and for a region
 * whose files are meant. -1 with why; then the environment is undefined. */
int gate_key_enter(struct gate_key *key, const char *path, struct failure *why);

#endif
