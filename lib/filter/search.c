#include "filter/search.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdlib.h>

/* Values from first up to the next arm's first go to `to`. The first arm of a list starts at 0. */
struct arm {
	uint32_t first;
	label to;
};

struct arms {
	struct arm *list;
	size_t count, room;
	bool failed;
};

/* Adds an arm. It takes the place of one that turns out to have no values, and is the same as the
 * one before it if both lead to the same place. */
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

/* Whether arm i of those before end is a single value. The very last arm goes on to 2^32 - 1. */
static bool
is_single(const struct arms *arms, size_t i)
{
	uint32_t last = i + 1 < arms->count ? arms->list[i + 1].first - 1 : UINT32_MAX;

	return arms->list[i].first == last;
}

/* Whether arms low up to high are at most leaf single values amid one way for all the others. */
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

/* A measure for balance: single values count one, ranges as much as a leaf of them. Gaps between
 * are not counted; they are every second arm, or nearly. */
static size_t
weigh(const struct search *search, const struct arms *arms, size_t i, label gap)
{
	if (arms->list[i].to == gap)
		return 0;
	return is_single(arms, i) ? 1 : search->leaf;
}

/* Where to cut: near the middle, but so that the leaves on the left are full ones. */
static size_t
find_cut(const struct search *search, const struct arms *arms, size_t low, size_t high, label gap)
{
	size_t sum = 0, left = 0, cut = low, target;

	for (size_t i = low; i < high; i++)
		sum += weigh(search, arms, i, gap);
	target = (sum + search->leaf - 1) / search->leaf / 2 * search->leaf;
	while (cut < high - 1 && left + weigh(search, arms, cut, gap) <= target)
		left += weigh(search, arms, cut++, gap);
	return cut > low ? cut : low + 1;
}

/* Tests A, known to be in one of the arms from low up to high. */
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

/* Turns the list into code and releases it. */
static label
finish_arms(const struct search *search, struct arms *arms, label no)
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
	return finish_arms(search, &arms, no);
}

/* The first of `words` words of an address, and the rest. */
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

/* What remains to be looked at of a list of intervals: from `from`, within the first of them. */
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

/* Takes what lies within one value of the first word, of as many intervals as do, and returns the
 * code that tests the words after it. */
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
 * Tests the `words` words at [x + at]. An interval is a range of values of the first word for which
 * the rest does not matter, perhaps with a value before and a value after for which it does.
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
	entry = finish_arms(search, &arms, no);
	return entry == no ? no : codegen_op(search->cg, BPF_LD | BPF_W | BPF_IND, at, entry);
}

label
search_address(const struct search *search, const struct addrset *set, uint8_t family, uint32_t at,
	       label yes, label no)
{
	const struct intervals *in = family == 4 ? &set->v4 : &set->v6;

	return search_words(search, in->list, in->count, family == 4 ? 1 : 4, at, yes, no);
}
