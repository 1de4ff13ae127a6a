#include "base/linepattern.h"
#include "tap.h"

static enum linepattern_verdict
judge(const char *text, const char *line)
{
	struct failure why;
	struct linepattern *pattern = linepattern_new(text, &why);
	enum linepattern_verdict verdict;

	if (!pattern) {
		ok(false, "'%s': %s", text, why.text);
		return LINEPATTERN_OTHER;
	}
	verdict = linepattern_judge(pattern, line, strlen(line));
	linepattern_free(pattern);
	return verdict;
}

static void
judged(void)
{
	/* Each with a line of 60 bytes goes on for years without a limit. */
	static const char *const hostile[] = {"(a+)+$", "(a|aa)+$", "(.*)*x$", "^(a?){60}a{60}$",
					      "(a*)*b"};
	char line[62];

	ok(judge(" 50[234] ", "x 503 y") == LINEPATTERN_MATCH, "a match");
	ok(judge(" 50[234] ", "x 500 y") == LINEPATTERN_OTHER, "no match");
	ok(judge("(?i)fatal|^(?!ok)\\d++$", "12") == LINEPATTERN_MATCH, "of Perl's kind");
	ok(judge("\xe4.", "\xe4\xff") == LINEPATTERN_MATCH, "bytes, not UTF");
	ok(judge("x", "") == LINEPATTERN_OTHER, "an empty line");
	memset(line, 'a', 60);
	strcpy(line + 60, "!");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		ok(judge(hostile[i], line) != LINEPATTERN_MATCH, "'%s' comes to an end",
		   hostile[i]);
	ok(judge("(a+)+$", line) == LINEPATTERN_LIMIT, "at a limit");
}

/* What is refused, and the word that says so. */
static void
refused(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"", "empty"},
	    {"(a", "'(a' at byte 3"},
	    {"a\tb", "control"},
	    {"(a)\\1", "refer back"},
	    {"(?<n>a)\\k<n>", "refer back"},
	    {"(?:(a))\\g{-1}", "refer back"},
	    {"(*UTF)a", "'(*UTF)a'"},
	    {"a\\Cb", "'a\\Cb'"},
	};
	char longest[LINEPATTERN_MAX + 2];
	struct failure why;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const bool is_refused = !linepattern_new(cases[i].text, &why);

		ok(is_refused && strstr(why.text, cases[i].says), "'%s': %s", cases[i].text,
		   is_refused ? why.text : "");
	}
	memset(longest, 'a', LINEPATTERN_MAX + 1);
	longest[LINEPATTERN_MAX + 1] = '\0';
	ok(!linepattern_new(longest, &why), "too long: %s", why.text);
	ok(linepattern_text_check(longest + 1, &why) == 0, "as long as may be");
}

int
main(void)
{
	judged();
	refused();
	return done_testing();
}
