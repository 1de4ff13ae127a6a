/*
 * A failure carries one line of text from the function that knows what went wrong to the command
 * that prints it. The library never prints: it fills the caller's struct failure and returns -1 or
 * NULL.
 *
 * The text is lower case, has no full stop, and quotes the offending thing in single quotes; the
 * reason comes last. A text that does not fit loses its middle, usually a long path, and "..."
 * stands there. It may hold bytes from outside; cli.h neutralises control characters when it
 * prints.
 */
#ifndef VCAP_FAILURE_H
#define VCAP_FAILURE_H

struct failure {
	char text[512];
};

#define FAILURE_INIT ((struct failure){.text = ""})

/* Fills why (which may be NULL) and returns -1, so that callers can `return failure_set(...)`. The
 * arguments may point into why itself. */
int failure_set(struct failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As failure_set, with ": " and the text of errno appended. errno is left as it was. */
int failure_errno(struct failure *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As failure_set, for an allocation that failed. */
int failure_nomem(struct failure *why);

#endif
