/*
 * The kernel fills the blocks of the ring in turn and hands a block over, by a flag in its header,
 * when it is full or its timeout has passed; we read its packets in place and hand it back. While
 * all blocks are ours, the kernel drops packets and counts them. There is no system call per
 * packet, and none per block as long as blocks are ready.
 *
 * A socket receives packets as soon as it is bound. So that none comes in that its filter would not
 * pass, a filter that drops everything is attached before. ring_start replaces it, which takes no
 * privilege, and locks the new one (SO_LOCK_FILTER).
 *
 * A socket bound to no interface receives from all. Its program has to tell link types apart first,
 * since it reads Ethernet headers, and the two sides of the loopback.
 */
#include "capture/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define VLAN_TAG_SIZE 4

/* How many bytes ahead of the current packet the ring is prefetched: a page, at whose end the
 * hardware prefetcher stops. The packets may be in the cache of another CPU only. */
#define PREFETCH_AHEAD 4096

/* Not in the headers of Debian 12; older kernels ignore it. */
#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

_Static_assert(sizeof(struct insn) == sizeof(struct sock_filter), "the kernel's layout");

struct ring_geometry
ring_divide(uint64_t size, uint32_t snaplen, unsigned retire_ms)
{
	const size_t smallest = 64 << 10;
	/* A block holds the largest packet (PACKET_SNAPLEN) with its header, or many short ones. */
	const bool is_short = snaplen && snaplen <= 32 << 10;
	struct ring_geometry geometry = {.block_size = is_short ? 128 << 10 : 512 << 10,
					 .retire_ms = retire_ms};

	while (geometry.block_size > smallest && geometry.block_size * 4 > size)
		geometry.block_size /= 2;
	size /= geometry.block_size;
	geometry.block_count = size < 4 ? 4 : size > 1 << 16 ? 1 << 16 : (unsigned)size;
	return geometry;
}

static int
attach(const struct ring *ring, const struct insn *insns, size_t count)
{
	struct sock_fprog program = {
	    .len = (unsigned short)count,
	    .filter = (struct sock_filter *)(uintptr_t)insns,
	};

	return setsockopt(ring->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Reads a byte of every page: the cost of the first access (in some virtual machines a trap to the
 * host) is paid before packets come. */
static void
touch_pages(const struct ring *ring)
{
	const size_t size = ring->geometry.block_size * ring->geometry.block_count;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < size; at += page)
		(void)__atomic_load_n(ring->map + at, __ATOMIC_RELAXED);
}

static int
map_ring(struct ring *ring)
{
	const int version = TPACKET_V3;
	/* Room before the Ethernet header, to put a VLAN tag back without moving the payload. */
	const unsigned reserve = VLAN_TAG_SIZE;
	/* TPACKET_V3 ignores frames; their size only has to divide that of a block. */
	const unsigned frame_size = 2048;
	struct tpacket_req3 request = {
	    .tp_block_size = (unsigned)ring->geometry.block_size,
	    .tp_block_nr = ring->geometry.block_count,
	    .tp_frame_size = frame_size,
	    .tp_frame_nr =
		(unsigned)(ring->geometry.block_size / frame_size) * ring->geometry.block_count,
	    .tp_retire_blk_tov = ring->geometry.retire_ms,
	};
	void *map;

	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof(reserve)) < 0 ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
		return -1;
	map = mmap(NULL, ring->geometry.block_size * ring->geometry.block_count,
		   PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (map == MAP_FAILED)
		return -1;
	ring->map = map;
	touch_pages(ring);
	return 0;
}

int
ring_open(struct ring *ring, const struct ring_where *where, struct ring_geometry geometry,
	  struct failure *why)
{
	static const struct insn drop_all = {.code = BPF_RET | BPF_K, .k = 0};
	const int on = 1;
	struct sockaddr_ll address = {
	    .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	    .sll_ifindex = where->ifindex,
	};

	*ring = RING_INIT;
	ring->geometry = geometry;
	ring->cooked = where->linktype == LINKTYPE_RAW;
	ring->is_loopback = where->is_loopback;
	ring->is_of_all = where->ifindex == 0;
	/* Protocol 0 receives nothing until bind. */
	ring->fd = socket(AF_PACKET, (ring->cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC, 0);
	if (ring->fd < 0)
		return failure_errno(why, "cannot open a packet socket");
	if (attach(ring, &drop_all, 1) < 0) {
		failure_errno(why, "cannot attach a filter");
		goto fail;
	}
	if (map_ring(ring) < 0) {
		failure_errno(why, "cannot create a ring of %u blocks of %zu bytes",
			      geometry.block_count, geometry.block_size);
		goto fail;
	}
	/* Without this, the time would be that of the copy into this ring. */
	if (setsockopt(ring->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0) {
		failure_errno(why, "cannot ask for timestamps");
		goto fail;
	}
	if (bind(ring->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		failure_errno(why, "cannot capture on '%s'", where->name);
		goto fail;
	}
	return 0;
fail:
	ring_close(ring);
	return -1;
}

int
ring_join(struct ring *ring, int *group, unsigned members, struct failure *why)
{
	const unsigned default_max = 256; /* setting another one takes Linux 5.15 */
	struct fanout_args args = {
	    .id = (uint16_t)*group,
	    .type_flags = PACKET_FANOUT_CPU,
	};
	int value = 0;
	socklen_t size = sizeof(value);

	/* The kernel picks an id that no other program uses. */
	if (*group == 0)
		args.type_flags |= PACKET_FANOUT_FLAG_UNIQUEID;
	/* PACKET_IGNORE_OUTGOING of a socket has no effect in a group. */
	if (ring->is_loopback)
		args.type_flags |= PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
	if (*group == 0 && members > default_max)
		args.max_num_members = members;
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_FANOUT, &args,
		       args.max_num_members ? sizeof(args) : sizeof(int)) < 0)
		return failure_errno(why, "cannot distribute packets by CPU");
	if (*group)
		return 0;
	if (getsockopt(ring->fd, SOL_PACKET, PACKET_FANOUT, &value, &size) < 0)
		return failure_errno(why, "cannot distribute packets by CPU");
	*group = value & 0xffff;
	return 0;
}

/* Where the kernel's extensions to BPF find what is not in the packet (linux/filter.h). */
#define AD(what) ((uint32_t)(SKF_AD_OFF + (what)))

/* Passes Ethernet to what follows, and what the loopback received, which has the same headers. */
static const struct insn before_program[RING_INSNS_BEFORE] = {
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, AD(SKF_AD_HATYPE)},
    {BPF_JMP | BPF_JEQ | BPF_K, 4, 0, ARPHRD_ETHER},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 2, ARPHRD_LOOPBACK},
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, AD(SKF_AD_PKTTYPE)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING},
    {BPF_RET | BPF_K, 0, 0, 0},
};

int
ring_start(struct ring *ring, const struct bpf *program, uint32_t snaplen, struct failure *why)
{
	static const struct insn accept = {.code = BPF_RET | BPF_K, .k = UINT32_MAX};
	const int on = 1;
	const struct insn *from = program && program->count ? program->insns : &accept;
	const size_t before = ring->is_of_all ? RING_INSNS_BEFORE : 0;
	const size_t count = before + (program && program->count ? program->count : 1);
	struct insn *insns = malloc(count * sizeof(*insns));
	int rc = 0;

	if (!insns)
		return failure_errno(why, "cannot attach the filter");
	memcpy(insns, before_program, before * sizeof(*insns));
	memcpy(insns + before, from, (count - before) * sizeof(*insns));
	/* A program returns how many bytes of the packet to copy into the ring. */
	for (size_t i = 0; i < count; i++)
		if (snaplen && insns[i].code == (BPF_RET | BPF_K) && insns[i].k > snaplen)
			insns[i].k = snaplen;
	ring_skip(ring);
	ring_count(ring);
	ring->received = ring->dropped = ring->ignored = 0;
	if (attach(ring, insns, count) < 0)
		rc = failure_errno(why, "the kernel refuses the filter of %zu instructions", count);
	else if (setsockopt(ring->fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0)
		rc = failure_errno(why, "cannot lock the filter");
	free(insns);
	return rc;
}

static struct tpacket_block_desc *
block_at(const struct ring *ring, unsigned block)
{
	return (void *)(ring->map + (size_t)block * ring->geometry.block_size);
}

/* Whether the block was handed over. Pairs with the barrier of the kernel before it does that. */
static bool
is_ready(const struct ring *ring, unsigned block)
{
	return __atomic_load_n(&block_at(ring, block)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
	       TP_STATUS_USER;
}

static void
return_block(struct ring *ring)
{
	__atomic_store_n(&block_at(ring, ring->block)->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	ring->block = (ring->block + 1) % ring->geometry.block_count;
	ring->is_reading = false;
	ring->left = 0;
}

static bool
begin_block(struct ring *ring)
{
	struct tpacket_block_desc *block = block_at(ring, ring->block);

	if (!is_ready(ring, ring->block))
		return false;
	ring->is_reading = true;
	ring->blocks++;
	ring->left = block->hdr.bh1.num_pkts;
	ring->next = (unsigned char *)block + block->hdr.bh1.offset_to_first_pkt;
	return true;
}

/* Moves the addresses into the room reserved before the packet, and puts the tag between them and
 * the type. */
static void
restore_tag(struct packet *packet, const struct tpacket3_hdr *head)
{
	const uint16_t tag[2] = {
	    htons(head->tp_status & TP_STATUS_VLAN_TPID_VALID ? head->hv1.tp_vlan_tpid
							      : ETH_P_8021Q),
	    htons((uint16_t)head->hv1.tp_vlan_tci),
	};
	unsigned char *data = (unsigned char *)(uintptr_t)packet->data - VLAN_TAG_SIZE;

	memmove(data, packet->data, 2 * ETH_ALEN);
	memcpy(data + 2 * ETH_ALEN, tag, VLAN_TAG_SIZE);
	packet->data = data;
	packet->caplen += VLAN_TAG_SIZE;
	packet->len += VLAN_TAG_SIZE;
}

static void
prefetch(const unsigned char *from, size_t size)
{
	for (size_t at = 0; at < size; at += 64)
		__builtin_prefetch(from + at);
}

bool
ring_next(struct ring *ring, struct packet *packet)
{
	static const unsigned char directions[] = {
	    [PACKET_HOST] = DIRECTION_IN,      [PACKET_BROADCAST] = DIRECTION_IN,
	    [PACKET_MULTICAST] = DIRECTION_IN, [PACKET_OTHERHOST] = DIRECTION_IN,
	    [PACKET_OUTGOING] = DIRECTION_OUT,
	};
	const struct tpacket3_hdr *head;
	const struct sockaddr_ll *from;

	do {
		while (ring->left == 0) {
			if (ring->is_reading)
				return_block(ring);
			if (!begin_block(ring))
				return false;
		}
		head = (const void *)ring->next;
		from = (const void *)(ring->next + TPACKET_ALIGN(sizeof(*head)));
		packet->data = ring->next + (ring->cooked ? head->tp_net : head->tp_mac);
		prefetch(ring->next + PREFETCH_AHEAD, head->tp_next_offset);
		ring->next += head->tp_next_offset;
		ring->left--;
		if (!ring->is_loopback || from->sll_pkttype != PACKET_OUTGOING)
			break;
		ring->ignored++;
	} while (true);

	ring->ifindex = from->sll_ifindex;
	packet->ts_ns = (int64_t)head->tp_sec * 1000000000 + head->tp_nsec;
	packet->caplen = head->tp_snaplen;
	packet->len = head->tp_len;
	packet->flags = from->sll_pkttype < sizeof(directions) ? directions[from->sll_pkttype] : 0;
	if (head->tp_status & TP_STATUS_VLAN_VALID && !ring->cooked &&
	    packet->caplen >= 2 * ETH_ALEN)
		restore_tag(packet, head);
	return true;
}

uint64_t
ring_skip(struct ring *ring)
{
	uint64_t skipped = ring->left;

	if (ring->is_reading)
		return_block(ring);
	while (begin_block(ring)) {
		skipped += ring->left;
		return_block(ring);
	}
	return skipped;
}

/* The kernel updates the number of packets before it hands a block over, and hands over no empty
 * block. The number may still be that of an earlier round: then the ring does not count as empty,
 * which is the safe side. */
bool
ring_is_empty(const struct ring *ring)
{
	const struct tpacket_block_desc *block = block_at(ring, ring->block);

	return !ring->is_reading && !is_ready(ring, ring->block) &&
	       __atomic_load_n(&block->hdr.bh1.num_pkts, __ATOMIC_ACQUIRE) == 0;
}

bool
ring_is_half_full(const struct ring *ring)
{
	return is_ready(ring, (ring->block + ring->geometry.block_count / 2) %
				  ring->geometry.block_count);
}

void
ring_count(struct ring *ring)
{
	struct tpacket_stats_v3 stats;
	socklen_t size = sizeof(stats);

	/* Reading resets them; tp_packets includes dropped ones. */
	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
		ring->received += stats.tp_packets;
		ring->dropped += stats.tp_drops;
	}
}

bool
ring_is_attached(const struct ring *ring)
{
	struct sockaddr_ll address = {0};
	socklen_t size = sizeof(address);
	int error;
	socklen_t error_size = sizeof(error);

	getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
	/* The kernel sets the index to -1 when the interface is unregistered. */
	return getsockname(ring->fd, (struct sockaddr *)&address, &size) < 0 ||
	       address.sll_ifindex != -1;
}

void
ring_close(struct ring *ring)
{
	if (ring->map)
		munmap(ring->map, ring->geometry.block_size * ring->geometry.block_count);
	if (ring->fd >= 0)
		close(ring->fd);
	*ring = RING_INIT;
}
