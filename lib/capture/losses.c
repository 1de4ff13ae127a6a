/*
 * A counter counts by how much it has grown since it was read before; one that is smaller than before
 * (an interface was made again, a 32-bit counter began again) starts over from there. So what is told is
 * what was certainly lost, and never more.
 */
#include "capture/losses.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/strvec.h"
#include "capture/listenqueues.h"
#include "capture/losscounters.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a host with thousands of interfaces, or processors. */
#define FILE_MAX ((size_t)4 << 20)

struct losscount {
	uint64_t last; /* as read before, or LOSSCOUNTERS_UNKNOWN */
	uint64_t grown;
};

static int
open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

void
losses_open(struct losses *losses, const struct iftable *interfaces, int64_t kept_ns)
{
	losses->netstat = open_file("/proc/net/netstat");
	losses->conntrack = open_file("/proc/net/stat/nf_conntrack");
	losses->softnet = open_file("/proc/net/softnet_stat");
	losses->dev = open_file("/proc/net/dev");
	losses->listeners = listenqueues_open();
	losses->interfaces = interfaces;
	losses->counts = calloc(LOSSES_MAX, sizeof(*losses->counts));
	losstimes_init(&losses->times, kept_ns);
}

void
losses_close(struct losses *losses)
{
	fileio_close(&losses->netstat);
	fileio_close(&losses->conntrack);
	fileio_close(&losses->softnet);
	fileio_close(&losses->dev);
	fileio_close(&losses->listeners);
	free(losses->counts);
	losstimes_release(&losses->times);
	*losses = LOSSES_INIT;
}

/* The text of the file, from its beginning: heap. NULL: it cannot be read. */
static char *
read_file(int fd)
{
	struct failure why;
	char *text;
	size_t size;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fileio_slurp(fd, FILE_MAX, "counters", &text, &size, &why) < 0)
		return NULL;
	return text;
}

/* Takes the counter's value, and returns by how much it has grown. */
static uint64_t
take(struct losscount *count, uint64_t value)
{
	const bool has_grown = value != LOSSCOUNTERS_UNKNOWN &&
			       count->last != LOSSCOUNTERS_UNKNOWN && value > count->last;
	const uint64_t more = has_grown ? value - count->last : 0;

	count->grown += more;
	count->last = value;
	return more;
}

/* The count of a kind, and of the interface with this number if it is an interface's. */
static struct losscount *
count_of(const struct losses *losses, enum loss_kind kind, uint32_t interface)
{
	const size_t at = kind < LOSS_RX_DROPPED
			      ? (size_t)kind
			      : LOSS_RX_DROPPED + 4 * (size_t)interface + (kind - LOSS_RX_DROPPED);

	return &losses->counts[kind == LOSS_SOFTNET ? LOSSES_MAX - 1 : at];
}

static uint32_t
interface_count(const struct losses *losses)
{
	const uint32_t count = iftable_count(losses->interfaces);

	return count < LOSSES_INTERFACES ? count : LOSSES_INTERFACES;
}

static void
read_interfaces(struct losses *losses)
{
	char *text = read_file(losses->dev);
	const uint32_t count = text ? interface_count(losses) : 0;

	for (uint32_t i = 0; i < count; i++) {
		struct losscounters now;

		losscounters_init(&now);
		losscounters_dev(&now, text, losses->interfaces->slots[i].name);
		for (int kind = LOSS_RX_DROPPED; kind < LOSS_SOFTNET; kind++) {
			const uint64_t more = take(count_of(losses, kind, i), now.values[kind]);

			if (more)
				losstimes_add(&losses->times, kind,
					      losses->interfaces->slots[i].name, more);
		}
	}
	free(text);
}

/* A counter that is no interface's. */
static void
take_host(struct losses *losses, enum loss_kind kind, uint64_t value)
{
	const uint64_t more = take(count_of(losses, kind, 0), value);
	char full[LOSS_PLACE_MAX] = "";

	if (!more)
		return;
	if (kind == LOSS_LISTEN_OVERFLOWS) {
		listenqueues_add_full(losses->listeners, full, sizeof(full));
		listenqueues_add_full(losses->listeners, losses->full, sizeof(losses->full));
	}
	losstimes_add(&losses->times, kind, full, more);
}

static void
read_counters(struct losses *losses)
{
	static void (*const parse[])(struct losscounters *, const char *) = {
	    losscounters_netstat, losscounters_conntrack, losscounters_softnet};
	const int files[] = {losses->netstat, losses->conntrack, losses->softnet};
	struct losscounters now;

	losscounters_init(&now);
	for (int i = 0; i < 3; i++) {
		char *text = read_file(files[i]);

		if (text)
			parse[i](&now, text);
		free(text);
	}
	losstimes_read(&losses->times, clock_realtime_ns(), clock_boottime_ns());
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		if (kind < LOSS_RX_DROPPED || kind == LOSS_SOFTNET)
			take_host(losses, kind, now.values[kind]);
	read_interfaces(losses);
}

void
losses_begin(struct losses *losses)
{
	for (size_t i = 0; losses->counts && i < LOSSES_MAX; i++)
		losses->counts[i] = (struct losscount){.last = LOSSCOUNTERS_UNKNOWN};
	losses->full[0] = '\0';
	losses_refresh(losses);
}

static void
refresh(struct losses *losses)
{
	if (losses->counts && !losses->is_final)
		read_counters(losses);
}

void
losses_refresh(struct losses *losses)
{
	pthread_mutex_lock(&losses->lock);
	refresh(losses);
	pthread_mutex_unlock(&losses->lock);
}

static size_t
list(const struct losses *losses, struct loss *to, size_t room)
{
	size_t listed = 0;

	for (int kind = 0; losses->counts && kind < LOSS_KINDS; kind++) {
		const bool is_interface = kind >= LOSS_RX_DROPPED && kind < LOSS_SOFTNET;
		const uint32_t count = is_interface ? interface_count(losses) : 1;

		for (uint32_t i = 0; i < count && listed < room; i++) {
			const struct losscount *of = count_of(losses, kind, i);
			const char *place = "";

			if (of->grown == 0)
				continue;
			if (is_interface)
				place = losses->interfaces->slots[i].name;
			else if (kind == LOSS_LISTEN_OVERFLOWS)
				place = losses->full;
			to[listed] = (struct loss){.kind = kind, .count = of->grown};
			snprintf(to[listed].place, LOSS_PLACE_MAX, "%s", place);
			listed++;
		}
	}
	return listed;
}

size_t
losses_list(struct losses *losses, struct loss *to, size_t room)
{
	size_t listed;

	pthread_mutex_lock(&losses->lock);
	listed = list(losses, to, room);
	pthread_mutex_unlock(&losses->lock);
	return listed;
}

size_t
losses_list_times(struct losses *losses, struct losstime *to, size_t room)
{
	size_t count;

	pthread_mutex_lock(&losses->lock);
	count = losses->times.count < room ? losses->times.count : room;
	if (count)
		memcpy(to, losses->times.list, count * sizeof(*to));
	pthread_mutex_unlock(&losses->lock);
	return count;
}

char *
losses_comment(struct losses *losses)
{
	struct loss *grown = calloc(LOSSES_MAX, sizeof(*grown));
	struct strvec lines = STRVEC_INIT;
	size_t count = 0;
	char *comment = NULL, text[LOSS_TEXT_MAX];

	pthread_mutex_lock(&losses->lock);
	refresh(losses);
	losses->is_final = true;
	if (grown)
		count = list(losses, grown, LOSSES_MAX);
	pthread_mutex_unlock(&losses->lock);
	for (size_t i = 0, used = 0; i < count; i++) {
		loss_format(&grown[i], text);
		used += strlen(text) + sizeof(LOSS_LINE);
		if (used < LOSSES_COMMENT_MAX)
			strvec_pushf(&lines, LOSS_LINE "%s", text);
	}
	if (lines.count && !lines.failed)
		comment = strvec_join(&lines, "\n");
	strvec_release(&lines);
	free(grown);
	return comment;
}
