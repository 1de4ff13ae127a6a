#include "import/draft_overlap.h"

#include <stdlib.h>
#include <string.h>

/* A vip line of a draft. */
struct line {
	const char *text;
	struct draft *draft;
	size_t place; /* of the draft */
};

static size_t
length_of(const char *text)
{
	const char *comment = strstr(text, "  #");

	return comment ? (size_t)(comment - text) : strlen(text);
}

/* By their text without a comment, then by their drafts. */
static int
compare_texts(const struct line *a, const struct line *b)
{
	const size_t one = length_of(a->text), other = length_of(b->text);
	const int order = memcmp(a->text, b->text, one < other ? one : other);

	return order ? order : one < other ? -1 : one > other;
}

static int
compare_lines(const void *one, const void *other)
{
	const struct line *a = one, *b = other;
	const int order = compare_texts(a, b);

	return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

static void
remark(struct draft *draft, const struct line *other)
{
	const char *text = other->text;

	/* One tells it: two services at every address of a host would have one each. */
	if (draft->has_overlap)
		return;
	draft->has_overlap = true;
	draft_add_comment(draft, "vip %.*s is also one of '%s': captures have both",
			  (int)length_of(text), text, other->draft->name);
}

void
draft_overlap_remark(struct drafts *drafts)
{
	struct line *lines;
	size_t count = 0, room = 1;

	for (size_t i = 0; i < drafts->count; i++)
		room += drafts->list[i]->vips.lines.count;
	lines = calloc(room, sizeof(*lines));
	drafts->failed |= !lines;
	for (size_t i = 0; lines && i < drafts->count; i++)
		for (size_t k = 0; k < drafts->list[i]->vips.lines.count; k++)
			lines[count++] =
			    (struct line){drafts->list[i]->vips.lines.list[k], drafts->list[i], i};
	if (count)
		qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 1; i < count; i++) {
		if (compare_texts(&lines[i], &lines[i - 1]) != 0)
			continue;
		remark(lines[i].draft, &lines[i - 1]);
		if (i == 1 || compare_texts(&lines[i - 2], &lines[i]) != 0)
			remark(lines[i - 1].draft, &lines[i]);
	}
	free(lines);
}
