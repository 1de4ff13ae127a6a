/*
 * Large pieces of memory that are used whole, in pages as large as the system has: in a virtual
 * machine the first touch of a page may cost more than what is done with it.
 */
#ifndef VCAP_HUGEPAGE_H
#define VCAP_HUGEPAGE_H

#include <stddef.h>

/* For free(). NULL: no memory. */
void *hugepage_new(size_t size);

#endif
