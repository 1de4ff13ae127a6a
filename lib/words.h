/*
 * A list of words that grows, such as the arguments of a command. Memory that ran out on the way is
 * remembered, so that one look at the end is enough.
 */
#ifndef VCAP_WORDS_H
#define VCAP_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	char **list; /* NULL-ended; NULL before the first */
	size_t count;
	bool failed;
};

#define WORDS_INIT ((struct words){0})

/* Appends a copy; all of a NULL-ended list; a formatted word; and one on the heap, which becomes
 * the list's (NULL: memory had run out). */
void words_add(struct words *words, const char *word);
void words_add_all(struct words *words, char *const *list);
void words_addf(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
void words_take(struct words *words, char *word);

/* The words with separator between them. Heap; NULL without memory. */
char *words_join(const struct words *words, const char *separator);

bool words_has(const struct words *words, const char *word);

/* The list, for words_free, or NULL if memory ran out; words is then as WORDS_INIT. */
char **words_finish(struct words *words);
void words_free(char **list);

#endif
