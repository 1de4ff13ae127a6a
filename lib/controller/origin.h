/*
 * Where a service's file came from, asked once more before a capture: the `from` line of vcap-service(5).
 * Servers and VIPs that are there now are captured beside those of the file.
 */
#ifndef VCAP_ORIGIN_H
#define VCAP_ORIGIN_H

#include "base/failure.h"
#include "base/strvec.h"
#include "filter/service.h"

#define ORIGIN_LINES_MAX 512 /* that are added; a program has no room for many more */

struct origin {
	struct strvec said; /* a line each: what differs, or why nothing is known */
	int fd;             /* the file with the added lines; -1: none are added */
	char path[48];      /* of fd, for other commands as long as this process lives */
};

#define ORIGIN_INIT ((struct origin){.fd = -1})

/* Closes fd and frees the sentences; origin is ORIGIN_INIT afterwards. */
void origin_release(struct origin *origin);

/*
 * Asks by vcap-import, two seconds at most, and compares. *text is the text of the service's file, on the heap; where
 * there is more to capture it becomes one with these lines behind it, and fd and path are of a file
 * that is called as the service. Whoever cannot be asked, or answers with something else, is told in said, and
 * the file counts. -1 with why: out of memory; *text is still valid.
 */
int origin_ask(struct origin *origin, const struct service *service, char **text,
	       struct failure *why);

#endif
