/*
 * What of a key's commands is vcap-region's: the requests of a larger controller, as commands.h builds
 * them, about captures by their ids. What becomes of them is up to the region's own services, engines
 * and spool, so that none of its options names a file. Pure.
 */
#ifndef VCAP_GATE_REGION_H
#define VCAP_GATE_REGION_H

#include <stdbool.h>

#define GATE_REGION_EXPRESSION_MAX 4096 /* bytes of an expression */

/* As in struct gate. */
struct gate_region_rights {
	bool headers_only, allows_keys;
	const char *service;
};

/* Takes the words behind `vcap-region` (NULL-ended) from the front of *next, as far as they are such a
 * request. Whether they are one, to which more words may not be added. If not, *fault may be set to
 * what is wrong; else it is the next word. */
bool gate_region_admit(char *const **next, const char **fault, struct gate_region_rights rights);

#endif
