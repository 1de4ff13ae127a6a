/*
 * Membership of a value in sorted, disjoint intervals, as code: a balanced binary search, so that
 * its cost grows with the logarithm of their number. Ranges are compared with JGE at their ends;
 * a few single values are compared one after the other with JEQ, which takes about half the
 * instructions.
 */
#ifndef VCAP_SEARCH_H
#define VCAP_SEARCH_H

#include "filter/codegen.h"
#include "packet/addrset.h"

#include <stddef.h>

struct search {
	struct codegen *cg;
	/* The most JEQ in a row. More make the program shorter and slower: n single values take
	 * n * (1 + 1/leaf) instructions, of which log2(n / leaf) + leaf are executed. */
	unsigned leaf;
};

/* Tests A, whatever it holds, against intervals of 32-bit values. */
label search_word(const struct search *search, const struct interval *list, size_t count, label yes,
		  label no);

/* Tests the address of this family that starts at [x + at] against its intervals in set. IPv6 goes
 * word by word, and addresses that start with the same words share the code for those. With no
 * intervals this is just `no`. */
label search_address(const struct search *search, const struct addrset *set, uint8_t family,
		     uint32_t at, label yes, label no);

#endif
