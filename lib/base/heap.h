/*
 * A binary heap in an array of the caller's: array[0] is before all others, and array[i] is before
 * array[2i + 1] and array[2i + 2], so the second of all is one of array[1] and array[2].
 *
 *	HEAP_DEFINE(NAME, TYPE, IS_BEFORE)
 *
 * defines static functions for arrays of TYPE that IS_BEFORE(const TYPE, const TYPE) orders, as an
 * inlined call. Which of two equal elements comes first is not defined.
 *
 *	void NAME_push(TYPE *array, size_t *count, TYPE element)
 * adds an element; array has room for *count + 1.
 *	TYPE NAME_pop(TYPE *array, size_t *count)
 * removes the first element and returns it; *count is not 0.
 *	void NAME_sift_down(TYPE *array, size_t count, TYPE element)
 * puts element in the place of the first one, which it may be itself, with a later key; count is
 * not 0.
 */
#ifndef VCAP_HEAP_H
#define VCAP_HEAP_H

#include <stddef.h>

#define HEAP_DEFINE(name, type, is_before)                                                   \
	static inline void name##_sift_down(type *array, size_t count, type element)         \
	{                                                                                    \
		size_t at = 0;                                                               \
                                                                                             \
		for (size_t child; (child = 2 * at + 1) < count; at = child) {               \
			if (child + 1 < count && is_before(array[child + 1], array[child]))  \
				child++;                                                     \
			if (!is_before(array[child], element))                               \
				break;                                                       \
			array[at] = array[child];                                            \
		}                                                                            \
		array[at] = element;                                                         \
	}                                                                                    \
                                                                                             \
	static inline void name##_push(type *array, size_t *count, type element)             \
	{                                                                                    \
		size_t at = (*count)++;                                                      \
                                                                                             \
		for (; at > 0 && is_before(element, array[(at - 1) / 2]); at = (at - 1) / 2) \
			array[at] = array[(at - 1) / 2];                                     \
		array[at] = element;                                                         \
	}                                                                                    \
                                                                                             \
	static inline type name##_pop(type *array, size_t *count)                            \
	{                                                                                    \
		type first = array[0];                                                       \
                                                                                             \
		if (--*count)                                                                \
			name##_sift_down(array, *count, array[*count]);                      \
		return first;                                                                \
	}                                                                                    \
	_Static_assert(1, "a semicolon follows")

#endif
