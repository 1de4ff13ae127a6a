/*
 * In libpcap's language the keyword `vlan` moves all later offsets, so an expression is true of
 * frames with a fixed number of tags. It is compiled three times, as `text`, `vlan and (text)` and
 * `vlan and vlan and (text)`, and the tags of each frame pick one of the programs. Of tags behind
 * cooked headers libpcap knows nothing: there the loads of the first program are moved by four
 * bytes for each tag. Where no ethertype tells the protocol, the expression is compiled for raw IP, and
 * its loads are moved to behind the header, in each of its shapes: libpcap knows only one shape of PPP,
 * and of address families only those of this system.
 */
#include "filter/expr.h"

#include "packet/linktype.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpcap refuses an expression that no packet can satisfy, with these words. */
#define NOTHING_MATCHES "expression rejects all packets"

void
expr_release(struct filter_expression *expression)
{
	for (size_t i = 0; i < LINKTYPE_SHAPES; i++)
		bpf_release(&expression->by_shape[i]);
}

static bool
uses_vlan(const char *text)
{
	for (const char *s = text; *s;) {
		size_t length = 0;

		while (isalnum((unsigned char)s[length]) || (s[length] && strchr("._-", s[length])))
			length++;
		if (length == 4 && strncmp(s, "vlan", 4) == 0)
			return true;
		s += length ? length : 1;
	}
	return false;
}

static int
copy_program(struct bpf *program, const struct bpf_program *theirs, struct failure *why)
{
	program->insns = calloc(theirs->bf_len, sizeof(*program->insns));
	if (!program->insns)
		return failure_nomem(why);
	program->count = theirs->bf_len;
	for (size_t i = 0; i < program->count; i++) {
		const struct bpf_insn *in = &theirs->bf_insns[i];

		program->insns[i] = (struct insn){in->code, in->jt, in->jf, in->k};
	}
	return 0;
}

static int
compile_with_tags(pcap_t *handle, unsigned tags, const char *text, struct bpf *program,
		  struct failure *why)
{
	static const char *const prefix[] = {"", "vlan and (", "vlan and vlan and ("};
	struct bpf_program theirs;
	char *whole;
	int rc;

	if (asprintf(&whole, "%s%s%s", prefix[tags], text, tags ? ")" : "") < 0)
		return failure_nomem(why);
	rc = pcap_compile(handle, &theirs, whole, 1, PCAP_NETMASK_UNKNOWN);
	free(whole);
	if (rc == 0) {
		rc = copy_program(program, &theirs, why);
		pcap_freecode(&theirs);
		return rc;
	}
	if (tags > 0 && strcmp(pcap_geterr(handle), NOTHING_MATCHES) == 0)
		return 0;
	return failure_set(why, "expression '%s': %s", text, pcap_geterr(handle));
}

/* From here on a load is of what the kernel knows about a packet (SKF_AD_OFF, linux/filter.h). */
#define ANCILLARY 0xfffff000u

static bool
is_ancillary(const struct insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
	       insn->k >= ANCILLARY;
}

bool
expr_asks_kernel(const struct filter_expression *expression)
{
	for (size_t shape = 0; shape < LINKTYPE_SHAPES; shape++)
		for (size_t i = 0; i < expression->by_shape[shape].count; i++)
			if (is_ancillary(&expression->by_shape[shape].insns[i]))
				return true;
	return false;
}

/* Whether it loads from the packet. */
static bool
is_load(const struct insn *insn)
{
	if (BPF_CLASS(insn->code) == BPF_LDX)
		return BPF_MODE(insn->code) == BPF_MSH;
	return BPF_CLASS(insn->code) == BPF_LD && !is_ancillary(insn) &&
	       (BPF_MODE(insn->code) == BPF_ABS || BPF_MODE(insn->code) == BPF_IND);
}

/* Moves a load of an untagged frame to where a frame with tags has the same; false if it has no
 * such place. What follows the header has moved with its end, and so has the type. */
static bool
move_load(struct insn *insn, const struct linktype_info *link, unsigned tags)
{
	const bool is_half = BPF_SIZE(insn->code) == BPF_H;
	uint32_t size = BPF_SIZE(insn->code) == BPF_W ? 4 : is_half ? 2 : 1;

	if (!is_load(insn))
		return true;
	if (insn->k >= link->network_at) {
		insn->k += linktype_network_at(link, tags) - link->network_at;
		return true;
	}
	if (BPF_MODE(insn->code) == BPF_IND)
		return false;
	if (insn->k == link->type_at && is_half) {
		insn->k = linktype_ethertype_at(link, tags);
		return true;
	}
	return insn->k + size <= link->type_at ||
	       (insn->k >= link->type_at + 2 && insn->k + size <= link->network_at);
}

static int
move_program(const struct bpf *plain, const struct linktype_info *link, unsigned tags,
	     const char *text, struct bpf *program, struct failure *why)
{
	program->insns = calloc(plain->count, sizeof(*program->insns));
	if (!program->insns)
		return failure_nomem(why);
	program->count = plain->count;
	for (size_t i = 0; i < plain->count; i++) {
		program->insns[i] = plain->insns[i];
		if (!move_load(&program->insns[i], link, tags))
			return failure_set(why,
					   "expression '%s': reads link header bytes that move in "
					   "tagged %s packets",
					   text, link->name);
	}
	return 0;
}

/* A program for what stands that many bytes further on. */
static int
shift_program(const struct bpf *plain, uint32_t bytes, struct bpf *program, struct failure *why)
{
	program->insns = calloc(plain->count, sizeof(*program->insns));
	if (!program->insns)
		return failure_nomem(why);
	program->count = plain->count;
	for (size_t i = 0; i < plain->count; i++) {
		program->insns[i] = plain->insns[i];
		if (is_load(&plain->insns[i]))
			program->insns[i].k += bytes;
	}
	return 0;
}

/* Compiles for frames whose ethertype tells the protocol. */
static int
compile_by_type(pcap_t *handle, const struct linktype_info *link, const char *text,
		struct filter_expression *made, struct failure *why)
{
	const bool knows_tags = link->linktype == LINKTYPE_EN10MB;
	int rc = compile_with_tags(handle, 0, text, &made->by_shape[0], why);

	for (unsigned tags = 1; tags <= DISSECT_VLAN_TAGS && rc == 0; tags++)
		rc = knows_tags ? compile_with_tags(handle, tags, text, &made->by_shape[tags], why)
				: move_program(&made->by_shape[0], link, tags, text,
					       &made->by_shape[tags], why);
	return rc;
}

/* Compiles for raw IP, and moves that to behind each shape of the header. */
static int
compile_as_raw(pcap_t *handle, const struct linktype_info *link, const char *text,
	       struct filter_expression *made, struct failure *why)
{
	struct bpf raw = BPF_INIT;
	int rc = compile_with_tags(handle, 0, text, &raw, why);

	for (unsigned shape = 0; shape < linktype_shapes(link) && rc == 0; shape++)
		rc = shift_program(&raw, linktype_network_at(link, shape), &made->by_shape[shape],
				   why);
	bpf_release(&raw);
	return rc;
}

int
expr_compile(struct filter_expression *expression, const char *text, uint16_t linktype,
	     struct failure *why)
{
	struct filter_expression made = {0};
	const struct linktype_info *link = linktype_find(linktype);
	const bool by_type = link->kind == LINKTYPE_BY_TYPE;
	pcap_t *handle;
	int rc;

	if (uses_vlan(text))
		return failure_set(
		    why, "expression '%s': 'vlan' is not supported, since tags are skipped", text);
	handle = pcap_open_dead(by_type ? linktype : DLT_RAW, PACKET_SNAPLEN);
	if (!handle)
		return failure_nomem(why);
	rc = (by_type ? compile_by_type : compile_as_raw)(handle, link, text, &made, why);
	pcap_close(handle);
	if (rc < 0) {
		expr_release(&made);
		return -1;
	}
	expr_release(expression);
	*expression = made;
	return 0;
}
