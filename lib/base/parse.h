/*
 * The small words of command lines and files: numbers, durations, sizes, times, names. Every
 * function returns 0, or -1 with why naming the word in quotes and *out unchanged.
 */
#ifndef VCAP_PARSE_H
#define VCAP_PARSE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

/* A decimal number of at most max. No sign, no blanks, no other base. */
int parse_number(const char *word, uint64_t max, uint64_t *out, struct failure *why);

/* A duration in ns: digits with an optional fraction and `ms`, `s`, `m`, `h` or `d`; a bare number
 * counts in units of bare_ns. Not negative; at most ten years. */
int parse_duration(const char *word, int64_t bare_ns, int64_t *out, struct failure *why);

/* A clock offset: seconds with an optional sign and up to nine decimals, exact to the ns. */
int parse_offset(const char *word, int64_t *out, struct failure *why);

/* A size in bytes: digits with an optional k, M, G or T (powers of 1024, either case). */
int parse_size(const char *word, uint64_t *out, struct failure *why);

/* Whether word can name a service or an engine: [A-Za-z0-9][A-Za-z0-9._-]{0,63}. */
bool parse_is_name(const char *word);

/* Whether word is a token, the random name of one capture: 16 digits of [0-9a-f]. */
bool parse_is_token(const char *word);

/* Whether word is called as the directory of a capture on an engine: SERVICE.YYYYMMDD_HHMMSS.ENGINE,
 * with -N behind the time or not. */
bool parse_is_capture(const char *word);
/* The same, of a capture of this service. */
bool parse_is_capture_of(const char *word, const char *service);

/* Whether word can name a header of HTTP: a token of RFC 9110, 5.6.2, of at most 64 bytes. */
bool parse_is_header(const char *word);

/* Whether word can name a network interface. */
bool parse_is_interface(const char *word);

#endif
