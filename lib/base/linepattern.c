/*
 * A search that goes back over its choices takes time that grows with a power of the line's length, or
 * worse: (a+)+$ on a line of `a` doubles it with each. PCRE2 counts these steps, and gives up at a limit.
 * 20,000 of them take a millisecond or so, while a pattern that people write takes some hundred on a line.
 * What it remembers meanwhile is bounded too. References back are refused, as they make even the best of
 * searches exponential, and are of no use for telling a kind of line.
 */
#include "base/linepattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define STEPS_MOST   20000 /* calls of match() for a line, and how deep these go */
#define DEPTH_MOST   1000
#define HEAP_MOST_KB 1024
#define NESTED_MOST  50 /* parentheses in each other */

struct linepattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static pcre2_code *
compile(const char *text, struct failure *why)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR message[128];
	PCRE2_SIZE at;
	pcre2_code *code;
	int error;

	if (!context) {
		failure_nomem(why);
		return NULL;
	}
	pcre2_set_parens_nest_limit(context, NESTED_MOST);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
			     PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &error,
			     &at, context);
	pcre2_compile_context_free(context);
	if (!code) {
		pcre2_get_error_message(error, message, sizeof(message));
		failure_set(why, "bad pattern '%s' at byte %zu: %s", text, at + 1,
			    (const char *)message);
	}
	return code;
}

static int
check_references(const pcre2_code *code, const char *text, struct failure *why)
{
	uint32_t back = 0;

	pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &back);
	return back == 0 ? 0
			 : failure_set(why, "a pattern may not refer back to a group: '%s'", text);
}

static int
make_limits(struct linepattern *pattern, struct failure *why)
{
	pattern->data = pcre2_match_data_create(1, NULL);
	pattern->limits = pcre2_match_context_create(NULL);
	if (!pattern->data || !pattern->limits)
		return failure_nomem(why);
	pcre2_set_match_limit(pattern->limits, STEPS_MOST);
	pcre2_set_depth_limit(pattern->limits, DEPTH_MOST);
	pcre2_set_heap_limit(pattern->limits, HEAP_MOST_KB);
	return 0;
}

struct linepattern *
linepattern_new(const char *text, struct failure *why)
{
	struct linepattern *pattern;

	if (linepattern_text_check(text, why) < 0)
		return NULL;
	pattern = calloc(1, sizeof(*pattern));
	if (!pattern) {
		failure_nomem(why);
		return NULL;
	}
	pattern->code = compile(text, why);
	if (pattern->code && check_references(pattern->code, text, why) == 0 &&
	    make_limits(pattern, why) == 0)
		return pattern;
	linepattern_free(pattern);
	return NULL;
}

enum linepattern_verdict
linepattern_judge(const struct linepattern *pattern, const char *line, size_t length)
{
	const int rc = pcre2_match(pattern->code, (PCRE2_SPTR)line, length, 0, 0, pattern->data,
				   pattern->limits);

	if (rc >= 0)
		return LINEPATTERN_MATCH;
	return rc == PCRE2_ERROR_NOMATCH ? LINEPATTERN_OTHER : LINEPATTERN_LIMIT;
}

void
linepattern_free(struct linepattern *pattern)
{
	if (!pattern)
		return;
	pcre2_code_free(pattern->code);
	pcre2_match_data_free(pattern->data);
	pcre2_match_context_free(pattern->limits);
	free(pattern);
}
