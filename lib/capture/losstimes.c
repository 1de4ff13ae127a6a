/*
 * Readings are a second apart, and a host that loses much loses it in each of them: so a time goes on in the one
 * before until it is a 64th of what is kept.
 */
#include "capture/losstimes.h"

#include "base/clock.h"
#include "base/parse.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
losstimes_init(struct losstimes *times, int64_t kept_ns)
{
	*times = (struct losstimes){.kept_ns = kept_ns};
	if (kept_ns)
		times->list = malloc(LOSSTIMES_MAX * sizeof(*times->list));
	if (!times->list)
		times->kept_ns = 0;
}

void
losstimes_release(struct losstimes *times)
{
	free(times->list);
	*times = LOSSTIMES_INIT;
}

static void
forget(struct losstimes *times, size_t count)
{
	times->count -= count;
	memmove(times->list, times->list + count, times->count * sizeof(*times->list));
}

void
losstimes_read(struct losstimes *times, int64_t realtime_ns, int64_t boottime_ns)
{
	size_t old = 0;

	if (!times->kept_ns)
		return;
	times->now.from_ns = times->now.boot_ns ? times->now.to_ns : realtime_ns;
	times->now.to_ns = realtime_ns;
	times->now.boot_ns = boottime_ns;
	while (old < times->count && boottime_ns - times->list[old].boot_ns > times->kept_ns)
		old++;
	if (old)
		forget(times, old);
}

/* Adds the words that are not there yet, as far as there is room. */
static void
add_places(char to[LOSS_PLACE_MAX], const char *places)
{
	while (*places) {
		const size_t length = strcspn(places, " "), used = strlen(to);
		const char *found = to;

		while (*found &&
		       (strcspn(found, " ") != length || strncmp(found, places, length) != 0)) {
			found += strcspn(found, " ");
			found += strspn(found, " ");
		}
		if (!*found && length && used + 1 + length < LOSS_PLACE_MAX)
			snprintf(to + used, LOSS_PLACE_MAX - used, "%s%.*s", used ? " " : "",
				 (int)length, places);
		places += length;
		places += strspn(places, " ");
	}
}

/* Whether the one goes on in the other: the same counter. Listeners are all of one. */
static bool
is_same(const struct loss *a, const struct loss *b)
{
	return a->kind == b->kind &&
	       (a->kind == LOSS_LISTEN_OVERFLOWS || strcmp(a->place, b->place) == 0);
}

static void
add_loss(struct loss *to, const struct loss *more)
{
	to->count = to->count > UINT64_MAX - more->count ? UINT64_MAX : to->count + more->count;
	if (to->kind == LOSS_LISTEN_OVERFLOWS)
		add_places(to->place, more->place);
}

void
losstimes_add(struct losstimes *times, enum loss_kind kind, const char *place, uint64_t count)
{
	struct losstime *last;

	if (!times->kept_ns)
		return;
	times->now.loss = (struct loss){.kind = kind, .count = count};
	snprintf(times->now.loss.place, LOSS_PLACE_MAX, "%s", place);
	for (size_t i = times->count; i-- > 0;) {
		last = &times->list[i];
		if (!is_same(&last->loss, &times->now.loss))
			continue;
		if (last->to_ns < times->now.from_ns || last->from_ns > times->now.from_ns ||
		    times->now.to_ns - last->from_ns > times->kept_ns / 64)
			break;
		last->to_ns = times->now.to_ns;
		last->boot_ns = times->now.boot_ns;
		add_loss(&last->loss, &times->now.loss);
		return;
	}
	if (times->count == LOSSTIMES_MAX)
		forget(times, 1);
	times->list[times->count++] = times->now;
}

void
losstimes_format(const struct losstime *time, char to[LOSSTIMES_TEXT_MAX])
{
	char text[LOSS_TEXT_MAX];

	loss_format(&time->loss, text);
	snprintf(to, LOSSTIMES_TEXT_MAX, CLOCK_FORMAT " " CLOCK_FORMAT " %s",
		 CLOCK_ARGS(time->from_ns), CLOCK_ARGS(time->to_ns), text);
}

static bool
parse(struct losstime *time, const char *text)
{
	char words[2][32];
	int used = 0;

	return sscanf(text, "%31[0-9.] %31[0-9.] %n", words[0], words[1], &used) == 2 && used &&
	       parse_offset(words[0], &time->from_ns, NULL) == 0 &&
	       parse_offset(words[1], &time->to_ns, NULL) == 0 &&
	       loss_parse(&time->loss, text + used);
}

static int
compare(const void *a, const void *b)
{
	const struct loss *x = a, *y = b;

	return x->kind == y->kind ? strcmp(x->place, y->place) : (int)x->kind - (int)y->kind;
}

size_t
losstimes_sum(const struct keyval *status, int64_t from_ns, int64_t to_ns, struct loss *to,
	      size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < status->count; i++) {
		const struct keyval_pair *pair = &status->pairs[i];
		struct losstime time;
		size_t at = 0;

		if (strncmp(pair->key, LOSSTIMES_KEY, strlen(LOSSTIMES_KEY)) != 0 ||
		    !parse(&time, pair->value) || time.to_ns <= from_ns || time.from_ns >= to_ns)
			continue;
		while (at < count && !is_same(&to[at], &time.loss))
			at++;
		if (at < count)
			add_loss(&to[at], &time.loss);
		else if (count < room)
			to[count++] = time.loss;
	}
	if (count)
		qsort(to, count, sizeof(*to), compare);
	return count;
}
