/*
 * tunnel_find() as a BPF program. X moves behind the outer headers to the inner one, from where on all code
 * is what it is for other packets. The outer header's place stays in M[], for the far end's address, and so does
 * that of the packet's own header, for the way back, which is one for all tunnels since its version says where it
 * goes on. The two differ in an ICMP error, which quotes the outer packet.
 *
 * Instructions are made from the end to the start (codegen.h): read each function from below.
 */
#include "filter/tunnel_entry-int.h"

#include "filter/classify-int.h"
#include "filter/parse_headers-int.h"
#include "packet/dissect.h"
#include "packet/tunnel.h"

#define ETHERTYPE_IPV4  0x0800
#define ETHERTYPE_IPV6  0x86dd
#define ETHERNET_HEADER 14
#define UDP_HEADER      8

/* Moves X by a number of bytes. */
static label
move_by(struct emit *e, uint32_t bytes, label next)
{
	return emit_op(e, BPF_LD | BPF_IMM, bytes, emit_move_x(e, next));
}

/* Whether X is at an IP header of this version, whose first byte A is then. */
static label
test_version(struct emit *e, int version, label yes, label no)
{
	const uint32_t first = version == 4 ? IPV4_FIRST : IPV6_FIRST;
	const uint32_t end = version == 4 ? IPV4_END : IPV6_END;

	yes = emit_test(e, JGE, first, emit_test(e, JGE, end, no, yes), no);
	return emit_op(e, LOAD_BYTE, 0, yes);
}

/* X is at the inner header. */
static struct by_family
judge_inner(struct emit *e, size_t tunnel, const struct tunnel_entry *entry)
{
	label v6 = e->miss, v4 = e->miss;

	/* Without an address of its family an inner packet need not be read. */
	if (e->ends->v6.count > 0)
		v6 = parse_headers_store_inner_keys(e, 6,
						    classify_tunnelled(e, 6, tunnel, entry->v6));
	if (e->ends->v4.count > 0)
		v4 = parse_headers_store_inner_keys(e, 4,
						    classify_tunnelled(e, 4, tunnel, entry->v4));
	return (struct by_family){test_version(e, 4, v4, e->miss), test_version(e, 6, v6, e->miss)};
}

/* X is at an Ethernet header. */
static label
find_ethernet(struct emit *e, struct by_family inner)
{
	label entry = e->miss;

	for (unsigned tags = DISSECT_VLAN_TAGS + 1; tags-- > 0;) {
		const uint32_t size = ETHERNET_HEADER + 4 * tags;

		entry = emit_any_of(e, linktype_vlans, LINKTYPE_VLANS, entry, e->miss);
		entry = emit_test(e, JEQ, ETHERTYPE_IPV6, move_by(e, size, inner.v6), entry);
		entry = emit_test(e, JEQ, ETHERTYPE_IPV4, move_by(e, size, inner.v4), entry);
		entry = emit_op(e, LOAD_HALF, size - 2, entry);
	}
	return entry;
}

/* M_PROTOCOL is the type of what X is at. */
static label
find_typed(struct emit *e, struct by_family inner)
{
	label entry = emit_test(e, JEQ, TUNNEL_ETHERNET, find_ethernet(e, inner), e->miss);

	entry = emit_test(e, JEQ, ETHERTYPE_IPV6, inner.v6, entry);
	entry = emit_test(e, JEQ, ETHERTYPE_IPV4, inner.v4, entry);
	return emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL, entry);
}

/* Passes a header of GRE, of size bytes with the options before this one; A is its flags. */
static label
pass_gre(struct emit *e, int option, uint32_t size, label next)
{
	if (option == GRE_OPTIONS)
		return move_by(e, size, next);
	return emit_test(e, JSET, tunnel_gre_options[option],
			 pass_gre(e, option + 1, size + 4, next),
			 pass_gre(e, option + 1, size, next));
}

static label
find_gre(struct emit *e, struct by_family inner)
{
	label entry = pass_gre(e, 0, 4, find_typed(e, inner));

	entry = emit_op(e, LOAD_HALF, 0, emit_test(e, JSET, GRE_REFUSED, e->miss, entry));
	return emit_op(e, LOAD_HALF, 2, emit_op(e, BPF_ST, M_PROTOCOL, entry));
}

/* X is at the UDP header. */
static label
find_vxlan(struct emit *e, struct by_family inner)
{
	label entry = move_by(e, UDP_HEADER + 8, find_ethernet(e, inner));

	return emit_op(e, LOAD_BYTE, UDP_HEADER, emit_test(e, JSET, VXLAN_HAS_VNI, entry, e->miss));
}

static label
find_geneve(struct emit *e, struct by_family inner)
{
	label entry = emit_move_x(e, find_typed(e, inner));

	/* The version is 0, so the first byte is the length of the options, in words. */
	entry = emit_op(e, BPF_ALU | BPF_ADD | BPF_K, UDP_HEADER + 8, entry);
	entry = emit_op(e, LOAD_BYTE, UDP_HEADER, emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 2, entry));
	entry = emit_op(e, LOAD_HALF, UDP_HEADER + 2, emit_op(e, BPF_ST, M_PROTOCOL, entry));
	entry = emit_op(e, LOAD_BYTE, UDP_HEADER + 1,
			emit_test(e, JSET, GENEVE_CONTROL, e->miss, entry));
	return emit_op(e, LOAD_BYTE, UDP_HEADER,
		       emit_test(e, JSET, GENEVE_VERSION, e->miss, entry));
}

/* The protocols of outer packets, and where each continues, X behind the IP header. */
struct carriers {
	uint32_t protocols[5];
	label labels[5];
	size_t count;
};

static void
add_carrier(struct carriers *carriers, uint32_t protocol, label to)
{
	carriers->protocols[carriers->count] = protocol;
	carriers->labels[carriers->count++] = to;
}

static struct carriers
find_carriers(struct emit *e, const struct tunnel_entry *entry)
{
	const struct service_tunnels *tunnels = &e->filter->service->tunnels;
	struct carriers carriers = {.count = 0};
	label udp = e->miss;

	for (size_t i = tunnels->count; i-- > 0;) {
		const struct tunnel *via = &tunnels->vias[i];
		struct by_family inner;

		e->ends = &tunnels->list[i].addresses;
		inner = judge_inner(e, i, entry);
		switch (via->kind) {
		case TUNNEL_IPIP:
			add_carrier(&carriers, PROTOCOL_IPV4, inner.v4);
			add_carrier(&carriers, PROTOCOL_IPV6, inner.v6);
			break;
		case TUNNEL_GRE: add_carrier(&carriers, PROTOCOL_GRE, find_gre(e, inner)); break;
		case TUNNEL_VXLAN:
			udp = emit_test(e, JEQ, via->port, find_vxlan(e, inner), udp);
			break;
		case TUNNEL_GENEVE:
			udp = emit_test(e, JEQ, via->port, find_geneve(e, inner), udp);
			break;
		case TUNNEL_NONE: break;
		}
	}
	if (udp != e->miss)
		add_carrier(&carriers, PROTOCOL_UDP, emit_op(e, LOAD_HALF, 2, udp));
	return carriers;
}

/* A is the protocol, X behind the IP header. */
static label
find_inner(struct emit *e, const struct carriers *carriers)
{
	label entry = e->miss;

	for (size_t i = carriers->count; i-- > 0;)
		entry = emit_test(e, JEQ, carriers->protocols[i], carriers->labels[i], entry);
	return entry;
}

static label
enter_v4(struct emit *e, const struct carriers *carriers, label no)
{
	label entry = emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL, find_inner(e, carriers));

	entry = emit_move_x(e, entry);
	entry = emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 2, entry);
	entry = emit_op(e, BPF_ALU | BPF_AND | BPF_K, 0xf, entry);
	entry = test_version(e, 4, entry, no);
	entry = emit_op(e, LOAD_HALF, 6, emit_test(e, JSET, IP_FRAGMENT, no, entry));
	entry = emit_op(e, BPF_ST, M_PROTOCOL, emit_op(e, BPF_STX, M_OUTER, entry));
	return emit_op(e, LOAD_BYTE, 9,
		       emit_any_of(e, carriers->protocols, carriers->count, entry, no));
}

static const uint32_t extensions[] = {PROTOCOL_HOPOPTS, PROTOCOL_ROUTING, PROTOCOL_DSTOPTS};

/* A is the protocol, X at its header; up to `left` extension headers are passed. */
static label
pass_extensions(struct emit *e, const struct carriers *carriers, unsigned left)
{
	label after;

	if (left == 0)
		return find_inner(e, carriers);
	after = emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL, pass_extensions(e, carriers, left - 1));
	after = emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 3, emit_move_x(e, after));
	after = emit_op(e, LOAD_BYTE, 1, emit_op(e, BPF_ALU | BPF_ADD | BPF_K, 1, after));
	after = emit_op(e, LOAD_BYTE, 0, emit_op(e, BPF_ST, M_PROTOCOL, after));
	return emit_any_of(e, extensions, 3, after, find_inner(e, carriers));
}

static label
enter_v6(struct emit *e, const struct carriers *carriers, label no)
{
	label entry = emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL,
			      pass_extensions(e, carriers, DISSECT_EXTENSIONS));

	entry = test_version(e, 6, move_by(e, 40, entry), no);
	entry = emit_op(e, BPF_ST, M_PROTOCOL, emit_op(e, BPF_STX, M_OUTER, entry));
	no = emit_any_of(e, extensions, 3, entry, no);
	return emit_op(e, LOAD_BYTE, 6,
		       emit_any_of(e, carriers->protocols, carriers->count, entry, no));
}

static label
enter(struct emit *e, uint8_t family, const struct carriers *carriers, label no)
{
	return family == 4 ? enter_v4(e, carriers, no) : enter_v6(e, carriers, no);
}

/* The same, or what it quotes, if it is an ICMP error. */
static label
enter_first(struct emit *e, uint8_t family, struct carriers carriers, label plain)
{
	const label quoted = move_by(e, 8, enter(e, family, &carriers, e->miss));

	add_carrier(&carriers, family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
		    emit_icmp_error(e, family, quoted, e->miss));
	return emit_op(e, BPF_STX, M_FIRST, enter(e, family, &carriers, plain));
}

struct by_family
tunnel_entry_make(struct emit *e, const struct tunnel_entry *entry)
{
	const struct by_family plain = entry->plain;
	struct carriers carriers;
	struct emit inside = *e;

	if (plain.v4 != e->reject || plain.v6 != e->reject)
		inside.miss = emit_op(e, BPF_LDX | BPF_MEM, M_FIRST,
				      emit_outer_family(e, plain.v4, plain.v6));
	carriers = find_carriers(&inside, entry);
	return (struct by_family){enter_first(&inside, 4, carriers, plain.v4),
				  enter_first(&inside, 6, carriers, plain.v6)};
}
