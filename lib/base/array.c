/*
 * The room is the power of two at or above the count: it is full exactly when the count is a power
 * of two, and is doubled then. So n elements cost about log2(n) calls of realloc and at most n
 * copies of an element, where growing by one each time costs n calls.
 */
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

int
array_grow(void *array, size_t count, size_t size)
{
	void *list, *larger;

	/* Pointers of different types may not alias: the caller's is read and set as bytes. */
	memcpy(&list, array, sizeof(list));
	if ((count & (count - 1)) != 0 || (count == 0 && list))
		return 0;
	larger = reallocarray(list, count ? 2 * count : 1, size);
	if (!larger)
		return -1;
	memcpy(array, &larger, sizeof(larger));
	/* cppcheck-suppress memleak ; the caller has it */
	return 0;
}
