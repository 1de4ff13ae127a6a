/*
 * Three kinds of threads come here: those that judge packets, before each block of a ring, and the
 * one that waits for events, so that times of changes are those of now. Whoever comes first reads
 * what is queued for all. An empty queue, the usual case, costs one system call.
 *
 * If the kernel had to drop messages, it says so by ENOBUFS; then everything is asked for anew.
 */
#include "capture/ifwatch.h"

#include "base/clock.h"
#include "base/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Above what the kernel puts in one datagram. */
#define MESSAGES_MAX (64 << 10)

static int
begin(struct ifwatch *watch, const struct ifrule *rule, struct iftable *table, struct failure *why)
{
	struct ifaces ifaces = IFACES_INIT;
	int rc;

	/* Read after the subscription: what changes in between is told, too. */
	if (ifaces_read(&ifaces, why) < 0)
		return -1;
	rc = ifrule_check(rule, &ifaces, why);
	if (rc == 0 && ifchoice_begin(&watch->choice, rule, table, &ifaces) < 0)
		rc = failure_nomem(why);
	ifaces_release(&ifaces);
	return rc;
}

int
ifwatch_open(struct ifwatch *watch, const struct ifrule *rule, struct iftable *table,
	     struct failure *why)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;

	*watch = IFWATCH_INIT;
	watch->quiet_ns = clock_realtime_ns();
	watch->messages = malloc(MESSAGES_MAX);
	if (!watch->messages || (watch->fd = netlink_subscribe(NETLINK_ROUTE, groups)) < 0 ||
	    (watch->dump_fd = netlink_open(NETLINK_ROUTE)) < 0) {
		failure_errno(why, "cannot watch the network interfaces");
		ifwatch_close(watch);
		return -1;
	}
	if (begin(watch, rule, table, why) == 0)
		return 0;
	ifwatch_close(watch);
	return -1;
}

void
ifwatch_close(struct ifwatch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	if (watch->dump_fd >= 0)
		close(watch->dump_fd);
	free(watch->messages);
	ifchoice_release(&watch->choice);
	*watch = IFWATCH_INIT;
}

/* Reads all that is queued. True: something was; *quiet_ns is a time before the queue was seen to be
 * empty. */
static bool
read_queue(struct ifwatch *watch, int64_t *quiet_ns)
{
	bool has_changed = false;

	while (true) {
		ptrdiff_t n;

		*quiet_ns = clock_realtime_ns();
		n = netlink_receive(watch->fd, watch->messages, MESSAGES_MAX);
		if (n < 0 && errno != ENOBUFS && errno != EMSGSIZE)
			return has_changed;
		has_changed = true;
		if (n < 0 || ifchoice_read(&watch->choice, watch->messages, (size_t)n) < 0)
			watch->is_stale = true;
	}
}

/* Without memory the next refresh tries again. */
static void
read_dump(struct ifwatch *watch)
{
	struct ifaces ifaces;

	if (ifaces_dump(&ifaces, watch->dump_fd) < 0)
		return;
	ifchoice_replace(&watch->choice, &ifaces);
	watch->is_stale = false;
}

static void
refresh(struct ifwatch *watch)
{
	struct ifmoment moment = {.quiet_ns = watch->quiet_ns};
	int64_t quiet_ns;
	bool has_changed = read_queue(watch, &quiet_ns);

	if (watch->is_stale) {
		read_dump(watch);
		has_changed = true;
	}
	moment.mono_ns = clock_monotonic_ns();
	if (has_changed) {
		moment.now_ns = clock_realtime_ns();
		if (ifchoice_decide(&watch->choice, &moment) < 0)
			watch->is_stale = true;
	}
	ifchoice_settle(&watch->choice, moment.mono_ns);
	if (!watch->is_stale)
		watch->quiet_ns = quiet_ns;
}

void
ifwatch_refresh(struct ifwatch *watch)
{
	pthread_mutex_lock(&watch->lock);
	refresh(watch);
	pthread_mutex_unlock(&watch->lock);
}

void
ifwatch_look(struct ifwatch *watch, struct ifview *view)
{
	pthread_mutex_lock(&watch->lock);
	refresh(watch);
	/* Without memory, the next look tries again. */
	if (view->generation != watch->choice.generation &&
	    ifspans_copy(&view->spans, &watch->choice.spans) == 0)
		view->generation = watch->choice.generation;
	pthread_mutex_unlock(&watch->lock);
}

unsigned
ifwatch_events(struct ifwatch *watch, struct ifevent to[IFCHOICE_EVENTS])
{
	uint64_t count;

	pthread_mutex_lock(&watch->lock);
	count = watch->choice.event_count;
	memcpy(to, watch->choice.events, sizeof(watch->choice.events));
	pthread_mutex_unlock(&watch->lock);
	return count < IFCHOICE_EVENTS ? (unsigned)count : IFCHOICE_EVENTS;
}

bool
ifwatch_missed(struct ifwatch *watch, char name[IFACE_NAME_SIZE])
{
	pthread_mutex_lock(&watch->lock);
	memcpy(name, watch->choice.missed, IFACE_NAME_SIZE);
	pthread_mutex_unlock(&watch->lock);
	return *name != '\0';
}

bool
ifwatch_left_out(struct ifwatch *watch, char name[IFACE_NAME_SIZE])
{
	pthread_mutex_lock(&watch->lock);
	memcpy(name, watch->choice.left_out, IFACE_NAME_SIZE);
	pthread_mutex_unlock(&watch->lock);
	return *name != '\0';
}
