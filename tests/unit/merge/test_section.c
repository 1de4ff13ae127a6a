/* The headers of many captures as one. */
#include "merge/section.h"

#include "tap.h"

#include <stdlib.h>

static struct file_section headers[] = {
    {.application = (char *)"vcap-run 1", .os = (char *)"Linux 6.1"},
    {.application = (char *)"dumpcap", .hardware = (char *)"a machine"},
    {.comments = (char *[]){(char *)"from the night", (char *)"a second line", NULL}},
    {.application = (char *)"vcap-run 1", .os = (char *)"Linux 6.1"},
};
static const char *const engines[] = {"lb1", "lb2", "lb1", "lb1"};

enum { HEADERS = sizeof(headers) / sizeof(*headers) };

static const struct label_hint unnamed = {.fallback = "file"};

static void
add(struct section *merged, size_t i)
{
	section_add(merged, &headers[i], engines[i], &unnamed);
}

/* The comments as one text. */
static char *
text_of(const struct file_section *section)
{
	static char text[4096];

	*text = '\0';
	for (char **comment = section->comments; comment && *comment; comment++) {
		strcat(text, *comment);
		strcat(text, "\n");
	}
	return text;
}

static char *
merge_in_order(const size_t *order)
{
	struct section merged = SECTION_INIT;
	struct file_section section = {0};
	char *text;

	for (size_t i = 0; i < HEADERS; i++)
		add(&merged, order[i]);
	if (section_finish(&merged, NULL, &section) < 0)
		abort();
	text = strdup(text_of(&section));
	file_section_release(&section);
	return text;
}

static void
order_does_not_matter(void)
{
	char *one = merge_in_order((const size_t[]){0, 1, 2, 3});
	char *other = merge_in_order((const size_t[]){3, 2, 0, 1});

	is_str(one,
	       "lb1: a second line\nlb1: application vcap-run 1\nlb1: from the night\n"
	       "lb1: os Linux 6.1\nlb2: application dumpcap\nlb2: hardware a machine\n",
	       "each text once, under its engine's name, sorted");
	is_str(other, one, "in whatever order headers are added");
	free(one);
	free(other);
}

static void
steps_do_not_matter(void)
{
	char *whole = merge_in_order((const size_t[]){0, 1, 2, 3});
	struct section first = SECTION_INIT, second = SECTION_INIT;
	struct file_section half = {0}, section = {0};

	add(&first, 0);
	add(&first, 1);
	section_finish(&first, NULL, &half);
	half.application = strdup("vcap-merge 1");
	section_add(&second, &half, "half", &unnamed);
	add(&second, 2);
	add(&second, 3);
	section_finish(&second, NULL, &section);
	is_str(text_of(&section), whole, "merging in steps is merging at once");
	file_section_release(&half);
	file_section_release(&section);
	free(whole);
}

static void
what_is_known_is_left_out(void)
{
	struct section first = SECTION_INIT, second = SECTION_INIT;
	struct file_section known = {0}, section = {0};

	add(&first, 0);
	section_finish(&first, NULL, &known);
	add(&second, 0);
	add(&second, 2);
	section_finish(&second, &known, &section);
	is_str(text_of(&section), "lb1: a second line\nlb1: from the night\n",
	       "what another header says is not repeated");
	file_section_release(&known);
	file_section_release(&section);
}

static void
too_much_is_counted(void)
{
	enum { SIZE = SECTION_MAX / 8 };
	static char text[SIZE + 1];
	struct section merged = SECTION_INIT;
	struct file_section section = {0};
	size_t size = 0, count = 0;

	memset(text, 'x', SIZE);
	for (char c = 'a'; c < 'a' + 10; c++) {
		struct file_section one = {.comments = (char *[]){text, NULL}};

		*text = c;
		section_add(&merged, &one, "lb1", &unnamed);
	}
	section_finish(&merged, NULL, &section);
	for (; section.comments[count]; count++)
		size += strlen(section.comments[count]);
	ok(size < SECTION_MAX + 100 && count == 8, "comments are bounded");
	is_str(section.comments[count - 1], "3 more comments are left out",
	       "... and one says how many there are no more");
	file_section_release(&section);
}

/* What an engine or a region sends may look like the output of a merge. */
static void
strangers_are_not_spoken_for(void)
{
	const struct file_section sent = {
	    .application = (char *)"vcap-merge 1",
	    .comments = (char *[]){(char *)"bad: mine", (char *)"good: os Linux",
				   (char *)"west1: os Linux", (char *)"unsigned", NULL}};
	const struct label_hint engine = {.engine = "bad"};
	const struct label_hint region = {
	    .engine = "bad", .is_region = true, .strangers = (char *[]){(char *)"good", NULL}};
	struct section merged = SECTION_INIT;
	struct file_section section = {0};

	section_add(&merged, &sent, "bad", &engine);
	section_finish(&merged, NULL, &section);
	is_str(text_of(&section),
	       "bad: good: os Linux\nbad: mine\nbad: unsigned\nbad: west1: os Linux\n",
	       "an engine speaks for itself only");
	file_section_release(&section);
	section = (struct file_section){0};
	section_add(&merged, &sent, "bad", &region);
	section_finish(&merged, NULL, &section);
	is_str(text_of(&section), "bad: good: os Linux\nbad: mine\nunsigned\nwest1: os Linux\n",
	       "a region for its engines, but not for others");
	file_section_release(&section);
}

int
main(void)
{
	strangers_are_not_spoken_for();
	order_does_not_matter();
	steps_do_not_matter();
	what_is_known_is_left_out();
	too_much_is_counted();
	return done_testing();
}
