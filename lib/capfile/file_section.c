#include "capfile/file_section.h"

#include <stdlib.h>
#include <string.h>

void
file_section_release(struct file_section *section)
{
	free(section->options);
	free(section->hardware);
	free(section->os);
	free(section->application);
	for (char **c = section->comments; c && *c; c++)
		free(*c);
	free(section->comments);
	*section = (struct file_section){0};
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
file_section_has_same_header(const struct file_section *a, const struct file_section *b)
{
	char **x = a->comments, **y = b->comments;

	if (!is_same_text(a->hardware, b->hardware) || !is_same_text(a->os, b->os) ||
	    !is_same_text(a->application, b->application) || a->options_len != b->options_len ||
	    (a->options_len && memcmp(a->options, b->options, a->options_len) != 0))
		return false;
	while (x && y && *x && *y && strcmp(*x, *y) == 0)
		x++, y++;
	return !(x && *x) && !(y && *y);
}

bool
file_section_is_from_vcap(const struct file_section *section)
{
	static const char prefix[] = "vcap-";

	return section->application &&
	       strncmp(section->application, prefix, sizeof(prefix) - 1) == 0;
}

bool
file_section_promises(const struct file_section *section)
{
	const char *version = section->application ? strchr(section->application, ' ') : NULL;

	return file_section_is_from_vcap(section) && version && strncmp(version, " 0.1.", 5) != 0;
}

bool
file_section_is_counted(const struct file_section *section)
{
	for (char **c = section->comments; c && *c; c++) {
		const char *colon = strstr(*c, ": "), *line = colon ? colon + 2 : *c;

		if (strncmp(line, "count ", 6) == 0 && strtoull(line + 6, NULL, 10) > 0)
			return true;
	}
	return false;
}
