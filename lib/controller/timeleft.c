#include "controller/timeleft.h"

#include "base/clock.h"
#include "base/parse.h"
#include "controller/clock_offset.h"
#include "controller/engine_state.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whether the key is "core-" and a number. */
static bool
is_core(const char *key)
{
	if (strncmp(key, "core-", 5) != 0 || !key[5])
		return false;
	for (key += 5; isdigit((unsigned char)*key); key++)
		;
	return !*key;
}

/* The packets that the known cores may still keep; 0 if no core is known. */
static uint64_t
packets_left(const struct keyval *state, uint64_t count)
{
	uint64_t left = 0;

	for (size_t i = 0; i < state->count; i++) {
		const char *value = state->pairs[i].value;
		char digits[21];
		uint64_t packets;

		if (!is_core(state->pairs[i].key) || sscanf(value, "packets %20[0-9]", digits) != 1)
			continue;
		if (parse_number(digits, UINT64_MAX, &packets, NULL) == 0 && packets < count)
			left += count - packets;
	}
	return left;
}

static void
print_time(int64_t left_ns, FILE *out)
{
	/* Rounded up. */
	const int64_t seconds = (left_ns + NS_PER_SECOND - 1) / NS_PER_SECOND;

	if (seconds >= 3600)
		fprintf(out, "%" PRId64 "h%02" PRId64 "m", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		fprintf(out, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
	else
		fprintf(out, "%" PRId64 "s", seconds);
}

char *
timeleft_format(const struct spool_entry *entry, const struct keyval *state, int64_t now_ns,
		char to[TIMELEFT_TEXT])
{
	const int64_t duration = (int64_t)keyval_number(&entry->facts, "duration", 0);
	const uint64_t count = keyval_number(&entry->facts, "count", 0);
	const uint64_t packets = count ? packets_left(state, count) : 0;
	const enum engine_status status = engine_state_status(state);
	FILE *out;

	memset(to, 0, TIMELEFT_TEXT);
	if (spool_entry_state(entry) != CAPTURE_CAPTURING ||
	    (status != ENGINE_RUNNING && status != ENGINE_SILENT))
		return to;
	out = fmemopen(to, TIMELEFT_TEXT, "w");
	if (!out)
		return to;
	if (duration > 0) {
		int64_t left_ns = spool_entry_began_ns(entry) + duration - now_ns;

		print_time(left_ns > 0 ? left_ns : 0, out);
	}
	if (packets > 0)
		fprintf(out, "%s%" PRIu64 " packets", duration > 0 ? " or " : "", packets);
	fclose(out);
	return to;
}

int64_t
timeleft_age_ns(const struct keyval *state, int64_t now_ns)
{
	struct clock_offset offset;
	const char *word = keyval_get(state, "counted");
	int64_t counted_ns, age_ns;

	if (engine_state_status(state) != ENGINE_RUNNING || !word ||
	    parse_offset(word, &counted_ns, NULL) < 0)
		return -1;
	age_ns = now_ns - counted_ns;
	if (clock_offset_read(&offset, state, "clock-start"))
		age_ns += offset.offset_ns;
	return age_ns > 0 ? age_ns : 0;
}

char *
timeleft_print(int64_t ns, char to[TIMELEFT_TEXT])
{
	FILE *out = fmemopen(to, TIMELEFT_TEXT, "w");

	memset(to, 0, TIMELEFT_TEXT);
	if (!out)
		return to;
	print_time(ns, out);
	fclose(out);
	return to;
}
