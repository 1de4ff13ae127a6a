/*
 * The TLS keys of a capture in the spool: `ID.keys` beside its merged file, of mode 0600, with the keys of the
 * sessions in that file alone; and the facts `hellos` and `keyed`, of how many sessions there are, and for how
 * many there is a key.
 */
#ifndef VCAP_SPOOL_KEYS_H
#define VCAP_SPOOL_KEYS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where they are, or would be: heap; NULL: out of memory. */
char *spool_keys_path(const struct spool_entry *entry);

/* Whether there are some. */
bool spool_keys_exist(const struct spool_entry *entry);

/* Bytes of them. */
uint64_t spool_keys_size(const struct spool_entry *entry);

/* Writes them as they are; none if there are none. -1 with why. */
int spool_keys_print(const struct spool_entry *entry, FILE *out, struct failure *why);

/* Of a capture with the fact `keys`: makes the file from what was fetched of these engines, and what was in it,
 * for the capture file at path, and sets the facts; removes what was fetched. May be repeated. */
int spool_keys_collect(struct spool_entry *entry, const struct strvec *engines, const char *path,
		       struct failure *why);

/* "12/20": of how many sessions there are keys; empty: the capture was made without. */
#define SPOOL_KEYS_TEXT 48
const char *spool_keys_text(const struct spool_entry *entry, char text[SPOOL_KEYS_TEXT]);

/* Appends a line about sessions without a key, if there are some. */
void spool_keys_remark(const struct spool_entry *entry, struct strvec *lines);

/* Removes the file, and stores that there are none. */
int spool_keys_remove(struct spool_entry *entry, struct failure *why);

#endif
