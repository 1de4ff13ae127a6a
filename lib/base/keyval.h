/*
 * Small files of `key value` lines: a capture's parameters, an engine's state, the status of
 * vcap-run (vcap-spool(5)). Keys are [a-z0-9_.-]+; a value is the rest of the line, without control
 * characters; a key may stand more than once and order is kept.
 */
#ifndef VCAP_KEYVAL_H
#define VCAP_KEYVAL_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

struct keyval_pair {
	char *key;
	char *value;
};

struct keyval {
	struct keyval_pair *pairs;
	size_t count;
};

#define KEYVAL_INIT ((struct keyval){0})
#define KEYVAL_MAX  (1 << 20) /* bytes in a file that keyval_load accepts */

/* Frees all lines; kv is then KEYVAL_INIT. */
void keyval_release(struct keyval *kv);

/* The value of the first such key, or NULL. Owned by kv. */
const char *keyval_get(const struct keyval *kv, const char *key);
/* The value as a number; fallback if the key is absent or its value is not a number. */
uint64_t keyval_number(const struct keyval *kv, const char *key, uint64_t fallback);

/* Replaces every such key by one line in the place of the first, or appends one. Control characters
 * in the value become '?'. -1: out of memory; kv is unchanged. */
int keyval_set(struct keyval *kv, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends a line, also if the key exists. Otherwise as keyval_set. */
int keyval_add(struct keyval *kv, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds the lines of text (NUL-ended). A line that is not `key value` is a failure that names its
 * number; kv then keeps the lines before it. Blank lines are passed over. */
int keyval_parse(struct keyval *kv, const char *text, struct failure *why);

/* Adds the lines of the file name in the directory dirfd, as keyval_parse. A symbolic link, or
 * anything that is not a regular file, is refused. -1 with why; errno is ENOENT for a missing file.
 */
int keyval_load(struct keyval *kv, int dirfd, const char *name, struct failure *why);

/* Replaces the file name in the directory dirfd by these lines, as outfile_replace. What is written
 * can be read by keyval_load: if it were too large, the longest values are cut. -1 with why, also if
 * there are too many lines for that: the old file is untouched. */
int keyval_store(const struct keyval *kv, int dirfd, const char *name, struct failure *why);

#endif
