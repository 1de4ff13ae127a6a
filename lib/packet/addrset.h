/*
 * A set of IPv4 and IPv6 addresses, held per family as sorted, disjoint, non-touching closed
 * intervals. An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is an IPv6 address like any other.
 */
#ifndef VCAP_ADDRSET_H
#define VCAP_ADDRSET_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address of either family, as a number: an IPv4 address is 32 bits wide. */
struct addr {
	uint8_t family; /* 4 or 6 */
	unsigned __int128 value;
};

struct interval {
	unsigned __int128 first, last;
};

struct intervals {
	struct interval *list;
	size_t count, room;
	bool sealed; /* sorted, disjoint, not touching */
};

struct addrset {
	struct intervals v4, v6;
};

#define ADDRSET_INIT ((struct addrset){0})

/* Frees its memory; the set is then ADDRSET_INIT. */
void addrset_release(struct addrset *set);

/*
 * Adds an address, an `A-B` range or an `A/len` subnet (host bits are masked away). No names, no
 * zones, no leading zeros in IPv4 (010.1.1.1 means different things to different parsers). 0, or -1
 * with the offending word in why and the set unchanged.
 */
int addrset_add(struct addrset *set, const char *spec, struct failure *why);

/* Reads what addrset_add takes as one interval. On -1 *interval and *family are unchanged. */
int interval_parse(struct interval *interval, uint8_t *family, const char *spec,
		   struct failure *why);

/* Adds an interval of addresses of family 4 or 6. -1 with why: out of memory, the set is unchanged.
 */
int addrset_add_interval(struct addrset *set, uint8_t family, struct interval interval,
			 struct failure *why);

/* Adds the specs in text: one or more a line, `#` starts a comment. -1: why names the line, as
 * "NAME:LINE: ...", and specs before it have been added. */
int addrset_add_lines(struct addrset *set, const char *text, const char *name, struct failure *why);

/* Seals the set: sorts its intervals and merges those that overlap or touch. The functions below
 * take sealed sets; adding unseals. */
void addrset_seal(struct addrset *set);

/* Whether the set, sealed or not, has no address. */
bool addrset_is_empty(const struct addrset *set);
/* Whether the sealed set contains addr. O(log n). */
bool addrset_has(const struct addrset *set, struct addr addr);
/* Whether two sealed sets intersect. */
bool addrset_meets(const struct addrset *a, const struct addrset *b);
/* Whether the sealed set contains all of the sealed set other. */
bool addrset_covers(const struct addrset *set, const struct addrset *other);

/*
 * Makes *to, which is ADDRSET_INIT, a sealed superset of the sealed set from with at most `most`
 * intervals, but at least one for each family: the smallest gaps are closed. *added is the number
 * of addresses that this adds. -1 with why: out of memory, release *to.
 */
int addrset_widen(const struct addrset *from, size_t most, struct addrset *to,
		  unsigned __int128 *added, struct failure *why);

/* Reads one address of either family. 0; or -1 with the word in why, and *addr is unchanged. */
int addr_parse(struct addr *addr, const char *word, struct failure *why);
#define ADDR_TEXT 46 /* bytes for the text of an address, NUL included */
/* Writes addr as text (RFC 5952 for IPv6) to `to`, of size bytes, at least ADDR_TEXT. Returns to.
 */
char *addr_format(struct addr addr, char *to, size_t size);

#endif
