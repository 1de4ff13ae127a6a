#include "base/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of the UTF-8 character at s and its code point, or 0 if the bytes are not UTF-8
 * (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF). */
static size_t
utf8_decode(const unsigned char *s, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length;

	if (s[0] < 0x80) {
		*point = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;
	*point = s[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3f);
	}
	if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}

static bool
is_harmless(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
		return false;
	if (point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069))
		return false;
	return true;
}

char *
text_escape(char *to, size_t size, const char *from)
{
	const unsigned char *s = (const unsigned char *)from;
	size_t used = 0;

	while (*s) {
		uint32_t point;
		size_t length = utf8_decode(s, &point);
		bool plain = length > 0 && is_harmless(point);
		size_t bytes = length ? length : 1;
		size_t need = plain ? bytes : 4 * bytes;

		if (used + need >= size)
			break;
		if (plain)
			memcpy(to + used, s, bytes);
		else
			for (size_t i = 0; i < bytes; i++)
				snprintf(to + used + 4 * i, 5, "\\x%02x", s[i]);
		used += need;
		s += bytes;
	}
	to[used] = '\0';
	return to;
}

char *
text_escape_lines(const char *from)
{
	const size_t size = 4 * strlen(from) + 1;
	char *safe = malloc(size), *line = strdup(from), *to = safe, *at = line;

	while (safe && line && *at) {
		char *end = at + strcspn(at, "\n\t");
		const char blank = *end;

		*end = '\0';
		text_escape(to, size - (size_t)(to - safe), at);
		to += strlen(to);
		if (!blank)
			break;
		*to++ = blank;
		at = end + 1;
	}
	if (safe && line)
		*to = '\0';
	free(line);
	if (!line) {
		free(safe);
		return NULL;
	}
	return safe;
}

int
text_put_lines(FILE *out, const char *from)
{
	char *safe = text_escape_lines(from);

	if (safe)
		fputs(safe, out);
	free(safe);
	return safe ? 0 : -1;
}

void
text_tame_lines(char *text)
{
	const char *from = text;

	while (*from) {
		uint32_t point;
		size_t length = utf8_decode((const unsigned char *)from, &point);

		if (*from == '\n' || *from == '\t' || (length && is_harmless(point))) {
			memmove(text, from, length);
			text += length;
		} else {
			*text++ = '?';
		}
		from += length ? length : 1;
	}
	*text = '\0';
}

static bool
is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

char *
text_abridge(char *to, size_t size, const char *from)
{
	static const char gap[] = "...";
	const size_t length = strlen(from), room = size - 1;
	size_t head = room / 3, tail = room - head - strlen(gap);

	if (length <= room) {
		memcpy(to, from, length + 1);
		return to;
	}
	while (head > 0 && is_continuation(from[head]))
		head--;
	while (tail > 0 && is_continuation(from[length - tail]))
		tail--;
	snprintf(to, size, "%.*s%s%s", (int)head, from, gap, from + length - tail);
	return to;
}

void
text_json(FILE *out, const char *from)
{
	const unsigned char *s = (const unsigned char *)from;

	putc('"', out);
	while (*s) {
		uint32_t point;
		size_t length = utf8_decode(s, &point);

		if (length == 0) {
			fputs("\\ufffd", out);
			s++;
			continue;
		}
		if (point == '"' || point == '\\')
			fprintf(out, "\\%c", (int)point);
		else if (!is_harmless(point))
			fprintf(out, "\\u%04x", (unsigned)point);
		else
			fwrite(s, 1, length, out);
		s += length;
	}
	putc('"', out);
}

char *
text_size(uint64_t size, char to[TEXT_SIZE])
{
	static const char units[] = "kMGTPE";
	double value = (double)size;
	int unit = -1;

	for (; value >= 1024; value /= 1024)
		unit++;
	if (unit < 0)
		snprintf(to, TEXT_SIZE, "%" PRIu64, size);
	else
		snprintf(to, TEXT_SIZE, value < 10 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return to;
}

char *
text_last_line(char *text)
{
	size_t length = strlen(text);
	char *line;

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

void
text_drop_mark(char *text)
{
	static const char mark[] = "\xef\xbb\xbf";
	const size_t length = sizeof(mark) - 1;

	if (strncmp(text, mark, length) == 0)
		memmove(text, text + length, strlen(text + length) + 1);
}
