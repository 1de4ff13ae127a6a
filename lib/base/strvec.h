/*
 * A vector of strings that grows, such as the arguments of a command. An allocation that fails sets
 * failed and drops the string; later calls go on, so that one look at the end is enough.
 */
#ifndef VCAP_STRVEC_H
#define VCAP_STRVEC_H

#include <stdbool.h>
#include <stddef.h>

struct strvec {
	char **list; /* NULL-terminated; NULL while nothing has been pushed */
	size_t count;
	bool failed; /* memory ran out: the vector is incomplete */
};

#define STRVEC_INIT ((struct strvec){0})

/* Appends a copy of string. */
void strvec_push(struct strvec *vec, const char *string);

/* Appends copies of all arguments; the last one is NULL. */
void strvec_pushl(struct strvec *vec, ...) __attribute__((sentinel));

/* Appends copies of all strings of a NULL-terminated list. */
void strvec_pushv(struct strvec *vec, char *const *list);

/* Appends a formatted string. */
void strvec_pushf(struct strvec *vec, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends string itself, which is on the heap and becomes the vector's. NULL is taken for memory
 * that ran out: failed is set. */
void strvec_push_nodup(struct strvec *vec, char *string);

/* The strings with separator between them. Heap; NULL: out of memory. */
char *strvec_join(const struct strvec *vec, const char *separator);

/* Whether one of the strings equals string. */
bool strvec_has(const struct strvec *vec, const char *string);

/* Hands the NULL-terminated list to the caller, who frees it with strvec_free. NULL if memory ran
 * out or nothing was pushed. vec is then as STRVEC_INIT. */
char **strvec_detach(struct strvec *vec);

/* Frees the strings of a vector, which is then as STRVEC_INIT. */
void strvec_release(struct strvec *vec);

/* Frees a list from strvec_detach; NULL is allowed. */
void strvec_free(char **list);

#endif
