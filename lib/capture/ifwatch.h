/*
 * Watches the interfaces of this network namespace while a capture runs, and keeps its choice up to
 * date. It holds netlink sockets that were opened before, and only reads and writes them: a confined
 * process may use it, from any of its threads.
 *
 * Sources: rtnetlink(7), netlink(7).
 */
#ifndef VCAP_IFWATCH_H
#define VCAP_IFWATCH_H

#include "base/failure.h"
#include "capture/ifchoice.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct ifwatch {
	int fd; /* polls readable when something changes; to be left to ifwatch_refresh */
	/* Private */
	int dump_fd;
	pthread_mutex_t lock;
	struct ifchoice choice; /* under the lock */
	bool is_stale;          /* messages were lost: a dump is due */
	int64_t quiet_ns;       /* before this, everything has been decided on */
	unsigned char *messages;
};

#define IFWATCH_INIT ((struct ifwatch){.fd = -1, .dump_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER})

/* What a thread knows of the choice. Zero it at first; ifspans_release frees what it holds. */
struct ifview {
	struct ifspans spans;
	uint64_t generation;
};

/* Subscribes to changes, then reads what is there, and takes into the table what the rule takes of
 * that. rule's names and table are borrowed. On failure, also of ifrule_check, nothing is open. */
int ifwatch_open(struct ifwatch *watch, const struct ifrule *rule, struct iftable *table,
		 struct failure *why);
void ifwatch_close(struct ifwatch *watch);

/* Decides on all that has changed until now. */
void ifwatch_refresh(struct ifwatch *watch);

/* The same, and brings *view, the calling thread's own, up to date. A packet that was in a ring
 * before the call can be judged by the view after it. */
void ifwatch_look(struct ifwatch *watch, struct ifview *view);

/* Copies the newest events, each to its number modulo IFCHOICE_EVENTS, and returns how many there
 * are. */
unsigned ifwatch_events(struct ifwatch *watch, struct ifevent to[IFCHOICE_EVENTS]);

/* Copies the name of an interface that came when there was no room for one. False: there is none. */
bool ifwatch_missed(struct ifwatch *watch, char name[IFACE_NAME_SIZE]);
/* Likewise one that came with an address and is no Ethernet interface. */
bool ifwatch_left_out(struct ifwatch *watch, char name[IFACE_NAME_SIZE]);

#endif
