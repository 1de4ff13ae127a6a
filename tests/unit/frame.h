/*
 * Frames made from a story, so that a test knows the truth about a packet without having parsed it.
 */
#ifndef VCAP_TEST_FRAME_H
#define VCAP_TEST_FRAME_H

#include "packet/addrset.h"
#include "packet/dissect.h"
#include "packet/linktype.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct story {
	uint16_t linktype;
	unsigned tags;      /* VLAN tags, 0-3 */
	unsigned shape;     /* PPP: enum linktype_ppp; NULL, LOOP: which of the family's numbers */
	uint16_t ethertype; /* instead of the family's own, if not 0 */
	struct addr source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
	uint8_t icmp_type;
	unsigned options;      /* IPv4: words of header options */
	unsigned extensions;   /* IPv6: extension headers, 0-6 */
	uint16_t fragment;     /* its offset in units of eight bytes: a later one, unless 0 */
	uint16_t flags;        /* what else is in the field: 3 bits */
	bool behind_extension; /* the ICMPv6 error below is */
	bool quoted;           /* all this is quoted by an ICMP error ... */
	struct addr router;    /* ... that this address sends to the source */
	uint8_t error_type;
};

struct frame {
	unsigned char bytes[1024];
	uint32_t size;
};

static void
put(struct frame *frame, uint32_t value, unsigned size)
{
	while (size-- > 0)
		frame->bytes[frame->size++] = (unsigned char)(value >> 8 * size);
}

static void
put_address(struct frame *frame, struct addr addr)
{
	for (int shift = addr.family == 4 ? 0 : 96; shift >= 0; shift -= 32)
		put(frame, (uint32_t)(addr.value >> shift), 4);
}

static void
put_ppp(struct frame *frame, const struct story *story)
{
	uint32_t protocol = story->source.family == 4 ? PPP_IPV4 : PPP_IPV6;
	bool is_short = story->shape == PPP_FRAMED_SHORT || story->shape == PPP_SHORT;

	if (story->ethertype)
		protocol = is_short ? 0xc1 : 0xc021;
	if (story->shape == PPP_FRAMED || story->shape == PPP_FRAMED_SHORT)
		put(frame, PPP_ADDRESS_CONTROL, 2);
	put(frame, protocol, is_short ? 1 : 2);
}

/* Netfilter's attributes, of this host's byte order. */
static void
put_nflog(struct frame *frame)
{
	static const struct {
		uint16_t size, type;
		unsigned char value[8];
	} before = {9, 10, {'l', 'o', 'g', ':', 0}};
	const uint16_t payload[] = {4, 9};

	put(frame, 0x02000005, 4);
	memcpy(frame->bytes + frame->size, &before, 12);
	memcpy(frame->bytes + frame->size + 12, payload, 4);
	frame->size += 16;
}

/* The header of a link layer that has no ethertype. */
static void
put_other_link(struct frame *frame, const struct story *story)
{
	const bool is_v4 = story->source.family == 4;
	const uint32_t *families = is_v4 ? linktype_families4 : linktype_families6;

	if (story->linktype == LINKTYPE_NULL || story->linktype == LINKTYPE_LOOP)
		put(frame,
		    story->ethertype ? 7
				     : families[story->shape %
						(is_v4 ? LINKTYPE_FAMILIES4 : LINKTYPE_FAMILIES6)],
		    4);
	else if (story->linktype == LINKTYPE_PPP)
		put_ppp(frame, story);
	else if (story->linktype == LINKTYPE_NFLOG)
		put_nflog(frame);
}

static void
put_link(struct frame *frame, const struct story *story)
{
	static const uint16_t tpids[] = {0x88a8, 0x8100, 0x9100};
	uint16_t own = story->source.family == 4 ? 0x0800 : 0x86dd;
	uint16_t type = story->ethertype ? story->ethertype : own;
	uint16_t first = story->tags ? tpids[story->tags % 3] : type;

	if (linktype_find(story->linktype) &&
	    linktype_find(story->linktype)->kind != LINKTYPE_BY_TYPE) {
		put_other_link(frame, story);
		return;
	}
	if (story->linktype == LINKTYPE_EN10MB) {
		for (int i = 0; i < 12; i++)
			put(frame, 0x02 + (uint32_t)i, 1);
		put(frame, first, 2);
	} else if (story->linktype == LINKTYPE_LINUX_SLL) {
		for (int i = 0; i < 14; i++)
			put(frame, (uint32_t)i, 1);
		put(frame, first, 2);
	} else {
		put(frame, first, 2);
		for (int i = 0; i < 18; i++)
			put(frame, (uint32_t)i, 1);
	}
	for (unsigned i = 1; i <= story->tags; i++) {
		put(frame, 0x0123, 2);
		put(frame, i < story->tags ? tpids[i] : type, 2);
	}
}

static void
put_v4(struct frame *frame, struct addr source, struct addr destination, uint8_t protocol,
       unsigned options, uint16_t fragment)
{
	put(frame, 0x45 + options, 1);
	put(frame, 0, 1);
	put(frame, 0, 2); /* as offloading leaves it */
	put(frame, 0x1234, 2);
	put(frame, fragment, 2);
	put(frame, 64, 1);
	put(frame, protocol, 1);
	put(frame, 0, 2);
	put_address(frame, source);
	put_address(frame, destination);
	for (unsigned i = 0; i < options; i++)
		put(frame, 0x01010101, 4);
}

static void
put_v6(struct frame *frame, struct addr source, struct addr destination, uint8_t next)
{
	put(frame, 0x60000000, 4);
	put(frame, 0, 2);
	put(frame, next, 1);
	put(frame, 64, 1);
	put_address(frame, source);
	put_address(frame, destination);
}

/* The header of kind i in a chain, with what follows it. */
static void
put_extension(struct frame *frame, uint8_t kind, uint8_t next, uint16_t fragment, unsigned words)
{
	put(frame, next, 1);
	if (kind == PROTOCOL_FRAGMENT) {
		put(frame, 0, 1);
		put(frame, fragment, 2);
		put(frame, 0x1234, 4);
		return;
	}
	put(frame, words, 1);
	put(frame, 0, 2);
	put(frame, 0, 4);
	for (unsigned i = 0; i < words; i++) {
		put(frame, 0, 4);
		put(frame, 0, 4);
	}
}

static uint8_t
extension_kind(const struct story *story, unsigned i)
{
	static const uint8_t kinds[] = {PROTOCOL_HOPOPTS, PROTOCOL_ROUTING, PROTOCOL_DSTOPTS};

	/* A fragment header is the last that a later fragment shows. */
	if (i + 1 == story->extensions && (story->fragment || story->source_port % 2))
		return PROTOCOL_FRAGMENT;
	return kinds[(i + story->destination_port) % 3];
}

/* The IP header with what stands between it and the transport's. */
static void
put_network(struct frame *frame, const struct story *story)
{
	if (story->source.family == 4) {
		put_v4(frame, story->source, story->destination, story->protocol, story->options,
		       (uint16_t)(story->flags << 13 | story->fragment));
	} else {
		put_v6(frame, story->source, story->destination,
		       story->extensions ? extension_kind(story, 0) : story->protocol);
		for (unsigned i = 0; i < story->extensions; i++)
			put_extension(frame, extension_kind(story, i),
				      i + 1 < story->extensions ? extension_kind(story, i + 1)
								: story->protocol,
				      (uint16_t)(story->fragment << 3 | story->flags), i % 3);
	}
}

static void
put_ip(struct frame *frame, const struct story *story)
{
	bool has_ports = story->protocol == PROTOCOL_TCP || story->protocol == PROTOCOL_UDP ||
			 story->protocol == PROTOCOL_SCTP;

	put_network(frame, story);
	if (has_ports) {
		put(frame, story->source_port, 2);
		put(frame, story->destination_port, 2);
	} else {
		put(frame, story->icmp_type, 1);
		put(frame, 0, 3);
	}
	for (int i = 0; i < 4; i++)
		put(frame, 0x50100000, 4);
}

/* The headers of the ICMP error that quotes it all, if one does. */
static void
put_error(struct frame *frame, const struct story *story)
{
	if (!story->quoted)
		return;
	if (story->source.family == 4)
		put_v4(frame, story->router, story->source, PROTOCOL_ICMP, 0, 0);
	else
		put_v6(frame, story->router, story->source,
		       story->behind_extension ? PROTOCOL_HOPOPTS : PROTOCOL_ICMPV6);
	if (story->source.family == 6 && story->behind_extension)
		put_extension(frame, PROTOCOL_HOPOPTS, PROTOCOL_ICMPV6, 0, 1);
	put(frame, story->error_type, 1);
	put(frame, 0, 3);
	put(frame, 0, 4);
}

static void
frame_build(struct frame *frame, const struct story *story)
{
	frame->size = 0;
	put_link(frame, story);
	put_error(frame, story);
	put_ip(frame, story);
}

static inline struct packet
frame_packet(const struct frame *frame)
{
	return (struct packet){.caplen = frame->size, .len = frame->size, .data = frame->bytes};
}

#endif
