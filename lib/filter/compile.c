/* Step 4: whether ends are in the set, and the expression; and all steps together. */
#include "filter/compile.h"
#include "packet/dissect.h"

#include <stdlib.h>

/* Either end. The destination comes first: where it was captured the source was too, so that a
 * packet cut short is rejected whichever end would match. */
static label
either_end(struct compile *c, uint8_t family, label yes, label no)
{
	const struct addrset *set = c->filter->set;
	label source = search_address(&c->search, set, family, source_at(family), yes, no);

	return search_address(&c->search, set, family, destination_at(family), yes, source);
}

/* One search serves both ends: it looks at [x + source_at], and for the destination X is moved. */
static struct variable
variable_end(struct compile *c, uint8_t family, label yes, label no)
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
copy_insn(struct compile *c, const struct insn *insn, const label *after, label yes, label no)
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
copy_program(struct compile *c, const struct bpf *program, label yes, label no)
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
test_expression(struct compile *c, label yes, label no)
{
	const struct bpf *by_tags = c->filter->expression->by_tags;
	label entry;

	if (!c->link->has_type)
		return copy_program(c, &by_tags[0], yes, no);
	entry = no;
	for (unsigned tags = DISSECT_VLAN_TAGS + 1; tags-- > 0;) {
		label plain = copy_program(c, &by_tags[tags], yes, no);

		entry = any_of(c, linktype_vlans, LINKTYPE_VLANS, entry, plain);
		entry =
		    op(c, BPF_LD | BPF_H | BPF_ABS, linktype_ethertype_at(c->link, tags), entry);
	}
	return entry;
}

static struct variable
test_set(struct compile *c, uint8_t family)
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

static label
judge_family(struct compile *c, uint8_t family)
{
	struct variable go_on = test_set(c, family);

	if (c->filter->service)
		return parse_headers_take_keys(c, family, classify_sides(c, family, go_on));
	if (go_on.source == c->reject)
		return c->reject;
	/* A search of IPv4 starts with that very load. */
	if (family == 4 && c->filter->set && c->filter->set->v4.count > 0)
		return go_on.source;
	return need_addresses(c, family, go_on.source);
}

int
compile_run(const struct filter *filter, uint16_t linktype, unsigned leaf, struct bpf *program,
	    struct failure *why)
{
	struct codegen *cg = codegen_new();
	struct compile c = {
	    .filter = filter, .cg = cg, .search = {cg, leaf}, .link = linktype_find(linktype)};
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
	entry = filter->service || filter->set ? parse_headers_find_network(&c, ways) : c.in;
	rc = codegen_assemble(cg, entry, program, why);
	codegen_free(cg);
	return rc;
}
