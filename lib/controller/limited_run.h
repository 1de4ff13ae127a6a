/*
 * What vcap-run captures where a service is its limit (filter/service_limit.h).
 */
#ifndef VCAP_LIMITED_RUN_H
#define VCAP_LIMITED_RUN_H

#include "base/failure.h"
#include "controller/config.h"
#include "packet/bpf.h"

/* What was asked for. */
struct limited_run {
	const char
	    *service; /* the text of the job's service; "": it has none; NULL: there is no job */
	char *const *command; /* that packets pass through, NULL-ended; NULL: none */
};

/*
 * Limits the program to packets of the service that word means (config_service_load). Where the two are
 * more than the kernel takes and the command is vcap-join, which decides on each packet by itself, the
 * service's own program stands in for both. -1 with why: there is no such service, the job is of another
 * one or of none, or the programs are too long; *program is unchanged.
 */
int limited_run_program(const struct limited_run *asked, const char *word,
			config_variable *variable, struct bpf *program, struct failure *why);

#endif
