/*
 * A packet, the interface that it was captured on, and the source of a stream of packets: the types
 * that the reader of files, filter, merge and join share.
 */
#ifndef VCAP_PACKET_H
#define VCAP_PACKET_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest packet kept, and the snaplen of every interface block vcap writes (libpcap refuses
 * files whose interfaces disagree on it). The value is libpcap's MAXIMUM_SNAPLEN. */
#define PACKET_SNAPLEN 262144

/* Link types, as registered at https://www.tcpdump.org/linktypes.html */
enum linktype {
	LINKTYPE_NULL = 0,
	LINKTYPE_EN10MB = 1,
	LINKTYPE_PPP = 9,
	LINKTYPE_RAW = 101,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_NFLOG = 239,
	LINKTYPE_LINUX_SLL2 = 276,
};

/* Direction, with the values of the lowest two bits of epb_flags (pcapng, section 4.3.1). */
enum direction { DIRECTION_UNKNOWN = 0, DIRECTION_IN = 1, DIRECTION_OUT = 2 };

#define PACKET_NO_CORE UINT32_MAX

/*
 * One packet. data and options point into memory of the source that yielded it and stay valid until
 * the next call of that source's next().
 */
struct packet {
	int64_t ts_ns;   /* since 1970-01-01 00:00 UTC */
	uint32_t caplen; /* bytes at data */
	uint32_t len;    /* bytes on the wire; never less than caplen */
	uint32_t iface;  /* index into the source's interfaces */
	uint32_t core;   /* the CPU that captured it (epb_queue), or PACKET_NO_CORE */
	uint32_t flags;  /* epb_flags: direction in the lowest two bits */
	const unsigned char *data;
	/* pcapng options other than epb_flags and epb_queue, as they stand in a file of this host's
	 * byte order, padded, without opt_endofopt; NULL and 0 if there are none. */
	const unsigned char *options;
	uint32_t options_len;
};

/* Counters of an interface since its capture began (interface statistics block). A value that is
 * not known is STATISTICS_UNKNOWN. */
#define STATISTICS_UNKNOWN UINT64_MAX

struct statistics {
	int64_t ts_ns; /* when they were taken: nothing older follows in a livestream of vcap-run */
	int64_t start_ns; /* isb_starttime, or INT64_MIN */
	int64_t end_ns;   /* isb_endtime, or INT64_MIN: present only in the last one of a section */
	uint64_t received;   /* isb_ifrecv: seen by the socket */
	uint64_t dropped;    /* isb_ifdrop: dropped for want of room; vcap-run: by the kernel */
	uint64_t accepted;   /* isb_filteraccept: kept */
	uint64_t os_dropped; /* isb_osdrop: dropped by the system, besides */
	uint64_t delivered;  /* isb_usrdeliv: handed to the user */
	uint32_t core;       /* the core they belong to (a comment "core N"), or PACKET_NO_CORE */
	bool valid;
	bool commented; /* a comment of theirs is the interface's */
};

/* Nothing is known. */
#define STATISTICS_INIT                                        \
	((struct statistics){.start_ns = INT64_MIN,            \
			     .end_ns = INT64_MIN,              \
			     .received = STATISTICS_UNKNOWN,   \
			     .dropped = STATISTICS_UNKNOWN,    \
			     .accepted = STATISTICS_UNKNOWN,   \
			     .os_dropped = STATISTICS_UNKNOWN, \
			     .delivered = STATISTICS_UNKNOWN,  \
			     .core = PACKET_NO_CORE})

/* Adds a counter to *sum. STATISTICS_UNKNOWN adds nothing; a sum of it is the counter. */
void statistics_add(uint64_t *sum, uint64_t value);
/* All packets that were dropped: dropped and os_dropped. STATISTICS_UNKNOWN if neither is known. */
uint64_t statistics_lost(const struct statistics *statistics);

/* One interface of a source. Strings are owned by the source; NULL where unknown. */
struct interface {
	char *name;        /* if_name, such as "eth0" or "lb1/eth0/client" */
	char *description; /* if_description; vcap-run puts the engine's name here */
	char *filter;      /* if_filter, in words */
	uint64_t speed;    /* if_speed in bits per second, 0 if unknown */
	uint32_t snaplen;  /* as the source states it; 0 is unlimited */
	uint16_t linktype;
	/* Its other pcapng options (comments, addresses, OS ...), in the form of packet.options */
	unsigned char *options;
	uint32_t options_len;
	struct statistics statistics; /* the newest seen so far */
	/* Of the newest statistics that had any: comments other than "core N", one a line; or NULL.
	 */
	char *comment;
};

/* Frees the strings and options of an interface, not the structure itself. */
void interface_release(struct interface *interface);

enum source_event {
	SOURCE_END,        /* no more packets; every record was whole */
	SOURCE_PACKET,     /* *packet is filled */
	SOURCE_STATISTICS, /* interface packet->iface has new statistics (a heartbeat) */
	SOURCE_NOTE,       /* a block of another kind: source->note */
	SOURCE_LATER,      /* nothing yet; only from sources that do not block */
	SOURCE_CUT,        /* the input ended in the middle, or was damaged somewhere: why says
			      where. Everything yielded before is good. Final, as SOURCE_END is. */
};

/*
 * What a source met that is neither packet, interface nor statistics: a pcapng block of this type,
 * PCAPNG_SHB where a further section begins. The body of one that is copyable is in this host's byte
 * order.
 */
struct note {
	uint32_t type;
	const unsigned char *body; /* valid until the next next() */
	uint32_t size;             /* a multiple of four */
	/* It may stand in another file: it is name resolution, secrets, or a custom block that does
	 * not forbid it, and sound. */
	bool is_copyable;
};

struct source {
	/* The next event. After SOURCE_END or SOURCE_CUT it keeps returning the same. */
	enum source_event (*next)(struct source *source, struct packet *packet,
				  struct failure *why);
	struct interface *interfaces; /* may grow, and move, during next() */
	uint32_t interface_count;
	struct note note; /* what SOURCE_NOTE announced */
	bool from_vcap;   /* written by vcap: descriptions of interfaces are names of engines */
	/* A source that can go back has these, others have NULL: where the event that next()
	 * yielded last stands, and how to make next() yield it again. Interfaces and counters stay
	 * as they are; places ascend. */
	uint64_t place;
	int (*revisit)(struct source *source, uint64_t place, struct failure *why);
	/*
	 * A source that can yield many packets at a time has these, others have NULL. more() fills
	 * list with those that follow what was yielded last, as many as are at hand and at most
	 * room; turn() reads on, so that more() may have some again. What was yielded since the
	 * turn before stays valid until the next turn, all of it until next() is called. 0 and
	 * false: next() says what follows, a packet or anything else. Without turn() what more()
	 * yielded stays valid until it is called again.
	 */
	size_t (*more)(struct source *source, struct packet *list, size_t room);
	bool (*turn)(struct source *source);
};

#endif
