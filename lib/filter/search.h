/*
 * Code that tests whether a value is in sorted, disjoint intervals.
 */
#ifndef VCAP_SEARCH_H
#define VCAP_SEARCH_H

#include "filter/codegen.h"
#include "packet/addrset.h"

#include <stddef.h>

struct search {
	struct codegen *cg;
	/* The most JEQ in a row. A higher number makes programs shorter and slower: n single values
	 * take n * (1 + 1/leaf) instructions, of which log2(n / leaf) + leaf are executed. */
	unsigned leaf;
};

/* Tests A against intervals of 32-bit values. */
label search_word(const struct search *search, const struct interval *list, size_t count, label yes,
		  label no);

/* Tests the address of this family at [x + at] against the intervals of that family in set. If
 * there are none, the result is `no`. */
label search_address(const struct search *search, const struct addrset *set, uint8_t family,
		     uint32_t at, label yes, label no);

#endif
