/*
 * vcap-drops in the kernel: runs wherever a packet is dropped, and hands over those of one service,
 * in one network namespace.
 *
 * It costs each dropped packet of the host, so it looks at what is cheap first: the reason, the
 * namespace, then the addresses, each in one trie, whose value has a bit for each group of endpoints. Only a
 * packet of the service reaches the bucket of its reason. That is kept as one number (the generic
 * cell rate algorithm, ITU-T I.371): the time at which the bucket will be full again. Each packet
 * moves it on by an interval; one that would move it too far ahead is counted only. So processors
 * need no lock, only a compare and exchange.
 *
 * The program lets more through than the service, never less: vcap-drops judges again.
 *
 * Structures of the kernel are declared with the members that are read here, and relocated to those
 * of the running kernel when the program is loaded (CO-RE).
 */
#include "drops/dropevent.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

#define MAC_UNSET   0xffff
#define DST_NOREF   1UL /* the lowest bit of _skb_refdst (include/linux/skbuff.h) */
#define ETH_LENGTH  14
#define ETH_TAGGED  22 /* with two VLAN tags */
#define TYPE_IPV4   0x0800
#define TYPE_IPV6   0x86dd
#define KEY_ANY     (1u << 24) /* TUPLE_KEY_ANY */

#define TCP_SYN_RST 0x06

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58, SCTP = 132 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct net_device {
	char name[DROPEVENT_DEVICE];
	int ifindex;
	possible_net_t nd_net;
};
struct sock_common {
	possible_net_t skc_net;
};
struct sock {
	struct sock_common __sk_common;
};
struct dst_entry {
	struct net_device *dev;
};
struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	int skb_iif;
	__u16 mac_header, network_header;
	unsigned int tail;
	unsigned char *head;
};
#pragma clang attribute pop

const volatile struct dropevent_rules rules;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct dropevent_prefix);
	__type(value, __u64);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DROPEVENT_SLOTS);
	__type(key, __u32);
	__type(value, struct dropevent_count);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

/* The verifier has to see a bound on the very value that is used: the compiler must not know that two
 * are the same. */
#define UNKNOWN_TO_COMPILER(value) asm volatile("" : "+r"(value))

/* Both ends of a packet, and where its transport header is. */
struct ends {
	struct dropevent_prefix source, destination;
	__u32 source_key, destination_key;
	__u32 protocol; /* 0: a later fragment */
	__u32 wire;     /* bytes of the IP packet */
	const unsigned char *transport;
};

static __always_inline __u32
word16(const unsigned char *at)
{
	return (__u32)at[0] << 8 | at[1];
}

/* Fills the keys from ports or a type of ICMP. Returns where an ICMP error quotes a packet, or NULL. */
static __always_inline const unsigned char *
read_transport(struct ends *ends, const unsigned char *end)
{
	unsigned char head[4];
	__u32 type;

	ends->source_key = ends->destination_key = ends->protocol << 16;
	if (ends->protocol == 0 || ends->transport + sizeof(head) > end ||
	    bpf_probe_read_kernel(head, sizeof(head), ends->transport) < 0) {
		ends->source_key = ends->destination_key = KEY_ANY;
		return 0;
	}
	switch (ends->protocol) {
	case TCP:
	case UDP:
	case SCTP:
		ends->source_key |= word16(head);
		ends->destination_key |= word16(head + 2);
		return 0;
	case ICMP:
	case ICMPV6:
		type = head[0];
		ends->source_key |= type;
		ends->destination_key |= type;
		if (ends->protocol == ICMPV6
			? type < 128
			: type == 3 || type == 4 || type == 5 || type == 11 || type == 12)
			return ends->transport + 8;
	}
	return 0;
}

static __always_inline int
read_ipv4(struct ends *ends, const unsigned char *ip)
{
	unsigned char head[20];

	if (bpf_probe_read_kernel(head, sizeof(head), ip) < 0)
		return -1;
	__builtin_memcpy(ends->source.addr, head + 12, 4);
	__builtin_memcpy(ends->destination.addr, head + 16, 4);
	ends->source.family = ends->destination.family = 4;
	ends->source.bits = ends->destination.bits = 8 + 32;
	ends->wire = word16(head + 2);
	ends->protocol = word16(head + 6) & 0x1fff ? 0 : head[9];
	ends->transport = ip + (head[0] & 15) * 4;
	return 0;
}

static __always_inline int
read_ipv6(struct ends *ends, const unsigned char *ip)
{
	unsigned char head[40];
	const unsigned char *at = ip + sizeof(head);
	__u32 next;

	if (bpf_probe_read_kernel(head, sizeof(head), ip) < 0)
		return -1;
	__builtin_memcpy(ends->source.addr, head + 8, 16);
	__builtin_memcpy(ends->destination.addr, head + 24, 16);
	ends->source.family = ends->destination.family = 6;
	ends->source.bits = ends->destination.bits = 8 + 128;
	ends->wire = word16(head + 4) ? word16(head + 4) + sizeof(head) : 0;
	next = head[6];
	for (int i = 0; i < 4; i++) {
		if (next != 0 && next != 43 && next != 44 && next != 60)
			break;
		if (bpf_probe_read_kernel(head, 8, at) < 0)
			return -1;
		at += next == 44 ? 8 : (head[1] + 1) * 8;
		if (next == 44 && word16(head + 2) & 0xfff8) {
			next = 0;
			break;
		}
		next = head[0];
	}
	/* More extension headers than these: only the addresses are known. */
	ends->protocol = next == 43 || next == 44 || next == 60 ? 0 : next;
	ends->transport = at;
	return 0;
}

/* Reads the IP header at ip. -1: it is none, or not all there. */
static __always_inline int
read_ip(struct ends *ends, const unsigned char *ip, const unsigned char *end)
{
	unsigned char first;

	__builtin_memset(ends, 0, sizeof(*ends));
	if (ip + 20 > end || bpf_probe_read_kernel(&first, 1, ip) < 0)
		return -1;
	if (first >> 4 == 4 && (first & 15) >= 5)
		return read_ipv4(ends, ip);
	return first >> 4 == 6 && ip + 40 <= end ? read_ipv6(ends, ip) : -1;
}

enum belonging { STRANGE, IF_IN_SET, WANTED };

/* What an address and a key mean, of the groups that the address is part of. */
static __always_inline enum belonging
judge(__u64 groups, __u32 key)
{
	enum belonging found = STRANGE;

	for (__u32 i = 0; i < DROPEVENT_GROUPS && i < rules.group_count; i++) {
		if (!(groups >> i & 1) ||
		    (key != KEY_ANY && (key < rules.groups[i].first || key > rules.groups[i].last)))
			continue;
		if (rules.whole >> i & 1)
			return WANTED;
		found = IF_IN_SET;
	}
	return found;
}

static __always_inline __u64
groups_of(const struct dropevent_prefix *address)
{
	const __u64 *groups = bpf_map_lookup_elem(&addresses, address);

	return groups ? *groups : 0;
}

static __always_inline int
is_wanted(const struct ends *ends)
{
	const __u64 source = groups_of(&ends->source);
	const __u64 destination = groups_of(&ends->destination);
	enum belonging one, other;

	if ((source | destination) == 0)
		return 0;
	one = judge(source, ends->source_key);
	other = judge(destination, ends->destination_key);
	if (one == WANTED || other == WANTED)
		return 1;
	return (one == IF_IN_SET || other == IF_IN_SET) &&
	       (source | destination) & DROPEVENT_IN_SET;
}

/* Acknowledgements alone that a closing socket has no use for are freed without a reason. */
static __always_inline int
is_idle(const struct ends *ends, const unsigned char *ip, __u32 reason)
{
	unsigned char tcp[14];

	if (reason != rules.unspecified || ends->protocol != TCP ||
	    bpf_probe_read_kernel(tcp, sizeof(tcp), ends->transport) < 0)
		return 0;
	return !(tcp[13] & TCP_SYN_RST) &&
	       ends->wire <= (ends->transport - ip) + (tcp[12] >> 4) * 4;
}

static __always_inline __u32
netns_of(const struct net_device *dev)
{
	return dev ? dev->nd_net.net->ns.inum : 0;
}

/* The device that the packet is at, in the namespace that is watched; *is_there: the packet is. In
 * the queue of a UDP socket another thing stands in the place of dev: a load from it gives 0. */
static __always_inline struct net_device *
device_here(struct sk_buff *skb, int *is_there)
{
	struct net_device *dev = skb->dev;
	__u32 netns = netns_of(dev);
	const unsigned long dst = skb->_skb_refdst & ~DST_NOREF;
	struct sock *sk;

	if (!netns && dst) {
		dev = BPF_CORE_READ((struct dst_entry *)dst, dev);
		netns = dev ? BPF_CORE_READ(dev, nd_net.net, ns.inum) : 0;
	}
	if (!netns) {
		dev = 0;
		sk = skb->sk;
		netns = sk ? sk->__sk_common.skc_net.net->ns.inum : 0;
	}
	*is_there = netns == rules.netns;
	return dev;
}

static __always_inline int
is_in_rate(struct dropevent_count *count, __u64 now)
{
	for (int i = 0; i < 4; i++) {
		const __u64 arrival = count->arrival_ns, base = arrival > now ? arrival : now;

		if (base - now > rules.burst_ns)
			return 0;
		if (__sync_val_compare_and_swap(&count->arrival_ns, arrival,
						base + rules.interval_ns) == arrival)
			return 1;
	}
	return 0;
}

static __always_inline void
copy_data(struct dropevent *event, const unsigned char *from, const unsigned char *end)
{
	__u64 size = end - from;

	if (size > event->len)
		size = event->len;
	UNKNOWN_TO_COMPILER(size);
	if (size > DROPEVENT_BYTES)
		size = DROPEVENT_BYTES;
	if (bpf_probe_read_kernel(event->data, size, from) == 0)
		event->caplen = size;
}

/* Bytes before the network header that are Ethernet's; 0: there is no such header. */
static __always_inline __u32
link_length(struct sk_buff *skb, const unsigned char *ip, __u32 network, __u8 family)
{
	const __u32 mac = skb->mac_header;
	const __u32 length = network - mac;
	unsigned char type[2];

	if (mac == MAC_UNSET || mac == 0 || length < ETH_LENGTH || length > ETH_TAGGED ||
	    bpf_probe_read_kernel(type, sizeof(type), ip - 2) < 0)
		return 0;
	return word16(type) == (family == 4 ? TYPE_IPV4 : TYPE_IPV6) ? length : 0;
}

static __always_inline void
hand_over(struct sk_buff *skb, struct net_device *dev, const struct ends *outer,
	  const unsigned char *ip, const unsigned char *end, __u32 reason)
{
	const __u32 slot = dropevent_slot(reason);
	struct dropevent_count *count = bpf_map_lookup_elem(&counts, &slot);
	const __u64 now = bpf_ktime_get_boot_ns();
	struct dropevent *event;

	if (!count)
		return;
	if (!is_in_rate(count, now)) {
		__sync_fetch_and_add(&count->beyond, 1);
		return;
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&count->lost, 1);
		return;
	}
	event->boot_ns = now;
	event->reason = reason;
	event->caplen = 0;
	event->device[0] = '\0';
	event->ifindex = skb->skb_iif;
	if (dev) {
		event->ifindex = BPF_CORE_READ(dev, ifindex);
		bpf_probe_read_kernel_str(event->device, sizeof(event->device),
					  __builtin_preserve_access_index(&dev->name));
	}
	event->network_at = link_length(skb, ip, skb->network_header, outer->source.family);
	event->len = event->network_at + (outer->wire ? outer->wire : (__u32)(end - ip));
	copy_data(event, ip - event->network_at, end);
	__sync_fetch_and_add(&count->told, 1);
	bpf_ringbuf_submit(event, 0);
}

/* Arguments: struct sk_buff *, void *location, enum skb_drop_reason (since Linux 5.17). */
SEC("tp_btf/kfree_skb")
int
dropprobe(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	const __u32 reason = (__u32)ctx[2];
	const unsigned char *head, *ip, *end, *quoted;
	struct net_device *dev;
	struct ends outer, inner;
	__u64 at = reason;
	__u32 network;
	int is_there;

	UNKNOWN_TO_COMPILER(at);
	if (at < DROPEVENT_CORE_SLOTS && rules.is_noise[at])
		return 0;
	network = skb->network_header;
	dev = device_here(skb, &is_there);
	if (!is_there || network == 0)
		return 0;
	head = skb->head;
	ip = head + network;
	end = head + skb->tail;
	if (read_ip(&outer, ip, end) < 0)
		return 0;
	quoted = read_transport(&outer, end);
	if (quoted) {
		if (read_ip(&inner, quoted, end) < 0)
			return 0;
		read_transport(&inner, end);
		if (!is_wanted(&inner))
			return 0;
	} else if (!is_wanted(&outer))
		return 0;
	if (!is_idle(&outer, ip, reason))
		hand_over(skb, dev, &outer, ip, end, reason);
	return 0;
}

char dropprobe_license[] SEC("license") = "Dual BSD/GPL";
