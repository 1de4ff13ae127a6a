/*
 * When the host of a rolling capture lost what: counts of a few seconds each, as long as the ring has packets of
 * them. A snapshot is told those that reach into its window.
 *
 * Text form: "FROM TO LOSS", two times in seconds since 1970, then that of packet/loss.h.
 */
#ifndef VCAP_LOSSTIMES_H
#define VCAP_LOSSTIMES_H

#include "base/keyval.h"
#include "packet/loss.h"

#include <stddef.h>
#include <stdint.h>

/* Beyond these the oldest are forgotten. */
#define LOSSTIMES_MAX 128
/* Begins their keys in a status. */
#define LOSSTIMES_KEY "lost-at-"

struct losstime {
	int64_t from_ns, to_ns; /* CLOCK_REALTIME */
	int64_t boot_ns;        /* to_ns on CLOCK_BOOTTIME */
	struct loss loss;
};

struct losstimes {
	int64_t kept_ns;       /* how long they are kept; 0: not at all */
	struct losstime *list; /* heap; the oldest first */
	size_t count;
	struct losstime now; /* the time since the last reading */
};

#define LOSSTIMES_INIT ((struct losstimes){0})

/* Without the memory for it nothing is kept. */
void losstimes_init(struct losstimes *times, int64_t kept_ns);
void losstimes_release(struct losstimes *times);

/* Begins a reading of the counters, which is of the time since the one before; forgets what is too old. */
void losstimes_read(struct losstimes *times, int64_t realtime_ns, int64_t boottime_ns);

/* Adds what a counter has grown by in that time. */
void losstimes_add(struct losstimes *times, enum loss_kind kind, const char *place, uint64_t count);

#define LOSSTIMES_TEXT_MAX (LOSS_TEXT_MAX + 64)

/* Writes a loss with its time, as a status has it (losstimes_sum). */
void losstimes_format(const struct losstime *time, char to[LOSSTIMES_TEXT_MAX]);

/* Sums up what a status has of times that reach into [from_ns, to_ns), in the order of loss_kind; lines that are
 * not of that form are passed over. Returns how much there is, at most room. */
size_t losstimes_sum(const struct keyval *status, int64_t from_ns, int64_t to_ns, struct loss *to,
		     size_t room);

#endif
