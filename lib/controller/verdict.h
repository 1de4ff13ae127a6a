/*
 * How a capture has ended, for those who waited for it: in lines, each with one fact, and an exit status.
 */
#ifndef VCAP_VERDICT_H
#define VCAP_VERDICT_H

#include "controller/spool_entry.h"

/* What more or less is asked. */
struct verdict_options {
	bool is_quiet;   /* without what merely may be of interest */
	bool is_verbose; /* with the engines that saw no packets, and all that hosts lost */
	bool is_strict;  /* what engines could not see is as bad as what is missing */
};

/*
 * The status (exitcode.h): done, partial, or failed, also of a capture that is not over. Appends the
 * lines: what the file shows, what engines could not see, then what is missing or went wrong, and what to
 * do about it. lines->failed: out of memory.
 */
int verdict_tell(const struct spool_entry *entry, struct verdict_options options,
		 struct strvec *lines);

#endif
