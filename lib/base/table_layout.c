#include "base/table_layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t
table_layout_room(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	char *end;
	unsigned long room;

	if (columns && isdigit((unsigned char)*columns)) {
		room = strtoul(columns, &end, 10);
		if (!*end)
			return room;
	}
	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

size_t
table_layout_width(const char *text)
{
	size_t width = 0;

	/* Not the bytes that continue a character of UTF-8. */
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

void
table_layout_wrap(FILE *out, const char *text, size_t room)
{
	enum { INDENT = 2 };
	size_t column = 0;

	while (*text) {
		const size_t length = strcspn(text, " ");
		char word[512];

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		if (column == 0 || column + 1 + table_layout_width(word) > room) {
			fprintf(out, "%s%*s", column ? "\n" : "", INDENT, "");
			column = INDENT;
		} else {
			putc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += table_layout_width(word);
		text += length + strspn(text + length, " ");
	}
	putc('\n', out);
}
