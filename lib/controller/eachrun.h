/*
 * What vcap-each does: runs a command for several engines of a capture, several at a time, and stores
 * what becomes of it in their states. A command of vcap's that is to be answered framed (framed.h) is
 * run through the engine's transport here, without a vcap-on in between, but with ssh.
 */
#ifndef VCAP_EACHRUN_H
#define VCAP_EACHRUN_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/engine.h"
#include "controller/spool_entry.h"

#include <stddef.h>
#include <stdint.h>

struct eachrun {
	char *const *template; /* NULL-ended (commands.h) */
	struct strvec names;   /* of the engines */
	const char *input;     /* path of each command's standard input; NULL: /dev/null */
	size_t jobs;           /* at a time */
	int64_t timeout_ns;    /* of each command; negative: none */
	void (*remark)(const char *format, ...) __attribute__((format(printf, 1, 2)));
};

/* Returns for how many engines the command has failed. A result that could not be stored is told by
 * remark. -1 with why: out of memory. */
int eachrun(const struct eachrun *run, const struct spool_entry *entry,
	    const struct engines *engines, struct failure *why);

#endif
