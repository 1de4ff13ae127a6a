/*
 * Nodes are hash-consed: an instruction with the same operation and successors as an earlier one
 * gets its label, so equal tails are shared without looking for them. What the entry does not lead
 * to is left out when the program is laid out.
 *
 * Nodes are laid out in the order of their labels, from the end: what was made last comes first,
 * and falls through to its successor if that was made just before. A conditional jump reaches 255
 * instructions far (jt and jf are bytes); beyond that it goes to a stand-in, which is put in
 * between and shared by later jumps while they reach it.
 */
#include "filter/codegen.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define JUMP_REACH 255 /* jt and jf are bytes */
#define NOWHERE    UINT32_MAX

/* An instruction and its successors: yes and no of a test; next, in yes, of others; none of a
 * return. Successors have smaller labels. */
struct node {
	uint16_t code;
	uint32_t k;
	label yes, no;
};

struct codegen {
	struct node *nodes;
	uint32_t count, room;
	uint32_t *table; /* open addressing: label + 1 of a node, 0 if free */
	uint32_t table_size;
	bool failed;
};

struct codegen *
codegen_new(void)
{
	return calloc(1, sizeof(struct codegen));
}

void
codegen_free(struct codegen *cg)
{
	if (!cg)
		return;
	free(cg->nodes);
	free(cg->table);
	free(cg);
}

static uint32_t
home_of(const struct codegen *cg, const struct node *node)
{
	uint64_t hash = node->code * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ node->k) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 32 ^ node->yes) * UINT64_C(0xc4ceb9fe1a85ec53);
	hash = (hash ^ hash >> 32 ^ node->no) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 32) & (cg->table_size - 1);
}

static bool
is_same(const struct node *a, const struct node *b)
{
	return a->code == b->code && a->k == b->k && a->yes == b->yes && a->no == b->no;
}

/* The place in the table where node is, or where it belongs. */
static uint32_t *
find_place(const struct codegen *cg, const struct node *node)
{
	uint32_t place = home_of(cg, node);

	while (cg->table[place] && !is_same(&cg->nodes[cg->table[place] - 1], node))
		place = (place + 1) & (cg->table_size - 1);
	return &cg->table[place];
}

/* Room for one more node, and a table at most half full. */
static bool
make_room(struct codegen *cg)
{
	uint32_t room = cg->room ? 2 * cg->room : 256;
	struct node *nodes;

	if (cg->count < cg->room)
		return true;
	nodes = reallocarray(cg->nodes, room, sizeof(*nodes));
	if (!nodes)
		return false;
	cg->nodes = nodes;
	free(cg->table);
	cg->table = calloc(2 * (size_t)room, sizeof(*cg->table));
	if (!cg->table)
		return false;
	cg->table_size = 2 * room;
	for (uint32_t i = 0; i < cg->count; i++)
		*find_place(cg, &nodes[i]) = i + 1;
	cg->room = room;
	return true;
}

static label
add_node(struct codegen *cg, struct node node)
{
	uint32_t *place;

	if (!cg || cg->failed)
		return 0;
	if (!make_room(cg)) {
		cg->failed = true;
		return 0;
	}
	place = find_place(cg, &node);
	if (!*place) {
		cg->nodes[cg->count++] = node;
		*place = cg->count;
	}
	return *place - 1;
}

label
codegen_return(struct codegen *cg, uint32_t k)
{
	return add_node(cg, (struct node){BPF_RET | BPF_K, k, NOWHERE, NOWHERE});
}

label
codegen_op(struct codegen *cg, uint16_t code, uint32_t k, label next)
{
	return add_node(cg, (struct node){code, k, next, NOWHERE});
}

label
codegen_test(struct codegen *cg, uint16_t code, uint32_t k, label yes, label no)
{
	return yes == no ? yes : add_node(cg, (struct node){code, k, yes, no});
}

void
codegen_fail(struct codegen *cg)
{
	if (cg)
		cg->failed = true;
}

bool
codegen_failed(const struct codegen *cg)
{
	return !cg || cg->failed;
}

/*
 * The assembler. Places count from the end of the program, 0 being its last instruction, so the
 * place of everything laid out is final. at[] is the place of a node, near[] that of its newest
 * stand-in: a jump to it, or a copy of it if it is a return.
 */
struct layout {
	const struct codegen *cg;
	struct insn *insns; /* in reverse */
	uint32_t count, room;
	uint32_t *at, *near;
	bool *wanted;
	bool uses_memory; /* M[] is loaded somewhere */
	bool failed;
};

static void
append_insn(struct layout *layout, struct insn insn)
{
	if (layout->count == layout->room) {
		uint32_t room = layout->room ? 2 * layout->room : 256;
		struct insn *insns = reallocarray(layout->insns, room, sizeof(*insns));

		if (!insns) {
			layout->failed = true;
			return;
		}
		layout->insns = insns;
		layout->room = room;
	}
	layout->insns[layout->count++] = insn;
}

/* How many instructions a jump would skip to get to place if it were put in front of all so far. */
static uint32_t
distance(const struct layout *layout, uint32_t place)
{
	return layout->count - 1 - place;
}

/*
 * A return is copied, which saves a jump when it runs - but not in a program that loads from M[]:
 * the kernel takes what comes after a return as going on from it (check_load_and_stores() in
 * net/core/filter.c), and with it what had been stored by then, and would refuse the program.
 */
static void
append_stand_in(struct layout *layout, label target)
{
	const struct node *node = &layout->cg->nodes[target];

	layout->near[target] = layout->count;
	if (BPF_CLASS(node->code) == BPF_RET && !layout->uses_memory)
		append_insn(layout, (struct insn){node->code, 0, 0, node->k});
	else
		append_insn(layout, (struct insn){BPF_JMP | BPF_JA, 0, 0,
						  distance(layout, layout->at[target])});
}

/* The distance to target or its stand-in, if a conditional jump can reach one. */
static bool
reaches(const struct layout *layout, label target, uint8_t *skip)
{
	uint32_t place = layout->at[target];

	if (distance(layout, place) > JUMP_REACH)
		place = layout->near[target];
	if (place == NOWHERE || distance(layout, place) > JUMP_REACH)
		return false;
	*skip = (uint8_t)distance(layout, place);
	return true;
}

static void
append_test(struct layout *layout, const struct node *node)
{
	struct insn insn = {.code = node->code, .k = node->k};

	/* A stand-in moves the other target one further away, so both are checked again. */
	while (!layout->failed) {
		if (!reaches(layout, node->yes, &insn.jt))
			append_stand_in(layout, node->yes);
		else if (!reaches(layout, node->no, &insn.jf))
			append_stand_in(layout, node->no);
		else
			break;
	}
	append_insn(layout, insn);
}

static void
append_node(struct layout *layout, label which)
{
	const struct node *node = &layout->cg->nodes[which];

	switch (BPF_CLASS(node->code)) {
	case BPF_RET: append_insn(layout, (struct insn){node->code, 0, 0, node->k}); break;
	case BPF_JMP: append_test(layout, node); break;
	default:
		if (distance(layout, layout->at[node->yes]) > 0)
			append_stand_in(layout, node->yes);
		append_insn(layout, (struct insn){node->code, 0, 0, node->k});
		break;
	}
	layout->at[which] = layout->count - 1;
}

/* Marks what is reachable from entry. Successors have smaller labels, so one pass is enough. */
static void
mark_reachable(struct layout *layout, label entry)
{
	layout->wanted[entry] = true;
	for (label i = entry + 1; i-- > 0;) {
		const struct node *node = &layout->cg->nodes[i];

		if (!layout->wanted[i])
			continue;
		layout->uses_memory |=
		    BPF_MODE(node->code) == BPF_MEM &&
		    (BPF_CLASS(node->code) == BPF_LD || BPF_CLASS(node->code) == BPF_LDX);
		if (node->yes != NOWHERE)
			layout->wanted[node->yes] = true;
		if (node->no != NOWHERE)
			layout->wanted[node->no] = true;
	}
}

static void
reverse(struct insn *insns, size_t count)
{
	for (size_t i = 0, j = count - 1; i < j; i++, j--) {
		struct insn swap = insns[i];

		insns[i] = insns[j];
		insns[j] = swap;
	}
}

int
codegen_assemble(struct codegen *cg, label entry, struct bpf *program, struct failure *why)
{
	struct layout layout = {.cg = cg};

	if (!cg || cg->failed)
		return failure_nomem(why);
	layout.at = malloc(cg->count * sizeof(*layout.at));
	layout.near = malloc(cg->count * sizeof(*layout.near));
	layout.wanted = calloc(cg->count, sizeof(*layout.wanted));
	layout.failed = !layout.at || !layout.near || !layout.wanted;
	if (!layout.failed) {
		memset(layout.near, 0xff, cg->count * sizeof(*layout.near));
		mark_reachable(&layout, entry);
		for (label i = 0; i <= entry && !layout.failed; i++)
			if (layout.wanted[i])
				append_node(&layout, i);
	}
	free(layout.at);
	free(layout.near);
	free(layout.wanted);
	if (layout.failed) {
		free(layout.insns);
		return failure_nomem(why);
	}
	reverse(layout.insns, layout.count);
	bpf_release(program);
	*program = (struct bpf){layout.insns, layout.count};
	return 0;
}
