/*
 * Sentences of Wireshark's extcap protocol (extcap(4)), the lines that tell it of interfaces and options:
 *
 *	arg {number=0}{call=--spec}{display=Addresses}
 *
 *	sentence_begin -> sentence_field, for each -> sentence_end
 *
 * A failure to write stays with the stream.
 */
#ifndef VCAP_SENTENCE_H
#define VCAP_SENTENCE_H

#include <stdio.h>

/* kind: extcap, interface, dlt, arg, value or control. */
void sentence_begin(FILE *out, const char *kind);

/* A field, unless value is NULL. What Wireshark's parser would stumble upon is replaced in the value:
 * braces by parentheses, control characters by blanks. */
void sentence_field(FILE *out, const char *name, const char *value);

/* A field with a number. */
void sentence_number(FILE *out, const char *name, unsigned value);

/* Ends the line. */
void sentence_end(FILE *out);

/* A whole sentence; the last argument of the names and values, in turn, is NULL. */
void sentence_print(FILE *out, const char *kind, ...) __attribute__((sentinel));

#endif
