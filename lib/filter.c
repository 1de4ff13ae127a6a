/*
 * A program is: find the network header -> put protocol and ports where they are needed -> classify
 * the side -> test the variable end against the set. Each step is written as a function of the
 * labels it goes on to (codegen.h), so compile() reads from the last step to the first.
 *
 * X is at the network header of the packet that is judged: behind link header and VLAN tags, or,
 * of an ICMP error, at the header it quotes. Whatever follows is the same code for all of these.
 */
#include "filter.h"

#include "codegen.h"
#include "link.h"
#include "search.h"
#include "tuple.h"

#include <linux/filter.h>
#include <stdlib.h>

#define LOAD_WORD (BPF_LD | BPF_W | BPF_IND)
#define LOAD_HALF (BPF_LD | BPF_H | BPF_IND)
#define LOAD_BYTE (BPF_LD | BPF_B | BPF_IND)
#define JEQ       (BPF_JMP | BPF_JEQ | BPF_K)
#define JGE       (BPF_JMP | BPF_JGE | BPF_K)
#define JSET      (BPF_JMP | BPF_JSET | BPF_K)

/* JEQ in a row (search.h): as many as hardly slow a search down, and the most that are made when a
 * set does not fit otherwise. */
enum { LEAF_FAST = 4, LEAF_SMALL = 16 };

/* Scratch memory. */
enum {
	M_NETWORK,         /* X, while X walks along the headers */
	M_PROTOCOL,        /* A, while A is needed to move X */
	M_SOURCE_KEY,      /* TUPLE_KEYs */
	M_DESTINATION_KEY, /* also holds both ports until they are taken apart */
};

/* Where to go on, by family. */
struct ways {
	label v4, v6;
};

struct compiler {
	const struct filter *filter;
	struct codegen *cg;
	struct search search;
	const struct link *link;
	label accept, reject;
	label in, out; /* where ends go that are in the set, or not */
	label not_ip;
};

static label
op(struct compiler *c, uint16_t code, uint32_t k, label next)
{
	return codegen_op(c->cg, code, k, next);
}

static label
test(struct compiler *c, uint16_t code, uint32_t k, label yes, label no)
{
	return codegen_test(c->cg, code, k, yes, no);
}

/* Whether A is one of count values. */
static label
any_of(struct compiler *c, const uint32_t *values, size_t count, label yes, label no)
{
	while (count-- > 0)
		no = test(c, JEQ, values[count], yes, no);
	return no;
}

/* Of a frame that has so many tags. */
static uint32_t
type_at(const struct link *link, unsigned tags)
{
	return tags ? link->network_at + 4 * tags - 2 : link->type_at;
}

/* Offsets of an address from the network header. */
static uint32_t
source_at(uint8_t family)
{
	return family == 4 ? 12 : 8;
}

static uint32_t
destination_at(uint8_t family)
{
	return family == 4 ? 16 : 24;
}

/* The load of the destination's last word ends the program for a packet that was cut short within
 * its addresses, whatever is looked at later. */
static label
need_addresses(struct compiler *c, uint8_t family, label next)
{
	return op(c, LOAD_WORD, family == 4 ? 16 : 36, next);
}

/*
 * Step 4: the set.
 */

/* Either end. The destination comes first: where it was captured the source was too, so that a
 * packet cut short is rejected whichever end would match. */
static label
either_end(struct compiler *c, uint8_t family, label yes, label no)
{
	const struct addrset *set = c->filter->set;
	label source = search_address(&c->search, set, family, source_at(family), yes, no);

	return search_address(&c->search, set, family, destination_at(family), yes, source);
}

/* Where to go on once it is known which end varies. */
struct variable {
	label source, destination;
};

/* One search serves both ends: it looks at [x + source_at], and for the destination X is moved. */
static struct variable
variable_end(struct compiler *c, uint8_t family, label yes, label no)
{
	uint32_t shift = destination_at(family) - source_at(family);
	struct variable variable;

	variable.source =
	    search_address(&c->search, c->filter->set, family, source_at(family), yes, no);
	variable.destination = variable.source;
	if (variable.source != no)
		variable.destination = op(c, BPF_MISC | BPF_TXA, 0,
					  op(c, BPF_ALU | BPF_ADD | BPF_K, shift,
					     op(c, BPF_MISC | BPF_TAX, 0, variable.source)));
	return variable;
}

/* An instruction of an expression's program, of which labels of those after it are known. */
static label
copy_insn(struct compiler *c, const struct insn *insn, const label *after, label yes, label no)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_RET: return insn->k ? yes : no;
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_JA)
			return after[insn->k];
		return test(c, insn->code, insn->k, after[insn->jt], after[insn->jf]);
	default: return op(c, insn->code, insn->k, after[0]);
	}
}

/* A program of libpcap's, with its returns as jumps to yes and no. */
static label
copy_program(struct compiler *c, const struct program *program, label yes, label no)
{
	label *labels = calloc(program->count + 1, sizeof(*labels)), entry = no;

	if (!labels)
		codegen_fail(c->cg);
	for (size_t i = program->count; labels && i-- > 0;)
		entry = labels[i] = copy_insn(c, &program->insns[i], labels + i + 1, yes, no);
	free(labels);
	return entry;
}

/* The packet's own tags pick the program. */
static label
test_expression(struct compiler *c, label yes, label no)
{
	const struct program *by_tags = c->filter->expression->by_tags;
	label entry;

	if (!c->link->has_type)
		return copy_program(c, &by_tags[0], yes, no);
	entry = copy_program(c, &by_tags[TUPLE_VLAN_TAGS], yes, no);
	for (unsigned tags = TUPLE_VLAN_TAGS; tags-- > 0;) {
		label plain = copy_program(c, &by_tags[tags], yes, no);

		entry = any_of(c, link_tag_types, LINK_TAG_TYPES, entry, plain);
		entry = op(c, BPF_LD | BPF_H | BPF_ABS, type_at(c->link, tags), entry);
	}
	return entry;
}

static struct variable
test_set(struct compiler *c, uint8_t family)
{
	const struct filter *filter = c->filter;
	label either;

	if (!filter->set)
		return (struct variable){c->in, c->in};
	if (filter->service && filter->variable_end)
		return variable_end(c, family, c->in, c->out);
	either = either_end(c, family, c->in, c->out);
	return (struct variable){either, either};
}

/*
 * Step 3: the side, in the order of service_ends().
 */

/* One end, as an operand: where its address and key are. */
struct end {
	uint32_t address_at;
	uint32_t key_slot;
	uint32_t echo; /* the ICMP key of a check that goes to (or comes from) a server here */
};

static struct end
source_end(uint8_t family)
{
	return (struct end){source_at(family), M_SOURCE_KEY,
			    family == 4 ? TUPLE_ECHO_REPLY : TUPLE_ECHO_REPLY6};
}

static struct end
destination_end(uint8_t family)
{
	return (struct end){destination_at(family), M_DESTINATION_KEY,
			    family == 4 ? TUPLE_ECHO_REQUEST : TUPLE_ECHO_REQUEST6};
}

/* Whether the end's key is in keys: numbers, which a set holds as it holds IPv4 addresses. */
static label
key_in(struct compiler *c, struct end end, struct addrset *keys, label yes, label no)
{
	label entry;

	addrset_seal(keys);
	entry = search_word(&c->search, keys->v4.list, keys->v4.count, yes, no);
	addrset_release(keys);
	return entry == no ? no : op(c, BPF_LD | BPF_MEM, end.key_slot, entry);
}

static void
add_keys(struct compiler *c, struct addrset *keys, uint32_t first, uint32_t last)
{
	if (addrset_add_interval(keys, 4, (struct interval){first, last}, NULL) < 0)
		codegen_fail(c->cg);
}

/* endpoint_group_has() for any of the groups. */
static label
in_groups(struct compiler *c, uint8_t family, const struct endpoint_group *groups, size_t count,
	  struct end end, label yes, label no)
{
	while (count-- > 0) {
		const struct endpoint_group *group = &groups[count];
		struct addrset keys = ADDRSET_INIT;
		label address =
		    search_address(&c->search, &group->addresses, family, end.address_at, yes, no);

		add_keys(c, &keys, group->first_key, group->last_key);
		add_keys(c, &keys, TUPLE_KEY_ANY, TUPLE_KEY_ANY);
		no = key_in(c, end, &keys, address, no);
	}
	return no;
}

static label
is_vip(struct compiler *c, uint8_t family, struct end end, label yes, label no)
{
	const struct service *service = c->filter->service;

	return in_groups(c, family, service->vip_groups, service->vip_group_count, end, yes, no);
}

static label
is_server(struct compiler *c, uint8_t family, struct end end, struct end other, label yes, label no)
{
	const struct service *service = c->filter->service;

	if (!service->source_client && !addrset_is_empty(&service->sources))
		yes = search_address(&c->search, &service->sources, family, other.address_at, yes,
				     no);
	return in_groups(c, family, service->server_groups, service->server_group_count, end, yes,
			 no);
}

static label
is_monitor(struct compiler *c, uint8_t family, struct end end, struct end other, label yes,
	   label no)
{
	const struct service *service = c->filter->service;
	struct addrset keys = ADDRSET_INIT;
	label from, key;

	for (size_t i = 0; i < service->monitor_count; i++) {
		const struct monitor *monitor = &service->monitors[i];
		uint32_t first, last;

		endpoint_keys(&monitor->where, &first, &last);
		if (monitor->kind == MONITOR_PORT)
			add_keys(c, &keys, first, last);
		if (monitor->kind == MONITOR_ICMP)
			add_keys(c, &keys, end.echo, end.echo);
	}
	from = search_address(&c->search, &service->monitor_addresses, family, other.address_at,
			      yes, no);
	key = key_in(c, end, &keys, yes, from);
	return search_address(&c->search, &service->server_addresses, family, end.address_at, key,
			      no);
}

static label
classify(struct compiler *c, uint8_t family, struct variable go_on)
{
	const struct filter *filter = c->filter;
	struct end source = source_end(family), destination = destination_end(family);
	struct variable monitor = {c->reject, c->reject}, traffic = monitor;
	label next = c->reject;

	if (service_wants(SIDE_MONITOR, filter->monitors))
		monitor = go_on;
	if (service_wants(SIDE_SERVER, filter->monitors))
		traffic = go_on;
	next = is_vip(c, family, source, traffic.destination, next);
	next = is_vip(c, family, destination, traffic.source, next);
	next = is_server(c, family, source, destination, traffic.destination, next);
	next = is_server(c, family, destination, source, traffic.source, next);
	next = is_monitor(c, family, source, destination, monitor.destination, next);
	next = is_monitor(c, family, destination, source, monitor.source, next);
	return next;
}

/*
 * Step 2: the keys of both ends, as tuple_of() finds them.
 */

/* The end of step 2: both keys are in A. */
static label
store_keys(struct compiler *c, label next)
{
	return op(c, BPF_ST, M_SOURCE_KEY, op(c, BPF_ST, M_DESTINATION_KEY, next));
}

/* X is moved to where A says it is. */
static label
move_x(struct compiler *c, label next)
{
	return op(c, BPF_ALU | BPF_ADD | BPF_X, 0, op(c, BPF_MISC | BPF_TAX, 0, next));
}

static label
back_to_network(struct compiler *c, label next)
{
	return op(c, BPF_LDX | BPF_MEM, M_NETWORK, next);
}

/* A is the protocol, X the transport header: the keys are protocol << 16 | port. */
static label
take_ports(struct compiler *c, label next)
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
take_icmp(struct compiler *c, uint8_t family, label next, label error)
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
take_transport(struct compiler *c, uint8_t family, label next, label error)
{
	static const uint32_t with_ports[] = {PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP};
	uint32_t icmp = family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
	label other = op(c, BPF_ALU | BPF_LSH | BPF_K, 16, store_keys(c, back_to_network(c, next)));

	other = test(c, JEQ, icmp, take_icmp(c, family, next, error), other);
	return any_of(c, with_ports, 3, take_ports(c, next), other);
}

/* A later fragment, or beyond what is passed over. */
static label
only_addresses(struct compiler *c, label next)
{
	return op(c, BPF_LD | BPF_IMM, TUPLE_KEY_ANY, store_keys(c, back_to_network(c, next)));
}

static label
take_v4(struct compiler *c, label next, label error)
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
take_extensions(struct compiler *c, unsigned left, label next, label error)
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
take_v6(struct compiler *c, label next, label error)
{
	label entry = take_extensions(c, TUPLE_EXTENSIONS, next, error);

	entry = op(c, BPF_LD | BPF_MEM, M_PROTOCOL, entry);
	entry = op(c, BPF_LD | BPF_IMM, 40, move_x(c, entry));
	return op(c, LOAD_BYTE, 6, op(c, BPF_ST, M_PROTOCOL, entry));
}

/* X is a network header, of which the addresses were captured. */
static label
take_header(struct compiler *c, uint8_t family, label next, label error)
{
	label entry = family == 4 ? take_v4(c, next, error) : take_v6(c, next, error);

	return op(c, BPF_STX, M_NETWORK, entry);
}

/*
 * What comes by on a load balancer is mostly not of this service, and addresses tell that long
 * before keys have been made; but an ICMP error has other addresses than what it quotes.
 */
static label
pass_quickly(struct compiler *c, uint8_t family, label full)
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
static label
take_keys(struct compiler *c, uint8_t family, label next)
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

/*
 * Step 1: the network header.
 */

static label
put_x(struct compiler *c, uint32_t at, label next)
{
	return next == c->reject ? next : op(c, BPF_LDX | BPF_IMM, at, next);
}

static label
find_by_type(struct compiler *c, struct ways ways)
{
	label entry = c->not_ip;

	if (ways.v4 == entry && ways.v6 == entry)
		return entry;
	/* First made is last placed: untagged packets get to the network header without a jump. */
	put_x(c, c->link->network_at, ways.v4);
	for (unsigned tags = TUPLE_VLAN_TAGS + 1; tags-- > 0;) {
		uint32_t at = c->link->network_at + 4 * tags;

		entry = any_of(c, link_tag_types, LINK_TAG_TYPES, entry, c->not_ip);
		entry = test(c, JEQ, 0x86dd, put_x(c, at, ways.v6), entry);
		entry = test(c, JEQ, 0x0800, put_x(c, at, ways.v4), entry);
		entry = op(c, BPF_LD | BPF_H | BPF_ABS, type_at(c->link, tags), entry);
	}
	return entry;
}

static label
find_by_version(struct compiler *c, struct ways ways)
{
	label entry = test(c, JEQ, 6, put_x(c, 0, ways.v6), c->not_ip);

	entry = test(c, JEQ, 4, put_x(c, 0, ways.v4), entry);
	if (entry == c->not_ip)
		return entry;
	return op(c, BPF_LD | BPF_B | BPF_ABS, 0, op(c, BPF_ALU | BPF_RSH | BPF_K, 4, entry));
}

static label
find_network(struct compiler *c, struct ways ways)
{
	return c->link->has_type ? find_by_type(c, ways) : find_by_version(c, ways);
}

static label
judge_family(struct compiler *c, uint8_t family)
{
	struct variable go_on = test_set(c, family);

	if (c->filter->service)
		return take_keys(c, family, classify(c, family, go_on));
	if (go_on.source == c->reject)
		return c->reject;
	/* A search of IPv4 starts with that very load. */
	if (family == 4 && c->filter->set && c->filter->set->v4.count > 0)
		return go_on.source;
	return need_addresses(c, family, go_on.source);
}

static int
compile(const struct filter *filter, uint16_t linktype, unsigned leaf, struct program *program,
	struct failure *why)
{
	struct codegen *cg = codegen_new();
	struct compiler c = {
	    .filter = filter, .cg = cg, .search = {cg, leaf}, .link = link_of(linktype)};
	struct ways ways;
	label entry;
	int rc;

	c.reject = codegen_return(cg, 0);
	c.accept = codegen_return(cg, FILTER_ACCEPT);
	c.in = filter->exclude ? c.reject : c.accept;
	c.out = filter->exclude ? c.accept : c.reject;
	if (filter->expression)
		c.in = test_expression(&c, c.in, c.out);
	c.not_ip = filter->service ? c.reject : c.out;
	ways.v6 = judge_family(&c, 6);
	ways.v4 = judge_family(&c, 4);
	entry = filter->service || filter->set ? find_network(&c, ways) : c.in;
	rc = codegen_assemble(cg, entry, program, why);
	codegen_free(cg);
	return rc;
}

/* Compiles with the shortest leaves that make it fit; true if any do. An interval of IPv4 takes an
 * instruction at least, so of lists that are much too long not even the attempt is made. */
static bool
compile_to_fit(const struct filter *filter, uint16_t linktype, struct program *program,
	       struct failure *why)
{
	if (filter->set && filter->set->v4.count > PROGRAM_MAX)
		return false;
	for (unsigned leaf = LEAF_FAST; leaf <= LEAF_SMALL; leaf *= 2) {
		if (compile(filter, linktype, leaf, program, why) < 0)
			return false;
		if (program->count <= PROGRAM_MAX)
			return true;
	}
	return false;
}

/* The most intervals, the first of the set, that fit. */
static size_t
count_fitting(const struct filter *filter, uint16_t linktype)
{
	const struct addrset *set = filter->set;
	size_t low = 0, high = set->v4.count + set->v6.count;

	if (set->v4.count > PROGRAM_MAX)
		high = PROGRAM_MAX;

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;
		struct addrset part = *set;
		struct filter smaller = *filter;
		struct program program = PROGRAM_INIT;

		part.v4.count = middle < set->v4.count ? middle : set->v4.count;
		part.v6.count = middle - part.v4.count;
		smaller.set = &part;
		if (compile_to_fit(&smaller, linktype, &program, NULL))
			low = middle;
		else
			high = middle;
		program_release(&program);
	}
	return low;
}

int
filter_compile(const struct filter *filter, uint16_t linktype, struct program *program,
	       struct failure *why)
{
	struct program made = PROGRAM_INIT;
	struct failure detail = FAILURE_INIT;
	size_t count = filter->set ? filter->set->v4.count + filter->set->v6.count : 0;
	size_t fitting;

	if (compile_to_fit(filter, linktype, &made, &detail)) {
		program_release(program);
		*program = made;
		return 0;
	}
	program_release(&made);
	if (detail.text[0])
		return failure_set(why, "%s", detail.text);
	fitting = count > 0 ? count_fitting(filter, linktype) : 0;
	if (fitting == 0)
		return failure_set(why, "more than %d instructions without any address",
				   PROGRAM_MAX);
	return failure_set(why,
			   "%zu intervals of addresses need more than %d instructions; the first "
			   "%zu would fit (see --widen)",
			   count, PROGRAM_MAX, fitting);
}

/* 2^128 has 39 digits. */
static void
format_decimal(unsigned __int128 number, char text[40])
{
	char digits[40];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + (int)(number % 10));
	while (number /= 10);
	for (size_t i = 0; i < count; i++)
		text[i] = digits[count - 1 - i];
	text[count] = '\0';
}

/* Compiles with the set widened to at most `most` intervals; 1 if that fits. */
static int
try_widened(const struct filter *filter, uint16_t linktype, size_t most, struct program *program,
	    struct filter_widening *widening, struct failure *why)
{
	struct addrset wider = ADDRSET_INIT;
	struct filter widened = *filter;
	struct program made = PROGRAM_INIT;
	unsigned __int128 added;
	int rc = addrset_widen(filter->set, most, &wider, &added, why);

	widened.set = &wider;
	if (rc == 0 && compile_to_fit(&widened, linktype, &made, NULL)) {
		program_release(program);
		*program = made;
		made = PROGRAM_INIT;
		widening->intervals = wider.v4.count + wider.v6.count;
		format_decimal(added, widening->added);
		rc = 1;
	}
	program_release(&made);
	addrset_release(&wider);
	return rc;
}

int
filter_compile_widened(const struct filter *filter, uint16_t linktype, struct program *program,
		       struct filter_widening *widening, struct failure *why)
{
	size_t low = 0, high = filter->set->v4.count + filter->set->v6.count;
	bool found = false;

	if (high > PROGRAM_MAX)
		high = PROGRAM_MAX;
	if (try_widened(filter, linktype, high, program, widening, why) == 1)
		return 0;
	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;
		int rc = try_widened(filter, linktype, middle, program, widening, why);

		if (rc < 0)
			return -1;
		if (rc == 1)
			low = middle;
		else
			high = middle;
		found = found || rc == 1;
	}
	return found ? 0 : filter_compile(filter, linktype, program, why);
}

/* Whether the ends, one of which varies, are in the set. */
static bool
are_in(const struct filter *filter, const struct tuple *tuple, bool source_varies)
{
	bool source, destination;

	if (!filter->set)
		return true;
	source = addrset_has(filter->set, tuple->source);
	destination = addrset_has(filter->set, tuple->destination);
	if (filter->service && filter->variable_end)
		return source_varies ? source : destination;
	return source || destination;
}

/* What the programs say as well: they end with "no" where the packet is cut short, -x or not. */
enum verdict { VERDICT_NO, VERDICT_IN, VERDICT_OUT };

static enum verdict
judge_expression(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	int tags = tuple_tags(packet, linktype);

	if (tags < 0)
		return VERDICT_NO;
	switch (program_judge(&filter->expression->by_tags[tags], packet->data, packet->caplen,
			      packet->len)) {
	case PROGRAM_ACCEPTS: return VERDICT_IN;
	case PROGRAM_REJECTS: return VERDICT_OUT;
	default: return VERDICT_NO;
	}
}

static enum verdict
judge_ends(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	struct tuple tuple;
	bool source_varies = true;

	if (filter->service) {
		if (!tuple_of(packet, linktype, &tuple) ||
		    !service_wants(service_ends(filter->service, &tuple, &source_varies),
				   filter->monitors))
			return VERDICT_NO;
	} else if (filter->set) {
		switch (tuple_addresses(packet, linktype, &tuple)) {
		case TUPLE_FOUND: break;
		case TUPLE_NOT_IP: return VERDICT_OUT;
		default: return VERDICT_NO;
		}
	}
	return are_in(filter, &tuple, source_varies) ? VERDICT_IN : VERDICT_OUT;
}

bool
filter_judge(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	enum verdict verdict = judge_ends(filter, packet, linktype);

	if (verdict == VERDICT_IN && filter->expression)
		verdict = judge_expression(filter, packet, linktype);
	return verdict == (filter->exclude ? VERDICT_OUT : VERDICT_IN);
}
