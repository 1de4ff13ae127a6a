/*
 * What vcap-drops and its program in the kernel (bpf/dropprobe.bpf.c) tell each other. Both include
 * this, so it needs nothing but the kernel's types.
 */
#ifndef VCAP_DROPEVENT_H
#define VCAP_DROPEVENT_H

#include <linux/types.h>

#define DROPEVENT_BYTES  256 /* kept of a packet */
#define DROPEVENT_DEVICE 16  /* IFNAMSIZ */

/* A packet of the service that the kernel has dropped. */
struct dropevent {
	__u64 boot_ns; /* CLOCK_BOOTTIME */
	__u32 reason;  /* enum skb_drop_reason of the running kernel */
	__u32 ifindex; /* of the device, or that it came in by; 0: not known */
	__u32 caplen;  /* bytes at data */
	__u32 len;     /* bytes on the wire; never less than caplen */
	__u32
	    network_at; /* the IP header in data; 0: data has no link header, else it is Ethernet's */
	char device[DROPEVENT_DEVICE]; /* empty: not known */
	unsigned char data[DROPEVENT_BYTES];
};

/* Reasons are counted in slots: the core's by number, those of a subsystem (the upper 16 bits)
 * together. */
#define DROPEVENT_CORE_SLOTS 384
#define DROPEVENT_SLOTS      512

static inline __u32
dropevent_slot(__u32 reason)
{
	if (reason >> 16)
		return DROPEVENT_CORE_SLOTS +
		       (reason >> 16) % (DROPEVENT_SLOTS - DROPEVENT_CORE_SLOTS);
	return reason < DROPEVENT_CORE_SLOTS ? reason : DROPEVENT_CORE_SLOTS;
}

/* Packets of the service in a slot. */
struct dropevent_count {
	__u64 told;       /* handed over */
	__u64 beyond;     /* counted only: the rate was reached */
	__u64 lost;       /* counted only: vcap-drops had not yet taken those before */
	__u64 arrival_ns; /* private: when the bucket is full again */
};

/* A key of the tries of addresses: family and address, of which bits count. */
struct dropevent_prefix {
	__u32 bits; /* 8 for the family, and those of the address */
	__u8 family;
	__u8 addr[16]; /* big-endian; an IPv4 address is the first four */
	__u8 unused[3];
};

/* What an address means: bits of the groups of endpoints it is part of, and this one if it is in
 * the set that is asked for. */
#define DROPEVENT_GROUPS 63
#define DROPEVENT_IN_SET ((__u64)1 << 63)

/* Set before the program is loaded. */
struct dropevent_rules {
	__u64 interval_ns; /* between packets of one reason, on average */
	__u64 burst_ns;    /* by how much they may be early together */
	__u64 whole;       /* groups of which all packets count, not only those of the set */
	__u32 netns;       /* the inode of the network namespace */
	__u32 unspecified; /* the reason that says nothing */
	struct {
		__u32 first, last; /* TUPLE_KEYs (dissect.h) */
	} groups[DROPEVENT_GROUPS];
	__u32 group_count;
	__u8 is_noise[DROPEVENT_CORE_SLOTS]; /* reasons that lose nothing */
};

#endif
