/*
 * Lists have up to 100,000 lines, so adding appends and sealing sorts once: O(n log n). In a sealed
 * list the ends are in order like the beginnings, so the last interval that begins at or before an
 * address is the only one that can contain it: a binary search answers all questions.
 */
#include "packet/addrset.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDR_ALL(family) ((family) == 4 ? (unsigned __int128)UINT32_MAX : ~(unsigned __int128)0)

void
addrset_release(struct addrset *set)
{
	free(set->v4.list);
	free(set->v6.list);
	*set = ADDRSET_INIT;
}

/* A dotted quad: four decimal numbers without leading zeros. inet_pton accepts the same, but takes
 * several times as long. */
static bool
parse_v4(const char *s, unsigned __int128 *value)
{
	uint32_t sum = 0;

	for (int i = 0; i < 4; i++) {
		unsigned octet = 0;
		int digits = 0;

		for (; *s >= '0' && *s <= '9' && digits < 4; s++, digits++)
			octet = octet * 10 + (unsigned)(*s - '0');
		if (digits == 0 || octet > 255 || (digits > 1 && s[-digits] == '0'))
			return false;
		if (*s != (i < 3 ? '.' : '\0'))
			return false;
		s++;
		sum = sum << 8 | octet;
	}
	*value = sum;
	return true;
}

static bool
parse_v6(const char *s, unsigned __int128 *value)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET6, s, bytes) != 1)
		return false;
	*value = 0;
	for (int i = 0; i < 16; i++)
		*value = *value << 8 | bytes[i];
	return true;
}

static bool
parse_addr(const char *s, struct addr *addr)
{
	if (parse_v4(s, &addr->value))
		addr->family = 4;
	else if (parse_v6(s, &addr->value))
		addr->family = 6;
	else
		return false;
	return true;
}

/* A host's name is refused in words of its own: it is what people try. */
static int
fail_address(const char *word, struct failure *why)
{
	if (isalpha((unsigned char)*word) && strchr(word, '.'))
		return failure_set(why, "'%s' is no address, and names are not looked up", word);
	return failure_set(why, "not an address: '%s'", word);
}

int
addr_parse(struct addr *addr, const char *word, struct failure *why)
{
	struct addr parsed;

	if (!parse_addr(word, &parsed))
		return fail_address(word, why);
	*addr = parsed;
	return 0;
}

char *
addr_format(struct addr addr, char *to, size_t size)
{
	unsigned char bytes[16];
	int length = addr.family == 4 ? 4 : 16;

	for (int i = length - 1; i >= 0; i--, addr.value >>= 8)
		bytes[i] = (unsigned char)addr.value;
	if (!inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, to, (socklen_t)size))
		to[0] = '\0';
	return to;
}

static int
parse_range(const char *spec, struct addr first, const char *to, struct interval *interval,
	    struct failure *why)
{
	struct addr last;

	if (!parse_addr(to, &last))
		return failure_set(why, "not an address or range: '%s'", spec);
	if (last.family != first.family)
		return failure_set(why, "range mixes IPv4 and IPv6: '%s'", spec);
	if (last.value < first.value)
		return failure_set(why, "range ends before it starts: '%s'", spec);
	*interval = (struct interval){first.value, last.value};
	return 0;
}

static int
parse_subnet(const char *spec, struct addr base, const char *length, struct interval *interval,
	     struct failure *why)
{
	unsigned width = base.family == 4 ? 32 : 128, bits = 0;
	unsigned __int128 hosts;

	for (const char *s = length; *s; s++) {
		if (*s < '0' || *s > '9' || s - length > 2)
			return failure_set(why, "not a prefix length: '%s'", spec);
		bits = bits * 10 + (unsigned)(*s - '0');
	}
	if (!*length || (length[0] == '0' && length[1]))
		return failure_set(why, "not a prefix length: '%s'", spec);
	if (bits > width)
		return failure_set(why, "prefix longer than %u bits: '%s'", width, spec);
	/* A shift by the whole width of the type is undefined. */
	hosts = bits < width ? ADDR_ALL(base.family) >> bits : 0;
	*interval = (struct interval){base.value & ~hosts, base.value | hosts};
	return 0;
}

int
interval_parse(struct interval *interval, uint8_t *family, const char *spec, struct failure *why)
{
	char word[2 * ADDR_TEXT];
	size_t length = strcspn(spec, "-/");
	struct addr first;
	int rc = 0;

	if (length >= sizeof(word))
		return failure_set(why, "not an address: '%s'", spec);
	memcpy(word, spec, length);
	word[length] = '\0';
	if (!parse_addr(word, &first))
		return fail_address(spec, why);
	if (spec[length] == '-')
		rc = parse_range(spec, first, spec + length + 1, interval, why);
	else if (spec[length] == '/')
		rc = parse_subnet(spec, first, spec + length + 1, interval, why);
	else
		*interval = (struct interval){first.value, first.value};
	if (rc == 0)
		*family = first.family;
	return rc;
}

int
addrset_add_interval(struct addrset *set, uint8_t family, struct interval interval,
		     struct failure *why)
{
	struct intervals *to = family == 4 ? &set->v4 : &set->v6;

	if (to->count == to->room) {
		size_t room = to->room ? 2 * to->room : 16;
		struct interval *list = realloc(to->list, room * sizeof(*list));

		if (!list)
			return failure_nomem(why);
		to->list = list;
		to->room = room;
	}
	to->list[to->count++] = interval;
	to->sealed = false;
	return 0;
}

int
addrset_add(struct addrset *set, const char *spec, struct failure *why)
{
	struct interval interval;
	uint8_t family;

	if (interval_parse(&interval, &family, spec, why) < 0)
		return -1;
	return addrset_add_interval(set, family, interval, why);
}

int
addrset_add_lines(struct addrset *set, const char *text, const char *name, struct failure *why)
{
	static const char blanks[] = " \t\r\f\v";
	struct failure detail = FAILURE_INIT;
	unsigned line = 1;

	for (const char *s = text; *s; line++) {
		s += strspn(s, blanks);
		while (*s && *s != '\n' && *s != '#') {
			size_t length = strcspn(s, " \t\r\f\v\n#");
			char word[128];

			snprintf(word, sizeof(word), "%.*s", (int)(length < 127 ? length : 127), s);
			if (addrset_add(set, word, &detail) < 0)
				return failure_set(why, "%s:%u: %s", name, line, detail.text);
			s += length;
			s += strspn(s, blanks);
		}
		s += strcspn(s, "\n");
		if (*s)
			s++;
	}
	return 0;
}

static int
compare_first(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static void
seal(struct intervals *intervals)
{
	struct interval *list = intervals->list;
	size_t kept = 0;

	if (intervals->sealed)
		return;
	intervals->sealed = true;
	if (intervals->count == 0)
		return;
	qsort(list, intervals->count, sizeof(*list), compare_first);
	for (size_t i = 1; i < intervals->count; i++) {
		/* first > 0 here unless it is covered anyway, so first - 1 does not wrap. */
		if (list[i].first <= list[kept].last || list[i].first - 1 == list[kept].last) {
			if (list[i].last > list[kept].last)
				list[kept].last = list[i].last;
		} else {
			list[++kept] = list[i];
		}
	}
	intervals->count = kept + 1;
}

void
addrset_seal(struct addrset *set)
{
	seal(&set->v4);
	seal(&set->v6);
}

bool
addrset_is_empty(const struct addrset *set)
{
	return set->v4.count == 0 && set->v6.count == 0;
}

/* How many intervals begin at or before value. */
static size_t
count_up_to(const struct intervals *in, unsigned __int128 value)
{
	size_t low = 0, high = in->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (in->list[middle].first <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
addrset_has(const struct addrset *set, struct addr addr)
{
	const struct intervals *in = addr.family == 4 ? &set->v4 : &set->v6;
	size_t before = count_up_to(in, addr.value);

	return before > 0 && addr.value <= in->list[before - 1].last;
}

static bool
intervals_meet(const struct intervals *a, const struct intervals *b)
{
	for (size_t i = 0; i < b->count; i++) {
		size_t before = count_up_to(a, b->list[i].last);

		if (before > 0 && a->list[before - 1].last >= b->list[i].first)
			return true;
	}
	return false;
}

bool
addrset_meets(const struct addrset *a, const struct addrset *b)
{
	return intervals_meet(&a->v4, &b->v4) || intervals_meet(&a->v6, &b->v6);
}

static bool
intervals_cover(const struct intervals *in, const struct intervals *other)
{
	for (size_t i = 0; i < other->count; i++) {
		size_t before = count_up_to(in, other->list[i].first);

		if (before == 0 || in->list[before - 1].last < other->list[i].last)
			return false;
	}
	return true;
}

bool
addrset_covers(const struct addrset *set, const struct addrset *other)
{
	return intervals_cover(&set->v4, &other->v4) && intervals_cover(&set->v6, &other->v6);
}

/* The addresses between an interval and the one before it */
struct gap {
	unsigned __int128 size;
	uint8_t family;
	size_t before; /* the index of the interval that follows the gap */
};

static int
compare_gaps(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	if (x->family != y->family)
		return x->family - y->family;
	return (x->before > y->before) - (x->before < y->before);
}

static size_t
list_gaps(struct gap *gaps, uint8_t family, const struct intervals *in)
{
	for (size_t i = 1; i < in->count; i++)
		gaps[i - 1] = (struct gap){in->list[i].first - in->list[i - 1].last - 1, family, i};
	return in->count > 0 ? in->count - 1 : 0;
}

static int
copy_intervals(struct addrset *to, uint8_t family, const struct intervals *from,
	       struct failure *why)
{
	for (size_t i = 0; i < from->count; i++)
		if (addrset_add_interval(to, family, from->list[i], why) < 0)
			return -1;
	return 0;
}

int
addrset_widen(const struct addrset *from, size_t most, struct addrset *to, unsigned __int128 *added,
	      struct failure *why)
{
	size_t count = from->v4.count + from->v6.count, gap_count;
	struct gap *gaps = calloc(count + 1, sizeof(*gaps));
	int rc = 0;

	*added = 0;
	if (!gaps)
		return failure_nomem(why);
	gap_count = list_gaps(gaps, 4, &from->v4);
	gap_count += list_gaps(gaps + gap_count, 6, &from->v6);
	qsort(gaps, gap_count, sizeof(*gaps), compare_gaps);
	if (copy_intervals(to, 4, &from->v4, why) < 0 || copy_intervals(to, 6, &from->v6, why) < 0)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < gap_count && count > most; i++, count--) {
		const struct intervals *in = gaps[i].family == 4 ? &from->v4 : &from->v6;
		struct interval filler = {in->list[gaps[i].before - 1].last + 1,
					  in->list[gaps[i].before].first - 1};

		rc = addrset_add_interval(to, gaps[i].family, filler, why);
		*added += gaps[i].size;
	}
	free(gaps);
	addrset_seal(to);
	return rc;
}
