/*
 * A fuzz target is one file, fuzz_NOUN.c, with LLVMFuzzerTestOneInput: libFuzzer calls it in `make
 * fuzz`, main.c in `make check`. Its seeds are those that `seeds` makes in a directory NOUN and the
 * files of regressions/NOUN; a target without any is fine.
 */
#ifndef VCAP_FUZZ_H
#define VCAP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding, unless the condition holds. */
#define must(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The input as text: a copy on the heap without a byte to spare, so that sanitizers see a reader
 * that goes beyond its end. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
