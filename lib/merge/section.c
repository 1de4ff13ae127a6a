/*
 * Texts become comments "ENGINE: TEXT", so that merging in steps is the same as merging at once: an
 * input that vcap-merge wrote has such comments already, which are taken as they are if it may speak for
 * that engine. Everything is
 * sorted and kept once, so that the order of the inputs does not show.
 */
#include "merge/section.h"

#include "base/parse.h"

#include <stdlib.h>
#include <string.h>

static void
add_text(struct section *merged, const char *engine, const char *key, const char *text)
{
	if (text)
		strvec_pushf(&merged->comments, "%s: %s%s", engine, key, text);
}

static void
add_options(struct section *merged, const struct file_section *section)
{
	unsigned char *options;

	if (!section->options_len)
		return;
	options = realloc(merged->options, merged->options_len + section->options_len);
	if (!options) {
		merged->comments.failed = true;
		return;
	}
	memcpy(options + merged->options_len, section->options, section->options_len);
	merged->options = options;
	merged->options_len += section->options_len;
}

/* A comment of a merged input, which names its engine. */
static void
add_merged(struct section *merged, const char *comment, const struct label_hint *hint)
{
	const char *colon = strstr(comment, ": ");
	const bool is_admitted = colon ? label_admits(hint, comment, (size_t)(colon - comment))
				       : !hint->engine || hint->is_region;
	int64_t since_ns;
	size_t size;

	if (is_admitted && completeness_parse_merged(comment, &size, &since_ns)) {
		char *engine = strndup(comment, size);

		/* Each merged input is a part of its own. */
		merged->completeness.failed |= !engine;
		if (engine)
			completeness_add(&merged->completeness, engine,
					 (UINT64_C(1) << 32) + merged->completeness.count,
					 since_ns);
		free(engine);
	} else if (is_admitted)
		strvec_push(&merged->comments, comment);
	else
		add_text(merged, hint->engine, "", comment);
}

/* Those of a file of an engine. */
static void
add_comments(struct section *merged, const struct file_section *section, const char *engine)
{
	int64_t since_ns = INT64_MIN, ns;
	uint64_t core = UINT64_MAX;

	for (char **c = section->comments; c && *c; c++) {
		if (strncmp(*c, "core ", 5) == 0)
			parse_number(*c + 5, UINT32_MAX, &core, NULL);
		if (completeness_parse(*c, &ns))
			since_ns = ns;
		else
			add_text(merged, engine, "", *c);
	}
	if (since_ns != INT64_MIN)
		completeness_add(&merged->completeness, engine, core, since_ns);
}

void
section_add(struct section *merged, const struct file_section *section, const char *engine,
	    const struct label_hint *hint)
{
	add_options(merged, section);
	if (section->application && strncmp(section->application, "vcap-merge ", 11) == 0) {
		for (char **c = section->comments; c && *c; c++)
			add_merged(merged, *c, hint);
		return;
	}
	add_text(merged, engine, "application ", section->application);
	add_text(merged, engine, "os ", section->os);
	add_text(merged, engine, "hardware ", section->hardware);
	add_comments(merged, section, engine);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the list and keeps each text once, unless known, which is sorted, has it, and while there
 * is room. Counts what there is no room for in *left_out; returns how many are kept. */
static size_t
keep_each_once(char **list, char *const *known, size_t *left_out)
{
	size_t count = 0, kept = 0, size = 0;

	while (list && list[count])
		count++;
	if (count)
		qsort(list, count, sizeof(*list), compare_texts);
	for (size_t i = 0; i < count; i++) {
		bool is_new;

		while (known && *known && strcmp(*known, list[i]) < 0)
			known++;
		is_new = (kept == 0 || strcmp(list[kept - 1], list[i]) != 0) &&
			 !(known && *known && strcmp(*known, list[i]) == 0);

		if (is_new && (size += strlen(list[i]) + 8) <= SECTION_MAX) {
			list[kept++] = list[i];
		} else {
			*left_out += is_new;
			free(list[i]);
		}
	}
	if (list)
		list[kept] = NULL;
	return kept;
}

/* A pcapng option with its header, padded (draft-ietf-opsawg-pcapng, section 3.5). */
struct option {
	const unsigned char *bytes;
	size_t size;
};

static int
compare_options(const void *a, const void *b)
{
	const struct option *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->size);
}

static size_t
split_options(const unsigned char *options, size_t left, struct option *list)
{
	size_t count = 0;

	while (left >= 4) {
		uint16_t length;

		memcpy(&length, options + 2, 2);
		list[count] = (struct option){options, 4 + (length + 3u) / 4 * 4};
		options += list[count].size;
		left -= list[count++].size;
	}
	return count;
}

static bool
has_option(const struct file_section *section, const struct option *option)
{
	const unsigned char *at = section ? section->options : NULL;
	size_t left = at ? section->options_len : 0;

	while (left >= option->size) {
		uint16_t length;

		if (memcmp(at, option->bytes, option->size) == 0)
			return true;
		memcpy(&length, at + 2, 2);
		at += 4 + (length + 3u) / 4 * 4;
		left -= 4 + (length + 3u) / 4 * 4;
	}
	return false;
}

/* Sorts the options and keeps each once, unless known has it, and while there is room. */
static int
finish_options(struct section *merged, const struct file_section *known,
	       struct file_section *section)
{
	struct option *list = calloc(merged->options_len / 4 + 1, sizeof(*list));
	unsigned char *to = malloc(merged->options_len + 1);
	size_t count = 0;

	if (!list || !to) {
		free(list);
		free(to);
		return -1;
	}
	count = split_options(merged->options, merged->options_len, list);
	qsort(list, count, sizeof(*list), compare_options);
	section->options = to;
	section->options_len = 0;
	for (size_t i = 0; i < count; i++) {
		if ((i && compare_options(&list[i - 1], &list[i]) == 0) ||
		    has_option(known, &list[i]) ||
		    section->options_len + list[i].size > SECTION_MAX / 2)
			continue;
		memcpy(to + section->options_len, list[i].bytes, list[i].size);
		section->options_len += (uint32_t)list[i].size;
	}
	free(list);
	return 0;
}

int
section_finish(struct section *merged, const struct file_section *known,
	       struct file_section *section)
{
	struct strvec *comments = &merged->comments;
	bool failed = comments->failed || finish_options(merged, known, section) < 0;
	size_t left_out = 0;

	completeness_tell(&merged->completeness, comments);
	completeness_release(&merged->completeness);
	comments->count = keep_each_once(comments->list, known ? known->comments : NULL, &left_out);
	if (left_out)
		strvec_pushf(comments, "%zu more comments are left out", left_out);
	failed |= comments->failed;
	section->comments = strvec_detach(comments);
	free(merged->options);
	*merged = SECTION_INIT;
	return failed ? -1 : 0;
}
