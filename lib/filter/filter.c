#include "filter/filter.h"

#include "filter/compile.h"
#include "packet/dissect.h"

/* JEQ in a row (search.h): as many as hardly slow a search down, and the most that are made when a
 * set does not fit otherwise. */
enum { LEAF_FAST = 4, LEAF_SMALL = 16 };

/* Compiles with the shortest leaves that make it fit; true if any do. An interval of IPv4 takes an
 * instruction at least, so of lists that are much too long not even the attempt is made. */
static bool
compile_to_fit(const struct filter *filter, uint16_t linktype, struct bpf *program,
	       struct failure *why)
{
	if (filter->set && filter->set->v4.count > BPF_MAX)
		return false;
	for (unsigned leaf = LEAF_FAST; leaf <= LEAF_SMALL; leaf *= 2) {
		if (compile_run(filter, linktype, leaf, program, why) < 0)
			return false;
		if (program->count <= BPF_MAX)
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
filter_compile(const struct filter *filter, uint16_t linktype, struct bpf *program,
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

/* Compiles with the set widened to at most `most` intervals; 1 if that fits. */
static int
try_widened(const struct filter *filter, uint16_t linktype, size_t most, struct bpf *program,
	    struct filter_widening *widening, struct failure *why)
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
filter_compile_widened(const struct filter *filter, uint16_t linktype, struct bpf *program,
		       struct filter_widening *widening, struct failure *why)
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
enum verdict { VERDICT_NO, VERDICT_IN, VERDICT_OUT, VERDICT_JOIN };

static enum verdict
judge_expression(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	int tags = dissect_vlan_tags(packet, linktype);

	if (tags < 0)
		return VERDICT_NO;
	if (tags > DISSECT_VLAN_TAGS)
		return VERDICT_OUT;
	switch (bpf_judge(&filter->expression->by_tags[tags], packet->data, packet->caplen,
			  packet->len)) {
	case BPF_ACCEPTS: return VERDICT_IN;
	case BPF_REJECTS: return VERDICT_OUT;
	default: return VERDICT_NO;
	}
}

static enum verdict
judge_ends(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	struct tuple tuple;
	bool source_varies = true;

	if (filter->service) {
		enum side side = SIDE_OTHER;

		if (dissect_packet(packet, linktype, &tuple))
			side = service_ends(filter->service, &tuple, &source_varies);
		if (side == SIDE_SERVER && filter->for_join)
			return VERDICT_JOIN;
		if (!service_wants(side, filter->monitors))
			return VERDICT_NO;
	} else if (filter->set) {
		switch (dissect_addresses(packet, linktype, &tuple)) {
		case DISSECT_FOUND: break;
		case DISSECT_NOT_IP: return VERDICT_OUT;
		default: return VERDICT_NO;
		}
	}
	return are_in(filter, &tuple, source_varies) ? VERDICT_IN : VERDICT_OUT;
}

bool
filter_judge(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	enum verdict verdict = judge_ends(filter, packet, linktype);

	if (verdict == VERDICT_JOIN)
		return true;
	if (verdict == VERDICT_IN && filter->expression)
		verdict = judge_expression(filter, packet, linktype);
	return verdict == (filter->exclude ? VERDICT_OUT : VERDICT_IN);
}
