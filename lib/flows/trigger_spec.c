#include "flows/trigger_spec.h"

#include "base/clock.h"
#include "base/linepattern_text.h"
#include "base/parse.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define WITHIN_LEAST (NS_PER_SECOND / 10)
#define WITHIN_MOST  (60 * NS_PER_MINUTE)

/* If word begins with it, what follows; NULL: it does not. */
static const char *
behind(const char *word, const char *start)
{
	const size_t length = strlen(start);

	return strncmp(word, start, length) == 0 ? word + length : NULL;
}

bool
trigger_spec_is_path(const char *word)
{
	if (*word != '/' || strlen(word) >= TRIGGER_SPEC_PATH || strchr(word, ':'))
		return false;
	for (; *word; word++)
		if ((unsigned char)*word <= ' ' || *word == '\x7f')
			return false;
	return true;
}

static int
parse_file(struct trigger_spec *spec, const char *rest, struct failure *why)
{
	const size_t length = strcspn(rest, ":");

	snprintf(spec->path, sizeof(spec->path), "%.*s", (int)length, rest);
	if (length >= sizeof(spec->path) || !trigger_spec_is_path(spec->path))
		return failure_set(why, "not an absolute path: 'file:%s'", rest);
	if (!rest[length])
		return failure_set(why, "a file and a pattern are 'file:PATH:REGEX': 'file:%s'",
				   rest);
	spec->what = rest + length + 1;
	return 0;
}

/* N/TIME:WHAT */
static int
parse_packets(struct trigger_spec *spec, const char *rest, struct failure *why)
{
	const char *slash = strchr(rest, '/'), *colon = slash ? strchr(slash, ':') : NULL;
	char count[24], within[24];

	if (!colon || slash - rest >= (ptrdiff_t)sizeof(count) ||
	    colon - slash > (ptrdiff_t)sizeof(within))
		return failure_set(
		    why, "a number of packets is 'packets:N/TIME:EXPRESSION': 'packets:%s'", rest);
	snprintf(count, sizeof(count), "%.*s", (int)(slash - rest), rest);
	snprintf(within, sizeof(within), "%.*s", (int)(colon - slash - 1), slash + 1);
	if (parse_number(count, UINT64_MAX, &spec->count, why) < 0 ||
	    parse_duration(within, NS_PER_SECOND, &spec->within_ns, why) < 0)
		return -1;
	if (spec->count == 0)
		return failure_set(why, "no packets are a number of none: 'packets:%s'", rest);
	if (spec->within_ns < WITHIN_LEAST || spec->within_ns > WITHIN_MOST)
		return failure_set(why, "packets are counted in 100ms to 1h: '%s'", within);
	spec->what = colon + 1;
	return *spec->what ? 0 : failure_set(why, "the expression is empty: 'packets:%s'", rest);
}

int
trigger_spec_parse(struct trigger_spec *spec, const char *word, struct failure *why)
{
	const char *rest;

	*spec = (struct trigger_spec){0};
	if ((rest = behind(word, "log:"))) {
		spec->kind = TRIGGER_LOG;
		spec->what = rest;
	} else if ((rest = behind(word, "file:"))) {
		spec->kind = TRIGGER_FILE;
		if (parse_file(spec, rest, why) < 0)
			return -1;
	} else if ((rest = behind(word, "packets:"))) {
		spec->kind = TRIGGER_PACKETS;
		return parse_packets(spec, rest, why);
	} else {
		return failure_set(
		    why, "not 'log:REGEX', 'file:PATH:REGEX' or 'packets:N/TIME:EXPR': '%s'", word);
	}
	return linepattern_text_check(spec->what, why);
}
