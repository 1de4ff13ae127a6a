/*
 * A balanced binary search as code: its cost grows with the logarithm of the number of intervals.
 * The intervals become arms, which partition the range of a word; JGE divides them in two, until a
 * leaf is left: a few single values, which are compared one after the other with JEQ. That takes
 * about half the instructions of dividing down to each value.
 *
 * IPv6 addresses are tested word by word. Each value of a word that intervals start or end at has
 * its own search of the words behind it; codegen shares the code if these are the same.
 */
#include "filter/search.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdlib.h>

/* Values from first up to the first of the next arm continue at `to`. The first arm of a list
 * starts at 0. */
struct arm {
	uint32_t first;
	label to;
};

struct arms {
	struct arm *list;
	size_t count, room;
	bool failed;
};

/* Appends an arm. It replaces one that turns out to be empty, and is merged with the one before if
 * both continue at the same label. */
static void
add_arm(struct arms *arms, uint32_t first, label to)
{
	if (arms->count > 0 && arms->list[arms->count - 1].first == first)
		arms->count--;
	if (arms->count > 0 && arms->list[arms->count - 1].to == to)
		return;
	if (arms->count == arms->room) {
		size_t room = arms->room ? 2 * arms->room : 16;
		struct arm *list = reallocarray(arms->list, room, sizeof(*list));

		if (!list) {
			arms->failed = true;
			return;
		}
		arms->list = list;
		arms->room = room;
	}
	arms->list[arms->count++] = (struct arm){first, to};
}

/* Whether arm i is a single value. The last arm ends at 2^32 - 1. */
static bool
is_single(const struct arms *arms, size_t i)
{
	uint32_t last = i + 1 < arms->count ? arms->list[i + 1].first - 1 : UINT32_MAX;

	return arms->list[i].first == last;
}

/* Whether the arms [low, high) are at most search->leaf single values, and all others continue at
 * one label, *other. */
static bool
is_leaf(const struct search *search, const struct arms *arms, size_t low, size_t high, label *other)
{
	bool wide = false;
	size_t singles = 0;

	*other = arms->list[high - 1].to;
	for (size_t i = low; i < high; i++) {
		if (is_single(arms, i))
			continue;
		if (wide && arms->list[i].to != *other)
			return false;
		*other = arms->list[i].to;
		wide = true;
	}
	for (size_t i = low; i < high; i++)
		singles += arms->list[i].to != *other;
	return singles <= search->leaf;
}

/* A measure for balance: a single value counts 1, a range as much as a leaf. Gaps, about every
 * second arm, do not count. */
static size_t
weight(const struct search *search, const struct arms *arms, size_t i, label gap)
{
	if (arms->list[i].to == gap)
		return 0;
	return is_single(arms, i) ? 1 : search->leaf;
}

/* Where to divide: near the middle, but so that the leaves on the left are full. */
static size_t
find_cut(const struct search *search, const struct arms *arms, size_t low, size_t high, label gap)
{
	size_t sum = 0, left = 0, cut = low, target;

	for (size_t i = low; i < high; i++)
		sum += weight(search, arms, i, gap);
	target = (sum + search->leaf - 1) / search->leaf / 2 * search->leaf;
	while (cut < high - 1 && left + weight(search, arms, cut, gap) <= target)
		left += weight(search, arms, cut++, gap);
	return cut > low ? cut : low + 1;
}

/* Tests A, which is in one of the arms [low, high). */
static label
search_arms(const struct search *search, const struct arms *arms, size_t low, size_t high,
	    label gap)
{
	label other, left, right;
	size_t cut;

	if (is_leaf(search, arms, low, high, &other)) {
		label next = other;

		for (size_t i = high; i-- > low;)
			if (arms->list[i].to != other)
				next = codegen_test(search->cg, BPF_JMP | BPF_JEQ | BPF_K,
						    arms->list[i].first, arms->list[i].to, next);
		return next;
	}
	cut = find_cut(search, arms, low, high, gap);
	left = search_arms(search, arms, low, cut, gap);
	right = search_arms(search, arms, cut, high, gap);
	return codegen_test(search->cg, BPF_JMP | BPF_JGE | BPF_K, arms->list[cut].first, right,
			    left);
}

/* Makes the code for all arms and releases them. */
static label
search_all_arms(const struct search *search, struct arms *arms, label no)
{
	label entry = no;

	if (arms->failed)
		codegen_fail(search->cg);
	else
		entry = search_arms(search, arms, 0, arms->count, no);
	free(arms->list);
	return entry;
}

label
search_word(const struct search *search, const struct interval *list, size_t count, label yes,
	    label no)
{
	struct arms arms = {0};

	add_arm(&arms, 0, no);
	for (size_t i = 0; i < count; i++) {
		add_arm(&arms, (uint32_t)list[i].first, yes);
		if (list[i].last < UINT32_MAX)
			add_arm(&arms, (uint32_t)list[i].last + 1, no);
	}
	return search_all_arms(search, &arms, no);
}

/* Of a value of `words` words, the first word, and a mask for the others. */
static uint32_t
first_word(unsigned __int128 value, unsigned words)
{
	return (uint32_t)(value >> 32 * (words - 1));
}

static unsigned __int128
rest_mask(unsigned words)
{
	return ((unsigned __int128)1 << 32 * (words - 1)) - 1;
}

static label search_words(const struct search *search, const struct interval *list, size_t count,
			  unsigned words, uint32_t at, label yes, label no);

/* The rest of a list of intervals; of the first interval, the part from `from`. */
struct rest {
	const struct interval *list;
	size_t count;
	unsigned __int128 from;
};

static void
drop_first(struct rest *rest)
{
	rest->list++;
	rest->count--;
	if (rest->count > 0)
		rest->from = rest->list->first;
}

/* Consumes the parts of the intervals that share the value of the first word, and returns code that
 * tests the words after it. */
static label
search_within(const struct search *search, struct rest *rest, unsigned words, uint32_t at,
	      label yes, label no)
{
	uint32_t word = first_word(rest->from, words);
	unsigned __int128 mask = rest_mask(words);
	struct interval *parts = NULL;
	size_t count = 0, room = 0;
	bool goes_on = false;
	label entry;

	while (rest->count > 0 && !goes_on && first_word(rest->from, words) == word) {
		unsigned __int128 last = rest->list->last;

		if (count == room) {
			struct interval *larger;

			room = room ? 2 * room : 4;
			larger = reallocarray(parts, room, sizeof(*parts));
			if (!larger)
				codegen_fail(search->cg);
			if (!larger)
				break;
			parts = larger;
		}
		goes_on = first_word(last, words) > word;
		parts[count++] = (struct interval){rest->from & mask, goes_on ? mask : last & mask};
		if (goes_on)
			rest->from = (unsigned __int128)(word + 1) << 32 * (words - 1);
		else
			drop_first(rest);
	}
	entry = search_words(search, parts, count, words - 1, at + 4, yes, no);
	free(parts);
	return entry;
}

/*
 * Tests the `words` words at [x + at]. By its first word an interval has up to three parts: its
 * first value, for which the other words matter; values for which they do not; and its last value,
 * for which they do again.
 */
static label
search_words(const struct search *search, const struct interval *list, size_t count, unsigned words,
	     uint32_t at, label yes, label no)
{
	struct rest rest = {list, count, count > 0 ? list->first : 0};
	unsigned __int128 mask = rest_mask(words);
	struct arms arms = {0};
	label entry;

	add_arm(&arms, 0, no);
	while (rest.count > 0 && !codegen_failed(search->cg)) {
		uint32_t word = first_word(rest.from, words);
		uint32_t last = first_word(rest.list->last, words);
		bool ends_whole = (rest.list->last & mask) == mask;

		if ((rest.from & mask) == 0 && (ends_whole || last > word)) {
			add_arm(&arms, word, yes);
			if (ends_whole) {
				word = last;
				drop_first(&rest);
			} else {
				word = last - 1;
				rest.from = (unsigned __int128)last << 32 * (words - 1);
			}
		} else {
			add_arm(&arms, word, search_within(search, &rest, words, at, yes, no));
		}
		if (word < UINT32_MAX)
			add_arm(&arms, word + 1, no);
	}
	entry = search_all_arms(search, &arms, no);
	return entry == no ? no : codegen_op(search->cg, BPF_LD | BPF_W | BPF_IND, at, entry);
}

label
search_address(const struct search *search, const struct addrset *set, uint8_t family, uint32_t at,
	       label yes, label no)
{
	const struct intervals *in = family == 4 ? &set->v4 : &set->v6;

	return search_words(search, in->list, in->count, family == 4 ? 1 : 4, at, yes, no);
}
