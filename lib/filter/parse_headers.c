/*
 * dissect_packet() as a BPF program. The program keeps the offset of the network header in X, and
 * moves it to the transport header and back, since loads relative to X are the only way to a place
 * that depends on the packet. Loops do not exist in classic BPF: VLAN tags and extension headers
 * are unrolled as far as DISSECT_VLAN_TAGS and DISSECT_EXTENSIONS. Protocol and port of either end
 * are left in memory words as one number, the key, for classify to search.
 *
 * Instructions are made from the end to the start (codegen.h): read each function from below.
 */
#include "filter/parse_headers-int.h"

#include "packet/dissect.h"

/* Both keys are in A. */
static label
store_keys(struct emit *e, label next)
{
	return emit_op(e, BPF_ST, M_SOURCE_KEY, emit_op(e, BPF_ST, M_DESTINATION_KEY, next));
}

static label
restore_x(struct emit *e, label next)
{
	return emit_op(e, BPF_LDX | BPF_MEM, M_NETWORK, next);
}

/* A is the protocol, X at the transport header. Keys are protocol << 16 | port. */
static label
store_ports(struct emit *e, label next)
{
	label entry = restore_x(e, next);

	entry = emit_op(e, BPF_ST, M_DESTINATION_KEY, entry);
	entry = emit_op(e, BPF_ALU | BPF_OR | BPF_X, 0, entry);
	entry = emit_op(e, BPF_ALU | BPF_AND | BPF_K, 0xffff, entry);
	entry = emit_op(e, BPF_LD | BPF_MEM, M_DESTINATION_KEY, entry);
	entry = emit_op(e, BPF_ST, M_SOURCE_KEY, entry);
	entry = emit_op(e, BPF_ALU | BPF_OR | BPF_X, 0, entry);
	entry = emit_op(e, BPF_ALU | BPF_RSH | BPF_K, 16, entry);
	entry = emit_op(e, BPF_LDX | BPF_MEM, M_SOURCE_KEY, entry);
	entry = emit_op(e, BPF_ST, M_DESTINATION_KEY, entry);
	entry = emit_op(e, LOAD_WORD, 0, entry);
	entry = emit_op(e, BPF_ST, M_SOURCE_KEY, entry);
	return emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 16, entry);
}

/* A is the type of ICMPv6. Neighbour discovery is the link's and no packet of a service. */
static label
reject_discovery(struct emit *e, label plain)
{
	return emit_test(e, JGE, ICMPV6_ND_FIRST,
			 emit_test(e, JGE, ICMPV6_ND_LAST + 1, plain, e->miss), plain);
}

/* X is at an ICMP header. An error continues at error, with X at the header it quotes. */
static label
parse_icmp(struct emit *e, uint8_t family, label next, label error)
{
	uint32_t base = TUPLE_KEY(family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6, 0);
	label plain, quote;

	plain = store_keys(e, restore_x(e, next));
	plain = emit_op(e, BPF_ALU | BPF_OR | BPF_K, base, plain);
	if (family == 6)
		plain = reject_discovery(e, plain);
	if (error == next)
		return emit_op(e, LOAD_BYTE, 0, plain);
	quote = emit_op(e, BPF_LD | BPF_IMM, 8, emit_move_x(e, error));
	return emit_icmp_error(e, family, quote, plain);
}

/* A is the protocol, X at the transport header. */
static label
parse_transport(struct emit *e, uint8_t family, label next, label error)
{
	static const uint32_t with_ports[] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP};
	uint32_t icmp = family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
	label other = emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 16, store_keys(e, restore_x(e, next)));

	other = emit_test(e, JEQ, icmp, parse_icmp(e, family, next, error), other);
	return emit_any_of(e, with_ports, 3, store_ports(e, next), other);
}

/* Of later fragments, and behind too many extension headers, only the addresses are known. */
static label
store_unknown(struct emit *e, label next)
{
	return emit_op(e, BPF_LD | BPF_IMM, TUPLE_KEY_ANY, store_keys(e, restore_x(e, next)));
}

static label
parse_v4(struct emit *e, label next, label error)
{
	label entry = parse_transport(e, 4, next, error);

	entry = emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL, entry);
	entry = emit_move_x(e, entry);
	entry = emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 2, entry);
	entry = emit_op(e, BPF_ALU | BPF_AND | BPF_K, 0xf, entry);
	entry = emit_op(e, LOAD_BYTE, 0, entry);
	entry = emit_op(e, BPF_ST, M_PROTOCOL, entry);
	entry = emit_op(e, LOAD_BYTE, 9, entry);
	return emit_op(e, LOAD_HALF, 6, emit_test(e, JSET, 0x1fff, store_unknown(e, next), entry));
}

/* A is the protocol, X at its header; up to `left` more extension headers are skipped. */
static label
parse_extensions(struct emit *e, unsigned left, label next, label error)
{
	static const uint32_t sized[] = {PROTOCOL_HOPOPTS, PROTOCOL_ROUTING, PROTOCOL_DSTOPTS};
	label addresses = store_unknown(e, next), entry, after, fragment;

	entry = parse_transport(e, 6, next, error);
	if (left == 0)
		return emit_test(e, JEQ, PROTOCOL_FRAGMENT, addresses,
				 emit_any_of(e, sized, 3, addresses, entry));
	after = emit_move_x(e, emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL,
				       parse_extensions(e, left - 1, next, error)));
	fragment = emit_op(e, BPF_LD | BPF_IMM, 8, after);
	fragment = emit_op(e, LOAD_HALF, 2, emit_test(e, JSET, 0xfff8, addresses, fragment));
	fragment = emit_op(e, LOAD_BYTE, 0, emit_op(e, BPF_ST, M_PROTOCOL, fragment));
	/* The length is in units of eight bytes, without the first (RFC 8200, 4.3). */
	after = emit_op(e, BPF_ALU | BPF_LSH | BPF_K, 3, after);
	after = emit_op(e, LOAD_BYTE, 1, emit_op(e, BPF_ALU | BPF_ADD | BPF_K, 1, after));
	after = emit_op(e, LOAD_BYTE, 0, emit_op(e, BPF_ST, M_PROTOCOL, after));
	return emit_test(e, JEQ, PROTOCOL_FRAGMENT, fragment,
			 emit_any_of(e, sized, 3, after, entry));
}

static label
parse_v6(struct emit *e, label next, label error)
{
	label entry = parse_extensions(e, DISSECT_EXTENSIONS, next, error);

	entry = emit_op(e, BPF_LD | BPF_MEM, M_PROTOCOL, entry);
	entry = emit_op(e, BPF_LD | BPF_IMM, 40, emit_move_x(e, entry));
	return emit_op(e, LOAD_BYTE, 6, emit_op(e, BPF_ST, M_PROTOCOL, entry));
}

/* X is at a network header whose addresses were captured. */
static label
parse_header(struct emit *e, uint8_t family, label next, label error)
{
	label entry = family == 4 ? parse_v4(e, next, error) : parse_v6(e, next, error);

	return emit_op(e, BPF_STX, M_NETWORK, entry);
}

/*
 * Most packets on a load balancer are not of this service, and their addresses show that before
 * keys are made. An ICMP error may come from any address, so it is parsed in full, and so is what
 * may turn out to be one behind extension headers.
 */
static label
reject_early(struct emit *e, uint8_t family, label full)
{
	static const uint32_t may_be_error4[] = {PROTOCOL_ICMP};
	static const uint32_t may_be_error6[] = {PROTOCOL_ICMPV6, PROTOCOL_HOPOPTS,
						 PROTOCOL_ROUTING, PROTOCOL_FRAGMENT,
						 PROTOCOL_DSTOPTS};
	label other;

	if (family == 4)
		other = emit_op(e, LOAD_BYTE, 9, emit_any_of(e, may_be_error4, 1, full, e->miss));
	else
		other = emit_op(e, LOAD_BYTE, 6, emit_any_of(e, may_be_error6, 5, full, e->miss));
	other = search_address(&e->search, e->ends, family, emit_source_at(family), full, other);
	return search_address(&e->search, e->ends, family, emit_destination_at(family), full,
			      other);
}

/* An ICMP error never quotes another (RFC 1122, 3.2.2), so parsing the quoted header ends there. */
static label
parse_in_full(struct emit *e, uint8_t family, label next)
{
	label quoted = emit_need_addresses(e, family, parse_header(e, family, next, next));

	return parse_header(e, family, next, quoted);
}

label
parse_headers_store_keys(struct emit *e, uint8_t family, label next)
{
	label entry;

	if (next == e->reject)
		return next;
	entry = parse_in_full(e, family, next);
	/* The search in reject_early starts with the same load for IPv4. */
	if (family == 6)
		entry = emit_need_addresses(e, family, entry);
	return reject_early(e, family, entry);
}

label
parse_headers_store_inner_keys(struct emit *e, uint8_t family, label next)
{
	return emit_need_addresses(e, family,
				   reject_early(e, family, parse_in_full(e, family, next)));
}

static label
load_x(struct emit *e, uint32_t at, label next)
{
	return next == e->reject ? next : emit_op(e, BPF_LDX | BPF_IMM, at, next);
}

static label
find_by_type(struct emit *e, struct by_family next)
{
	label entry = e->not_ip;

	if (next.v4 == entry && next.v6 == entry)
		return entry;
	/* What is made first is placed last: so untagged packets need no jump. */
	load_x(e, e->link->network_at, next.v4);
	for (unsigned tags = DISSECT_VLAN_TAGS + 1; tags-- > 0;) {
		uint32_t at = e->link->network_at + 4 * tags;

		entry = emit_any_of(e, linktype_vlans, LINKTYPE_VLANS, entry, e->not_ip);
		entry = emit_test(e, JEQ, 0x86dd, load_x(e, at, next.v6), entry);
		entry = emit_test(e, JEQ, 0x0800, load_x(e, at, next.v4), entry);
		entry = emit_op(e, BPF_LD | BPF_H | BPF_ABS, linktype_ethertype_at(e->link, tags),
				entry);
	}
	return entry;
}

static label
find_by_version(struct emit *e, struct by_family next)
{
	label entry = emit_test(e, JEQ, 6, load_x(e, 0, next.v6), e->not_ip);

	entry = emit_test(e, JEQ, 4, load_x(e, 0, next.v4), entry);
	if (entry == e->not_ip)
		return entry;
	return emit_op(e, BPF_LD | BPF_B | BPF_ABS, 0,
		       emit_op(e, BPF_ALU | BPF_RSH | BPF_K, 4, entry));
}

static label
find_by_family(struct emit *e, struct by_family next)
{
	label entry = e->not_ip;

	entry = emit_any_of(e, linktype_families6, LINKTYPE_FAMILIES6,
			    load_x(e, e->link->network_at, next.v6), entry);
	entry = emit_any_of(e, linktype_families4, LINKTYPE_FAMILIES4,
			    load_x(e, e->link->network_at, next.v4), entry);
	return emit_op(e, BPF_LD | BPF_W | BPF_ABS, 0, entry);
}

static label
find_by_ppp(struct emit *e, struct by_family next)
{
	label entries[LINKTYPE_SHAPES];

	for (unsigned shape = 0; shape < linktype_shapes(e->link); shape++) {
		const uint32_t at = linktype_network_at(e->link, shape);
		label entry = emit_test(e, JEQ, PPP_IPV6, load_x(e, at, next.v6), e->not_ip);

		entry = emit_test(e, JEQ, PPP_IPV4, load_x(e, at, next.v4), entry);
		if (shape == PPP_FRAMED || shape == PPP_PLAIN)
			entry = emit_op(e, BPF_LD | BPF_H | BPF_ABS, at - 2, entry);
		entries[shape] = entry;
	}
	return emit_ppp_shape(e, entries);
}

label
parse_headers_find_network(struct emit *e, struct by_family next)
{
	switch (e->link->kind) {
	case LINKTYPE_BY_TYPE: return find_by_type(e, next);
	case LINKTYPE_BY_FAMILY: return find_by_family(e, next);
	case LINKTYPE_BY_PPP: return find_by_ppp(e, next);
	default: return find_by_version(e, next);
	}
}
