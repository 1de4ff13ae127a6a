/*
 * Addresses as a command line gives them: words, lists in files and on standard input.
 */
#ifndef VCAP_SPECS_H
#define VCAP_SPECS_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>

/*
 * Adds the list in a file (NULL: none), and words: each an address, range or subnet, or "-" for the
 * list on standard input, which may not be the capture as well. *has_any is set if there was a file
 * or a word.
 */
int specs_add(struct addrset *set, const char *file, char *const *words, bool stdin_is_taken,
	      bool *has_any, struct failure *why);

#endif
