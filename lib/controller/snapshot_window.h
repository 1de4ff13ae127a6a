/*
 * The window of a snapshot in the spool (vcap-spool(5)): which capture is a snapshot, of which rolling
 * capture, and from when to when, by this host's clock and by that of each engine.
 */
#ifndef VCAP_SNAPSHOT_WINDOW_H
#define VCAP_SNAPSHOT_WINDOW_H

#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

/* In ns since 1970; to_ns is the first moment that does not belong. */
struct snapshot_window {
	int64_t from_ns, to_ns;
};

/* The id of the rolling capture that entry is a snapshot of; NULL: it is none. Owned by the facts. */
const char *snapshot_window_ring(const struct spool_entry *entry);

/* Reads the window from the facts. False: entry is no snapshot. */
bool snapshot_window_read(struct snapshot_window *window, const struct spool_entry *entry);

/* Reads the window by the engine's clock, as far as its offset is recorded, and longer by the bound of
 * that offset's error. */
bool snapshot_window_there(struct snapshot_window *window, const struct spool_entry *entry,
			   const char *engine);

/* Says how much of the window the engine's ring had lost at its beginning, or no longer had at its end, or that its
 * clock was set while it kept that, by its last status. NULL: nothing beyond the error of its clock. */
#define SNAPSHOT_WINDOW_TEXT 96
const char *snapshot_window_gap(const struct spool_entry *entry, const char *engine,
				const struct keyval *state, char text[SNAPSHOT_WINDOW_TEXT]);

#endif
