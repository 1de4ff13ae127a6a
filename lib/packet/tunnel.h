/*
 * Tunnels: packets that carry packets, as they go from an engine to a server that is not on its link.
 * Where the inner packet of one begins.
 *
 * One level is looked into, and only what is sure: a packet whose outer one is a fragment, the first
 * included, is in no tunnel, nor is one whose inner IP version is not what the tunnel's header says.
 */
#ifndef VCAP_TUNNEL_H
#define VCAP_TUNNEL_H

#include "base/failure.h"
#include "packet/dissect.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tunnel_kind {
	TUNNEL_NONE,
	TUNNEL_IPIP,   /* IPv4 or IPv6 in either (RFC 2003, RFC 2473, RFC 4213) */
	TUNNEL_GRE,    /* version 0, of IP or Ethernet (RFC 2784, RFC 2890) */
	TUNNEL_VXLAN,  /* RFC 7348 */
	TUNNEL_GENEVE, /* of Ethernet or IP (RFC 8926) */
};

struct tunnel {
	enum tunnel_kind kind;
	/* VXLAN, Geneve: the UDP port that packets of both directions are sent to; else 0. */
	uint16_t port;
};

#define TUNNEL_VXLAN_PORT  4789
#define TUNNEL_GENEVE_PORT 6081

/* GRE (RFC 2784, 2.1): headers with these bits are not read: routing, and a version but 0. Each of
 * the others adds four bytes to the header (RFC 2890, 2): checksum, key, sequence number. */
#define GRE_REFUSED 0x4007
#define GRE_OPTIONS 3
extern const uint16_t tunnel_gre_options[GRE_OPTIONS];
#define TUNNEL_ETHERNET 0x6558 /* the ethertype of Ethernet itself, in GRE and Geneve */
#define VXLAN_HAS_VNI   0x08   /* in the first byte, of a packet that is VXLAN */
#define GENEVE_VERSION  0xc0   /* in the first byte; 0 is the only one */
#define GENEVE_CONTROL  0x80   /* in the second: no packet of anybody's */
#define IP_FRAGMENT     0x3fff /* IPv4: more fragments, or an offset */
/* The first bytes of IP headers, the last one not included: of IPv4 they have the header's length in words, which
 * is 5 at least. */
#define IPV4_FIRST 0x45
#define IPV4_END   0x50
#define IPV6_FIRST 0x60
#define IPV6_END   0x70

/* Parses `ipip`, `gre`, `vxlan[:PORT]` or `geneve[:PORT]`. On failure tunnel is unchanged. */
int tunnel_parse(struct tunnel *tunnel, const char *word, struct failure *why);

#define TUNNEL_TEXT 16 /* bytes */

/* Writes the word of a tunnel, with its port if that is not the usual one. Returns to. */
char *tunnel_format(struct tunnel tunnel, char to[TUNNEL_TEXT]);

static inline bool
tunnel_equal(struct tunnel one, struct tunnel other)
{
	return one.kind == other.kind && one.port == other.port;
}

/* Whether the outer address of the far end tells a server, rather than the inner packet's. */
static inline bool
tunnel_has_far_end(enum tunnel_kind kind)
{
	return kind == TUNNEL_IPIP || kind == TUNNEL_GRE;
}

/* Whether packets of the tunnel are UDP. */
static inline bool
tunnel_is_udp(enum tunnel_kind kind)
{
	return kind == TUNNEL_VXLAN || kind == TUNNEL_GENEVE;
}

/* A packet in a tunnel. */
struct tunnelled {
	size_t which;                   /* of the tunnels that were asked for */
	struct tuple outer;             /* only the addresses */
	struct packet inner;            /* from its IP header on: of LINKTYPE_RAW */
	uint32_t options, options_size; /* of Geneve: where they begin, and their bytes; 0: none */
	uint32_t ethernet; /* where the inner Ethernet header begins; 0: there is none */
	uint32_t carrier;  /* where the outer IP header ends */
	bool is_quoted;    /* all this is quoted by an ICMP error */
};

/* Looks for a packet of one of these tunnels; the first counts. DISSECT_NOT_IP: it is in none of them;
 * DISSECT_CUT: a field that has to be read for it lies beyond caplen. found is undefined then. */
enum dissect_outcome tunnel_find(const struct packet *packet, uint16_t linktype,
				 const struct tunnel *tunnels, size_t count,
				 struct tunnelled *found);

/* The same, also in a packet that an ICMP error quotes. */
enum dissect_outcome tunnel_find_quoted(const struct packet *packet, uint16_t linktype,
					const struct tunnel *tunnels, size_t count,
					struct tunnelled *found);

/* The tunnels that are looked into where no service says which there are: of any kind, with the usual ports. */
#define TUNNEL_USUAL 5
extern const struct tunnel tunnel_usual[TUNNEL_USUAL];

/* As dissect_packet, of the inner packet where there is one in a usual tunnel. */
bool tunnel_dissect(const struct packet *packet, uint16_t linktype, struct tuple *tuple);

#endif
