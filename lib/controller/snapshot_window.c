#include "controller/snapshot_window.h"

#include "base/clock.h"
#include "base/parse.h"
#include "controller/clock_correct.h"

#include <stdio.h>

/* The error of a clock that could not be read: whoever runs a service keeps it by NTP. */
#define UNREAD_ERROR NS_PER_SECOND

const char *
snapshot_window_ring(const struct spool_entry *entry)
{
	const char *ring = keyval_get(&entry->facts, "snapshot-of");

	return ring && spool_id_is_valid(ring) ? ring : NULL;
}

static bool
read_time(const struct keyval *kv, const char *key, int64_t *ns)
{
	const char *word = keyval_get(kv, key);

	return word && parse_offset(word, ns, NULL) == 0 && *ns >= 0;
}

bool
snapshot_window_read(struct snapshot_window *window, const struct spool_entry *entry)
{
	return snapshot_window_ring(entry) && read_time(&entry->facts, "from", &window->from_ns) &&
	       read_time(&entry->facts, "to", &window->to_ns);
}

static struct clock_offset
offset_of(const struct spool_entry *entry, const char *engine)
{
	struct clock_offset offset = {0, UNREAD_ERROR};

	clock_correct_offset(entry, engine, &offset);
	return offset;
}

bool
snapshot_window_there(struct snapshot_window *window, const struct spool_entry *entry,
		      const char *engine)
{
	struct clock_offset offset;

	if (!snapshot_window_read(window, entry))
		return false;
	offset = offset_of(entry, engine);
	window->from_ns += offset.offset_ns - offset.error_ns;
	window->to_ns += offset.offset_ns + offset.error_ns;
	if (window->from_ns < 0)
		window->from_ns = 0;
	return window->to_ns > window->from_ns;
}

const char *
snapshot_window_gap(const struct spool_entry *entry, const char *engine, const struct keyval *state,
		    char text[SNAPSHOT_WINDOW_TEXT])
{
	struct snapshot_window window;
	struct clock_offset offset;
	int64_t since, until, before, behind;
	double step;

	if (!snapshot_window_read(&window, entry) || !read_time(state, "complete-since", &since) ||
	    !read_time(state, "ended", &until))
		return NULL;
	offset = offset_of(entry, engine);
	before = since - offset.offset_ns - window.from_ns;
	behind = window.to_ns - (until - offset.offset_ns);
	if (behind > offset.error_ns)
		snprintf(text, SNAPSHOT_WINDOW_TEXT, "its ring had ended %.3f s before",
			 (double)behind / NS_PER_SECOND);
	else if (keyval_get(state, "clock-step") &&
		 sscanf(keyval_get(state, "clock-step"), "%lf", &step) == 1)
		snprintf(text, SNAPSHOT_WINDOW_TEXT,
			 "its clock was set by %+.3f s: packets from before that may be missing",
			 step);
	else if (before > offset.error_ns)
		snprintf(text, SNAPSHOT_WINDOW_TEXT, "it had not kept the first %.3f s",
			 (double)before / NS_PER_SECOND);
	else
		return NULL;
	return text;
}
