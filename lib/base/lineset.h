/*
 * Texts of several lines as sets of lines, which can be joined in any order with the same result:
 * what many inputs say about one thing.
 */
#ifndef VCAP_LINESET_H
#define VCAP_LINESET_H

/* The lines of both texts, each once, sorted by strcmp, without empty ones, joined by newlines and
 * not ended by one. Either may be NULL. Heap, the empty text included; NULL without memory. */
char *lineset_union(const char *a, const char *b);

#endif
