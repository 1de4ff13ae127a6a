/*
 * Large buffers in huge pages: in a virtual machine the first access to a page may cost more than
 * the work on its contents.
 */
#ifndef VCAP_HUGEPAGE_H
#define VCAP_HUGEPAGE_H

#include <stddef.h>

/* Allocates size bytes, uninitialised, to be freed with free(). NULL: out of memory. */
void *hugepage_new(size_t size);

#endif
