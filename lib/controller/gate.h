/*
 * Which commands a controller's key may run on an engine: vcap's own, with the arguments that
 * commands.h builds, on captures in one directory; or in a region (gate_region.h), on those of its
 * spool. Anything else is refused, harmful or not.
 */
#ifndef VCAP_GATE_H
#define VCAP_GATE_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stdbool.h>

struct gate {
	const char *directory; /* of captures: absolute, no '/' at its end; NULL: any */
	const char *flows;     /* a source of pairs allowed besides conntrack, or NULL */
	char *const *watched;  /* files whose lines may be watched, NULL-ended; NULL: none */
	const char
	    *service;      /* captures are of this one alone, which vcap-run -S takes; NULL: any */
	bool headers_only; /* captures keep no payload, and none is read */
	bool allows_keys;  /* TLS keys may be kept and fetched; not with headers_only */
	const char *keys;  /* ... from this source alone; NULL: any */
	bool sudo;         /* commands are preceded by `sudo -n --` */
	bool is_region;    /* the commands are a region's, for which of the above only service,
			      headers_only and allows_keys mean something */
};

/*
 * Checks a command line (words, NULL-ended). Returns the part of words to run: without sudo, its
 * first word perhaps a path (gate_name). NULL: refused, and why quotes the offending word.
 */
char *const *gate_admit(const struct gate *gate, char *const *words, struct failure *why);

/* Whether word can be a gate's service: its name, or with an absolute path, which sudo does not take. */
bool gate_is_service(const char *word, bool by_sudo);

/*
 * What vcap-run and vcap-merge may do where they run by sudo (cli_is_for_another): that of the
 * above which root's rights could do harm with. -1: refused, and why quotes the offending word.
 */

/* What vcap-run is asked for. */
struct gate_run {
	const char *job;       /* the operand of -f; NULL: none */
	const char *directory; /* that of -w; NULL: a stream */
	const char *flows;     /* that of --flows; NULL: none */
	char *const *triggers; /* those of --on, NULL-ended; NULL: none */
	char *const *filter;   /* the command that packets pass through, NULL-ended; NULL: none */
	const char *service;   /* that of -S; NULL: none */
};

/* The job comes from standard input. The directory is called as captures are: the job is kept there
 * as files, which in a directory of another name something might obey. The filter is vcap-join as
 * commands.h builds it, which reads nothing but the job and the table. A service is told by its name: what
 * is wrong in its file is told. */
int gate_check_run(const struct gate_run *run, struct failure *why);

/* argv as main has it: only captures of vcap-run, to standard output. The word that names one becomes
 * one that can name nothing but a directory; it is on the heap, and lives as long as the process. */
int gate_check_merge(char **argv, struct failure *why);

/* The last component of a command's path, a part of command. */
const char *gate_name(const char *command);

#endif
