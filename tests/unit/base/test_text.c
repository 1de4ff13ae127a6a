#include "base/text.h"
#include "tap.h"

#include <stdlib.h>

static void
json_is(const char *from, const char *wanted, const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	text_json(out, from);
	fclose(out);
	is_str(text, wanted, name);
	free(text);
}

int
main(void)
{
	char *lines;
	char to[64], small[6];

	is_str(text_escape(to, sizeof(to), "plain \\ text"), "plain \\ text", "plain text stays");
	is_str(text_escape(to, sizeof(to), "a\x1b[31mb\r\n"), "a\\x1b[31mb\\x0d\\x0a",
	       "terminal controls are written out");
	is_str(text_escape(to, sizeof(to),
			   "\xc2\x9b"
			   "31m"),
	       "\\xc2\\x9b31m", "C1 as UTF-8 too");
	is_str(text_escape(to, sizeof(to), "caf\xc3\xa9"), "caf\xc3\xa9", "UTF-8 letters stay");
	is_str(text_escape(to, sizeof(to), "\xc0\xaf"), "\\xc0\\xaf",
	       "overlong forms are not UTF-8");
	is_str(text_escape(to, sizeof(to), "\xed\xa0\x80"), "\\xed\\xa0\\x80",
	       "nor are surrogates");
	is_str(text_escape(to, sizeof(to), "\xe2\x80\xaetxt"), "\\xe2\\x80\\xaetxt",
	       "right-to-left override");
	is_str(text_escape(small, sizeof(small), "abc\x01"), "abc", "no half of an escape");
	is_str(text_escape(small, sizeof(small), "abcdefgh"), "abcde", "cut to the room");

	lines = text_escape_lines("a\x1b\n\tb\xff\n\nc");
	is_str(lines, "a\\x1b\n\tb\\xff\n\nc", "lines and tabs stay where they are wanted");
	free(lines);
	lines = text_escape_lines("");
	is_str(lines, "", "no line");
	free(lines);

	strcpy(to, "a\x1b[1m\n\tb\xff \xc2\x9b \xe2\x80\xae \xed\xa0\x80 caf\xc3\xa9 \xe2\x82");
	text_tame_lines(to);
	is_str(to, "a?[1m\n\tb? ? ? ??? caf\xc3\xa9 ??",
	       "what a terminal could act upon is taken out");
	text_tame_lines(strcpy(to, ""));
	is_str(to, "", "of nothing, nothing");

	is_str(text_abridge(to, 13, "0123456789ab"), "0123456789ab", "what fits is whole");
	is_str(text_abridge(to, 13, "0123456789abc"), "0123...89abc",
	       "what does not loses its middle");
	is_str(text_abridge(to, 13,
			    "012\xc3\xa9"
			    "56789\xc3\xa9wxyz"),
	       "012...wxyz", "and no UTF-8 character is cut in two");

	json_is("a\"b\\c", "\"a\\\"b\\\\c\"", "JSON quotes");
	json_is("\x1b\n", "\"\\u001b\\u000a\"", "JSON controls");
	json_is("x\xff", "\"x\\ufffd\"", "JSON replaces what is not UTF-8");
	return done_testing();
}
