/*
 * Arrays on the heap that grow by one element at a time. Their room follows from their count alone,
 * so it is not stored: the caller keeps a pointer and a count, both zero at first.
 */
#ifndef VCAP_ARRAY_H
#define VCAP_ARRAY_H

#include <stddef.h>

/*
 * Makes room for one more element of size bytes. array is the address of a pointer to count
 * elements, which is NULL or was set by this function; the pointer may change, the new element is
 * uninitialised. Free with free(). Returns 0, or -1: out of memory, nothing has changed.
 */
int array_grow(void *array, size_t count, size_t size);

#endif
