/*
 * Texts of several lines as sets of lines. The union does not depend on the order in which texts
 * are joined: for the comments that several inputs have for the same interface.
 */
#ifndef VCAP_LINESET_H
#define VCAP_LINESET_H

/* The lines of both texts, each once, sorted by strcmp, without empty ones, joined by newlines and
 * not ended by one. Either may be NULL. Heap, the empty text included; NULL: out of memory. */
char *lineset_union(const char *a, const char *b);

#endif
