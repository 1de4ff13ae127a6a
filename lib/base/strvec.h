/*
 * A list of words that grows, such as the arguments of a command. Memory that ran out on the way is
 * remembered, so that one look at the end is enough.
 */
#ifndef VCAP_STRVEC_H
#define VCAP_STRVEC_H

#include <stdbool.h>
#include <stddef.h>

struct strvec {
	char **list; /* NULL-ended; NULL before the first */
	size_t count;
	bool failed;
};

#define STRVEC_INIT ((struct strvec){0})

/* Appends a copy; all of a NULL-ended list; a formatted word; and one on the heap, which becomes
 * the list's (NULL: memory had run out). */
void strvec_add(struct strvec *words, const char *word);
void strvec_add_all(struct strvec *words, char *const *list);
void strvec_addf(struct strvec *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void strvec_take(struct strvec *words, char *word);

/* The words with separator between them. Heap; NULL without memory. */
char *strvec_join(const struct strvec *words, const char *separator);

bool strvec_has(const struct strvec *words, const char *word);

/* The list, for strvec_free, or NULL if memory ran out; words is then as STRVEC_INIT. */
char **strvec_finish(struct strvec *words);
void strvec_free(char **list);

#endif
