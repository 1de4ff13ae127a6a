/*
 * The choice of interfaces in the course of time: which of them, by index, were taken from when
 * until when, as a sequence of rtnetlink messages tells. Pure; one thread at a time.
 */
#ifndef VCAP_IFCHOICE_H
#define VCAP_IFCHOICE_H

#include "capture/iface.h"
#include "capture/ifrule.h"
#include "capture/iftable.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets of the interface with this index that were received between these times, both included,
 * belong to the capture, as those of slot number `slot`. CLOCK_REALTIME. */
struct ifspan {
	int index;
	uint32_t slot;
	int64_t from_ns;      /* INT64_MIN: any time before */
	int64_t until_ns;     /* INT64_MAX: it still is taken */
	int64_t changed_mono; /* CLOCK_MONOTONIC: when from_ns or until_ns was set last */
};

/* A moment in which something changed, at a time that is not known any better. */
struct ifdoubt {
	int64_t from_ns, until_ns; /* CLOCK_REALTIME, both included */
};

#define IFSPANS_DOUBTS 16

/* Spans in the order of their indices. */
struct ifspans {
	struct ifspan *list; /* heap, owned */
	size_t count;
	struct ifdoubt doubts[IFSPANS_DOUBTS]; /* the newest changes; 0 and 0: none */
	int64_t sure_ns;                       /* nothing after this is in doubt */
};

/* What came or went during the capture: an interface that is taken, or an address of any. */
struct ifevent {
	int64_t ts_ns; /* CLOCK_REALTIME */
	bool is_coming;
	char name[IFACE_NAME_SIZE]; /* of the interface */
	struct addr addr;           /* family 0: it is about the interface itself */
};

#define IFCHOICE_EVENTS 64

struct ifchoice {
	struct ifrule rule;
	struct ifaces ifaces;
	struct iftable *table;
	struct ifspans spans;
	uint64_t doubt_count;
	uint64_t generation; /* another one whenever spans change */
	int64_t settle_mono; /* when ifchoice_settle has something to do, or INT64_MAX */
	struct ifevent events[IFCHOICE_EVENTS]; /* number i is at i modulo IFCHOICE_EVENTS */
	uint64_t event_count;
	char missed[IFACE_NAME_SIZE]; /* one that the table has no room for; empty: none */
	char left_out
	    [IFACE_NAME_SIZE]; /* one with an address that came, and is no Ethernet interface; empty: none */
	/* Private: the addresses as of the last decision */
	struct iface_address *known;
	size_t known_count;
};

/* When messages were read. */
struct ifmoment {
	int64_t quiet_ns; /* CLOCK_REALTIME: all earlier ones had been decided on by then */
	int64_t now_ns;   /* CLOCK_REALTIME: the read that brought the last of them */
	int64_t mono_ns;  /* now_ns on CLOCK_MONOTONIC */
};

/* Takes over the lists of *ifaces, which is then IFACES_INIT, and decides on them for the beginning.
 * rule's names and table are borrowed. -1: out of memory; ifchoice_release frees it either way. */
int ifchoice_begin(struct ifchoice *choice, const struct ifrule *rule, struct iftable *table,
		   struct ifaces *ifaces);
void ifchoice_release(struct ifchoice *choice);

/* Reads messages, which change nothing before ifchoice_decide. -1: out of memory; a full dump to
 * ifchoice_replace mends it. */
int ifchoice_read(struct ifchoice *choice, const void *messages, size_t size);

/* Replaces all interfaces by those of a dump, and takes over its lists. */
void ifchoice_replace(struct ifchoice *choice, struct ifaces *ifaces);

/* Decides on what was read, all of it at this moment. -1: out of memory; the spans may lack some
 * until it succeeds. */
int ifchoice_decide(struct ifchoice *choice, const struct ifmoment *moment);

/* Forgets times that no packet to come can depend on any more. */
void ifchoice_settle(struct ifchoice *choice, int64_t mono_ns);

/* Copies the spans to *to, whose list is on the heap or NULL. -1: out of memory; *to is unchanged.
 */
int ifspans_copy(struct ifspans *to, const struct ifspans *from);
void ifspans_release(struct ifspans *spans);

/* Whether a packet of this time was received in the moment of a change, so that two interfaces may
 * have been taken that both carried it. */
bool ifspans_doubt(const struct ifspans *spans, int64_t ts_ns);

/* The slot that a packet of this interface and time belongs to, or IFTABLE_NONE. */
uint32_t ifspans_find(const struct ifspans *spans, int index, int64_t ts_ns);

#endif
