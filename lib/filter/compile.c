/*
 * A program has four steps:
 *
 *	find the network header -> store the keys of both ends -> find the side
 *	-> look the variable end (or either end) up in the set, and run the expression
 *
 * Jumps go forward only, so code is written from the end (codegen.h): each step is a function of
 * the labels that it continues at, and assemble() reads from the last step to the first. Steps 1
 * and 2 are in parse_headers.c, step 3 in classify.c, the search of step 4 in search.c.
 *
 * If servers are behind tunnels, a packet that is in one goes steps 2 to 4 as the inner packet first
 * (tunnel_entry.c).
 *
 * Without a service only the addresses of the packet count, and steps 2 and 3 are left out.
 *
 * The kernel takes BPF_MAX (4096) instructions. A set that does not fit is compiled again with
 * longer runs of JEQ, which are slower but shorter; if that is not enough, bisection finds how
 * many intervals would fit, or to how many the set has to be widened.
 */
#include "filter/compile.h"

#include "filter/classify-int.h"
#include "filter/emit-int.h"
#include "filter/parse_headers-int.h"
#include "filter/tunnel_entry-int.h"
#include "packet/dissect.h"

#include <stdbool.h>
#include <stdlib.h>

/* The destination is tested first: where it was captured the source was too, so a packet cut short
 * is rejected whichever end would match. */
static label
test_either_end(struct emit *e, uint8_t family, label yes, label no)
{
	const struct addrset *set = e->filter->set;
	label source = search_address(&e->search, set, family, emit_source_at(family), yes, no);

	return search_address(&e->search, set, family, emit_destination_at(family), yes, source);
}

/* One search serves both ends: it loads from the source's offset, and X is moved so that the
 * destination is there. */
static struct by_end
test_variable_end(struct emit *e, uint8_t family, label yes, label no)
{
	uint32_t shift = emit_destination_at(family) - emit_source_at(family);
	struct by_end entry;

	entry.source =
	    search_address(&e->search, e->filter->set, family, emit_source_at(family), yes, no);
	entry.destination = entry.source;
	if (entry.source != no)
		entry.destination =
		    emit_op(e, BPF_MISC | BPF_TXA, 0,
			    emit_op(e, BPF_ALU | BPF_ADD | BPF_K, shift,
				    emit_op(e, BPF_MISC | BPF_TAX, 0, entry.source)));
	return entry;
}

/* Copies one instruction of the program of an expression. after holds the labels of the
 * instructions behind it. */
static label
copy_insn(struct emit *e, const struct insn *insn, const label *after, label yes, label no)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_RET: return insn->k ? yes : no;
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_JA)
			return after[insn->k];
		return emit_test(e, insn->code, insn->k, after[insn->jt], after[insn->jf]);
	default: return emit_op(e, insn->code, insn->k, after[0]);
	}
}

/* Copies a program made by libpcap. Its returns become jumps to yes and no. */
static label
copy_program(struct emit *e, const struct bpf *program, label yes, label no)
{
	label *labels = calloc(program->count + 1, sizeof(*labels)), entry = no;

	if (!labels)
		codegen_fail(e->cg);
	for (size_t i = program->count; labels && i-- > 0;)
		entry = labels[i] = copy_insn(e, &program->insns[i], labels + i + 1, yes, no);
	free(labels);
	return entry;
}

/* Picks the program by the number of VLAN tags of the packet. */
static label
pick_by_tags(struct emit *e, const label *programs, label no)
{
	label entry = no;

	for (unsigned tags = DISSECT_VLAN_TAGS + 1; tags-- > 0;) {
		entry = emit_any_of(e, linktype_vlans, LINKTYPE_VLANS, entry, programs[tags]);
		entry = emit_op(e, BPF_LD | BPF_H | BPF_ABS, linktype_ethertype_at(e->link, tags),
				entry);
	}
	return entry;
}

static label
test_expression(struct emit *e, label yes, label no)
{
	const unsigned shapes = linktype_shapes(e->link);
	label programs[LINKTYPE_SHAPES];

	for (unsigned shape = shapes; shape-- > 0;)
		programs[shape] = copy_program(e, &e->filter->expression->by_shape[shape], yes, no);
	if (e->link->kind == LINKTYPE_BY_TYPE)
		return pick_by_tags(e, programs, no);
	if (e->link->kind == LINKTYPE_BY_PPP)
		return emit_ppp_shape(e, programs);
	return programs[0];
}

static struct by_end
test_set(struct emit *e, uint8_t family)
{
	const struct filter *filter = e->filter;
	label either;

	if (!filter->set)
		return (struct by_end){e->in, e->in};
	if (filter->service && filter->variable_end)
		return test_variable_end(e, family, e->in, e->out);
	either = test_either_end(e, family, e->in, e->out);
	return (struct by_end){either, either};
}

static label
test_family(struct emit *e, uint8_t family)
{
	const struct by_end set = test_set(e, family);

	if (e->filter->service)
		return parse_headers_store_keys(e, family, classify_sides(e, family, set));
	if (set.source == e->reject)
		return e->reject;
	/* The search of an IPv4 address starts with the same load. */
	if (family == 4 && e->filter->set && e->filter->set->v4.count > 0)
		return set.source;
	return emit_need_addresses(e, family, set.source);
}

/* A packet of a service may be in a tunnel. */
static struct by_family
test_families(struct emit *e)
{
	const struct service *service = e->filter->service;
	struct tunnel_entry entry;

	entry.plain.v6 = test_family(e, 6);
	entry.plain.v4 = test_family(e, 4);
	if (!service || service->tunnels.count == 0)
		return entry.plain;
	entry.v6 = test_set(e, 6);
	entry.v4 = test_set(e, 4);
	return tunnel_entry_make(e, &entry);
}

/* Makes the program with at most `leaf` JEQ in a row (search.h). It may be longer than BPF_MAX. */
static int
assemble(const struct filter *filter, uint16_t linktype, unsigned leaf, struct bpf *program,
	 struct failure *why)
{
	struct codegen *cg = codegen_new();
	struct emit e = {
	    .filter = filter, .cg = cg, .search = {cg, leaf}, .link = linktype_find(linktype)};
	struct by_family entries;
	label entry;
	int rc;

	e.reject = codegen_return(cg, 0);
	e.accept = codegen_return(cg, FILTER_ACCEPT);
	e.in = filter->exclude ? e.reject : e.accept;
	e.out = filter->exclude ? e.accept : e.reject;
	if (filter->expression)
		e.in = test_expression(&e, e.in, e.out);
	e.not_ip = filter->service ? e.reject : e.out;
	e.miss = e.reject;
	e.ends = filter->service ? &filter->service->addresses : NULL;
	entries = test_families(&e);
	entry = filter->service || filter->set ? parse_headers_find_network(&e, entries) : e.in;
	rc = codegen_assemble(cg, entry, program, why);
	codegen_free(cg);
	return rc;
}

/* The most JEQ in a row (search.h): hardly slower than a full binary search, and for a set that
 * does not fit otherwise. */
enum { LEAF_FAST = 4, LEAF_SMALL = 16 };

/* Compiles with the shortest leaves that make the program fit; false if none do. Each IPv4 interval
 * takes an instruction at least, so lists that are much too long are not tried. */
static bool
compile_to_fit(const struct filter *filter, uint16_t linktype, struct bpf *program,
	       struct failure *why)
{
	if (filter->set && filter->set->v4.count > BPF_MAX)
		return false;
	for (unsigned leaf = LEAF_FAST; leaf <= LEAF_SMALL; leaf *= 2) {
		if (assemble(filter, linktype, leaf, program, why) < 0)
			return false;
		if (program->count <= BPF_MAX)
			return true;
	}
	return false;
}

/* How many intervals, from the start of the set, fit. */
static size_t
count_fitting(const struct filter *filter, uint16_t linktype)
{
	const struct addrset *set = filter->set;
	size_t low = 0, high = set->v4.count + set->v6.count;

	if (set->v4.count > BPF_MAX)
		high = BPF_MAX;

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;
		struct addrset part = *set;
		struct filter smaller = *filter;
		struct bpf program = BPF_INIT;

		part.v4.count = middle < set->v4.count ? middle : set->v4.count;
		part.v6.count = middle - part.v4.count;
		smaller.set = &part;
		if (compile_to_fit(&smaller, linktype, &program, NULL))
			low = middle;
		else
			high = middle;
		bpf_release(&program);
	}
	return low;
}

int
compile_filter(const struct filter *filter, uint16_t linktype, struct bpf *program,
	       struct failure *why)
{
	struct bpf made = BPF_INIT;
	struct failure detail = FAILURE_INIT;
	size_t count = filter->set ? filter->set->v4.count + filter->set->v6.count : 0;
	size_t fitting;

	if (compile_to_fit(filter, linktype, &made, &detail)) {
		bpf_release(program);
		*program = made;
		return 0;
	}
	bpf_release(&made);
	if (detail.text[0])
		return failure_set(why, "%s", detail.text);
	fitting = count > 0 ? count_fitting(filter, linktype) : 0;
	if (fitting == 0)
		return failure_set(why, "more than %d instructions without any address", BPF_MAX);
	return failure_set(why,
			   "%zu intervals of addresses need more than %d instructions; the first "
			   "%zu would fit (see --widen)",
			   count, BPF_MAX, fitting);
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

/* Compiles with the set widened to at most `most` intervals. 1: fits, 0: does not. */
static int
try_widened(const struct filter *filter, uint16_t linktype, size_t most, struct bpf *program,
	    struct compile_widening *widening, struct failure *why)
{
	struct addrset wider = ADDRSET_INIT;
	struct filter widened = *filter;
	struct bpf made = BPF_INIT;
	unsigned __int128 added;
	int rc = addrset_widen(filter->set, most, &wider, &added, why);

	widened.set = &wider;
	if (rc == 0 && compile_to_fit(&widened, linktype, &made, NULL)) {
		bpf_release(program);
		*program = made;
		made = BPF_INIT;
		widening->intervals = wider.v4.count + wider.v6.count;
		format_decimal(added, widening->added);
		rc = 1;
	}
	bpf_release(&made);
	addrset_release(&wider);
	return rc;
}

int
compile_widened(const struct filter *filter, uint16_t linktype, struct bpf *program,
		struct compile_widening *widening, struct failure *why)
{
	size_t low = 0, high = filter->set->v4.count + filter->set->v6.count;
	bool found = false;

	if (high > BPF_MAX)
		high = BPF_MAX;
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
	return found ? 0 : compile_filter(filter, linktype, program, why);
}
