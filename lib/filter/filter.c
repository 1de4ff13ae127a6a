/*
 * A judgement has three stages, each of which may settle it: the service (is the packet one of its
 * sides, and of a side that is wanted), the set (is the end that matters in it), the expression.
 * The service's no is final, while exclude inverts what set and expression say; so a verdict tells
 * the two kinds of no apart. A packet that is too short to be read is not accepted either way: the
 * kernel ends a program with 0 at a load beyond the packet, and no program could invert that.
 */
#include "filter/filter.h"

#include "filter/sighting.h"
#include "packet/dissect.h"

/* Whether the variable end, or without variable_end either end, is in the set. */
static bool
set_has_ends(const struct filter *filter, const struct tuple *tuple, bool source_varies)
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

/* VERDICT_NO is final, with exclude or without: not a packet of the service, or cut short. */
enum verdict { VERDICT_NO, VERDICT_IN, VERDICT_OUT, VERDICT_JOIN };

/* The packet from its network header on. */
static bool
skip_parts(const struct packet *packet, uint16_t linktype, struct packet *inner)
{
	uint32_t at;
	uint8_t family;

	if (dissect_network(packet, linktype, &at, &family) != DISSECT_FOUND)
		return false;
	*inner = *packet;
	inner->data += at;
	inner->caplen -= at;
	inner->len -= at;
	return true;
}

static enum verdict
judge_expression(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	const struct linktype_info *link = linktype_find(linktype);
	const int shape = dissect_shape(packet, linktype);
	struct packet inner;

	if (shape < 0)
		return VERDICT_NO;
	if ((unsigned)shape >= linktype_shapes(link))
		return VERDICT_OUT;
	if (link->kind == LINKTYPE_BY_PARTS) {
		if (!skip_parts(packet, linktype, &inner))
			return VERDICT_OUT;
		packet = &inner;
	}
	switch (bpf_judge(&filter->expression->by_shape[shape], packet->data, packet->caplen,
			  packet->len)) {
	case BPF_ACCEPTS: return VERDICT_IN;
	case BPF_REJECTS: return VERDICT_OUT;
	default: return VERDICT_NO;
	}
}

static enum verdict
judge_ends(const struct filter *filter, const struct packet *packet, uint16_t linktype)
{
	struct sighting seen; /* large: not set to zero for each packet */

	seen.source_varies = true;
	if (filter->service) {
		if (!sighting_make(&seen, filter->service, packet, linktype))
			return VERDICT_NO;
		if (seen.side == SIDE_SERVER && filter->for_join)
			return VERDICT_JOIN;
		if (!service_wants(seen.side, filter->monitors))
			return VERDICT_NO;
	} else if (filter->set) {
		switch (dissect_addresses(packet, linktype, &seen.tuple)) {
		case DISSECT_FOUND: break;
		case DISSECT_NOT_IP: return VERDICT_OUT;
		default: return VERDICT_NO;
		}
	}
	return set_has_ends(filter, &seen.tuple, seen.source_varies) ? VERDICT_IN : VERDICT_OUT;
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
