/*
 * The ids of captures: SERVICE.YYYYMMDD_HHMMSS, the time in UTC, and where a capture of that service
 * and second was there already SERVICE.YYYYMMDD_HHMMSS-N, N from 2 to SPOOL_ID_NUMBER_MAX.
 */
#ifndef VCAP_SPOOL_ID_H
#define VCAP_SPOOL_ID_H

#include <stdbool.h>

#define SPOOL_ID_TIME       15 /* characters of YYYYMMDD_HHMMSS */
#define SPOOL_ID_NUMBER_MAX 999
#define SPOOL_ID_MAX        (64 + SPOOL_ID_TIME + 6) /* bytes of an id and its NUL */

/* Whether word is an id. */
bool spool_id_is_valid(const char *word);
/* Whether it is an id of a capture of this service. */
bool spool_id_is_of(const char *word, const char *service);

/* Writes to first, of SPOOL_ID_MAX bytes, id without its number. id is valid. */
void spool_id_first(const char *id, char *first);

/* Writes to next, of SPOOL_ID_MAX bytes, the id with the number behind that of id, which is valid and may be
 * next itself. False: it would be larger than most; next is unchanged. */
bool spool_id_next(const char *id, unsigned long most, char *next);

/* Less than, equal to or greater than 0 as the one id is older than the other, the same, or newer;
 * ids of one time and number by their names, backwards. */
int spool_id_compare(const char *one, const char *other);

#endif
