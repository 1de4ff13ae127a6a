/* Steps 1 and 2: what headers say, as dissect_packet() finds it. */
#include "filter/compile.h"
#include "packet/dissect.h"

/* The end of step 2: both keys are in A. */
static label
store_keys(struct compile *c, label next)
{
	return op(c, BPF_ST, M_SOURCE_KEY, op(c, BPF_ST, M_DESTINATION_KEY, next));
}

/* X is moved to where A says it is. */
static label
move_x(struct compile *c, label next)
{
	return op(c, BPF_ALU | BPF_ADD | BPF_X, 0, op(c, BPF_MISC | BPF_TAX, 0, next));
}

static label
back_to_network(struct compile *c, label next)
{
	return op(c, BPF_LDX | BPF_MEM, M_NETWORK, next);
}

/* A is the protocol, X the transport header: the keys are protocol << 16 | port. */
static label
take_ports(struct compile *c, label next)
{
	label entry = back_to_network(c, next);

	entry = op(c, BPF_ST, M_DESTINATION_KEY, entry);
	entry = op(c, BPF_ALU | BPF_OR | BPF_X, 0, entry);
	entry = op(c, BPF_ALU | BPF_AND | BPF_K, 0xffff, entry);
	entry = op(c, BPF_LD | BPF_MEM, M_DESTINATION_KEY, entry);
	entry = op(c, BPF_ST, M_SOURCE_KEY, entry);
	entry = op(c, BPF_ALU | BPF_OR | BPF_X, 0, entry);
	entry = op(c, BPF_ALU | BPF_RSH | BPF_K, 16, entry);
	entry = op(c, BPF_LDX | BPF_MEM, M_SOURCE_KEY, entry);
	entry = op(c, BPF_ST, M_DESTINATION_KEY, entry);
	entry = op(c, LOAD_WORD, 0, entry);
	entry = op(c, BPF_ST, M_SOURCE_KEY, entry);
	return op(c, BPF_ALU | BPF_LSH | BPF_K, 16, entry);
}

/* X is an ICMP header. An error goes on to error with X at what it quotes. */
static label
take_icmp(struct compile *c, uint8_t family, label next, label error)
{
	static const uint32_t errors[] = {3, 4, 5, 11, 12};
	uint32_t base = TUPLE_KEY(family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6, 0);
	label plain, quote, entry;

	plain = store_keys(c, back_to_network(c, next));
	plain = op(c, BPF_ALU | BPF_OR | BPF_K, base, plain);
	if (error == next)
		return op(c, LOAD_BYTE, 0, plain);
	quote = op(c, BPF_LD | BPF_IMM, 8, move_x(c, error));
	if (family == 4)
		entry = any_of(c, errors, sizeof(errors) / sizeof(*errors), quote, plain);
	else
		entry = test(c, JGE, 128, plain, quote);
	return op(c, LOAD_BYTE, 0, entry);
}

/* A is the protocol, X the transport header. */
static label
take_transport(struct compile *c, uint8_t family, label next, label error)
{
	static const uint32_t with_ports[] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP};
	uint32_t icmp = family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
	label other = op(c, BPF_ALU | BPF_LSH | BPF_K, 16, store_keys(c, back_to_network(c, next)));

	other = test(c, JEQ, icmp, take_icmp(c, family, next, error), other);
	return any_of(c, with_ports, 3, take_ports(c, next), other);
}

/* A later fragment, or beyond what is passed over. */
static label
only_addresses(struct compile *c, label next)
{
	return op(c, BPF_LD | BPF_IMM, TUPLE_KEY_ANY, store_keys(c, back_to_network(c, next)));
}

static label
take_v4(struct compile *c, label next, label error)
{
	label entry = take_transport(c, 4, next, error);

	entry = op(c, BPF_LD | BPF_MEM, M_PROTOCOL, entry);
	entry = move_x(c, entry);
	entry = op(c, BPF_ALU | BPF_LSH | BPF_K, 2, entry);
	entry = op(c, BPF_ALU | BPF_AND | BPF_K, 0xf, entry);
	entry = op(c, LOAD_BYTE, 0, entry);
	entry = op(c, BPF_ST, M_PROTOCOL, entry);
	entry = op(c, LOAD_BYTE, 9, entry);
	return op(c, LOAD_HALF, 6, test(c, JSET, 0x1fff, only_addresses(c, next), entry));
}

/* A is the protocol, X where its header starts, and left extension headers may yet be passed. */
static label
take_extensions(struct compile *c, unsigned left, label next, label error)
{
	static const uint32_t sized[] = {PROTOCOL_HOPOPTS, PROTOCOL_ROUTING, PROTOCOL_DSTOPTS};
	label addresses = only_addresses(c, next), entry, after, fragment;

	entry = take_transport(c, 6, next, error);
	if (left == 0)
		return test(c, JEQ, PROTOCOL_FRAGMENT, addresses,
			    any_of(c, sized, 3, addresses, entry));
	after = move_x(
	    c, op(c, BPF_LD | BPF_MEM, M_PROTOCOL, take_extensions(c, left - 1, next, error)));
	fragment = op(c, BPF_LD | BPF_IMM, 8, after);
	fragment = op(c, LOAD_HALF, 2, test(c, JSET, 0xfff8, addresses, fragment));
	fragment = op(c, LOAD_BYTE, 0, op(c, BPF_ST, M_PROTOCOL, fragment));
	/* The length counts words of eight bytes after the first. */
	after = op(c, BPF_ALU | BPF_LSH | BPF_K, 3, after);
	after = op(c, LOAD_BYTE, 1, op(c, BPF_ALU | BPF_ADD | BPF_K, 1, after));
	after = op(c, LOAD_BYTE, 0, op(c, BPF_ST, M_PROTOCOL, after));
	return test(c, JEQ, PROTOCOL_FRAGMENT, fragment, any_of(c, sized, 3, after, entry));
}

static label
take_v6(struct compile *c, label next, label error)
{
	label entry = take_extensions(c, DISSECT_EXTENSIONS, next, error);

	entry = op(c, BPF_LD | BPF_MEM, M_PROTOCOL, entry);
	entry = op(c, BPF_LD | BPF_IMM, 40, move_x(c, entry));
	return op(c, LOAD_BYTE, 6, op(c, BPF_ST, M_PROTOCOL, entry));
}

/* X is a network header, of which the addresses were captured. */
static label
take_header(struct compile *c, uint8_t family, label next, label error)
{
	label entry = family == 4 ? take_v4(c, next, error) : take_v6(c, next, error);

	return op(c, BPF_STX, M_NETWORK, entry);
}

/*
 * What comes by on a load balancer is mostly not of this service, and addresses tell that long
 * before keys have been made; but an ICMP error has other addresses than what it quotes.
 */
static label
pass_quickly(struct compile *c, uint8_t family, label full)
{
	static const uint32_t perhaps4[] = {PROTOCOL_ICMP};
	static const uint32_t perhaps6[] = {PROTOCOL_ICMPV6, PROTOCOL_HOPOPTS, PROTOCOL_ROUTING,
					    PROTOCOL_FRAGMENT, PROTOCOL_DSTOPTS};
	const struct addrset *ends = &c->filter->service->addresses;
	label other;

	if (family == 4)
		other = op(c, LOAD_BYTE, 9, any_of(c, perhaps4, 1, full, c->reject));
	else
		other = op(c, LOAD_BYTE, 6, any_of(c, perhaps6, 5, full, c->reject));
	other = search_address(&c->search, ends, family, source_at(family), full, other);
	return search_address(&c->search, ends, family, destination_at(family), full, other);
}

/* Errors do not quote errors, so one that is quoted is a packet like any other. */
label
parse_headers_take_keys(struct compile *c, uint8_t family, label next)
{
	label quoted, entry;

	if (next == c->reject)
		return next;
	quoted = need_addresses(c, family, take_header(c, family, next, next));
	entry = take_header(c, family, next, quoted);
	/* The quick search of IPv4 starts with that very load. */
	if (family == 6)
		entry = need_addresses(c, family, entry);
	return pass_quickly(c, family, entry);
}

static label
put_x(struct compile *c, uint32_t at, label next)
{
	return next == c->reject ? next : op(c, BPF_LDX | BPF_IMM, at, next);
}

static label
find_by_type(struct compile *c, struct ways ways)
{
	label entry = c->not_ip;

	if (ways.v4 == entry && ways.v6 == entry)
		return entry;
	/* First made is last placed: untagged packets get to the network header without a jump. */
	put_x(c, c->link->network_at, ways.v4);
	for (unsigned tags = DISSECT_VLAN_TAGS + 1; tags-- > 0;) {
		uint32_t at = c->link->network_at + 4 * tags;

		entry = any_of(c, linktype_vlans, LINKTYPE_VLANS, entry, c->not_ip);
		entry = test(c, JEQ, 0x86dd, put_x(c, at, ways.v6), entry);
		entry = test(c, JEQ, 0x0800, put_x(c, at, ways.v4), entry);
		entry =
		    op(c, BPF_LD | BPF_H | BPF_ABS, linktype_ethertype_at(c->link, tags), entry);
	}
	return entry;
}

static label
find_by_version(struct compile *c, struct ways ways)
{
	label entry = test(c, JEQ, 6, put_x(c, 0, ways.v6), c->not_ip);

	entry = test(c, JEQ, 4, put_x(c, 0, ways.v4), entry);
	if (entry == c->not_ip)
		return entry;
	return op(c, BPF_LD | BPF_B | BPF_ABS, 0, op(c, BPF_ALU | BPF_RSH | BPF_K, 4, entry));
}

label
parse_headers_find_network(struct compile *c, struct ways ways)
{
	return c->link->has_type ? find_by_type(c, ways) : find_by_version(c, ways);
}
