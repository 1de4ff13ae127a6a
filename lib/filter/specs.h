/*
 * SPECs: addresses as a command line gives them, as words, and as lists in files or on standard
 * input.
 */
#ifndef VCAP_SPECS_H
#define VCAP_SPECS_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>

/*
 * Adds the addresses listed in a file (NULL: none), and words, a NULL-ended list: each an address,
 * range or subnet, or "-" for a list on standard input. capture is the file that the command reads
 * packets from (NULL: none); if that is "-" too, it is an error. *has_any is set if there was a
 * file or a word, and otherwise left as it is. On failure set may hold some of the addresses.
 */
int specs_add(struct addrset *set, const char *file, char *const *words, const char *capture,
	      bool *has_any, struct failure *why);

#endif
