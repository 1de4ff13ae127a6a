/*
 * Addresses with a service can mean two things. Per packet (-P), a packet belongs if one of its own
 * addresses is in the set. As a transaction, both sides of a connection belong if its client does.
 * Which filter can do that depends on what servers see:
 *
 * - the client's own address (`source client`): the variable end is the client on both sides, so a
 *   filter is enough;
 * - an address of the engine (SNAT): the server side does not show the client, so the filter lets
 *   the whole server side pass, and vcap-join decides on it.
 *
 * A server or engine among the addresses selects connections by their server side, where only
 * vcap-join can find the clients. Remarks tell the user what may surprise.
 */
#include "filter/selection.h"

#include "filter/compile.h"
#include "filter/expr.h"

#include <string.h>

void
selection_release(struct selection *selection)
{
	addrset_release(&selection->set);
	for (int i = 0; i < LINKTYPE_COUNT; i++)
		expr_release(&selection->compiled[i]);
	strvec_release(&selection->warnings);
	strvec_release(&selection->notes);
	strvec_release(&selection->facts);
	*selection = SELECTION_INIT;
}

/* A capture of half of what was asked for has to be known as one. */
static void
remark_on_servers(struct selection *selection)
{
	const struct service *service = selection->service;

	if (service->server_count == 0)
		strvec_pushf(&selection->warnings,
			     "service '%s' has no server lines: only its client side is captured",
			     service->name);
}

/* The monitors of the service that a filter cannot recognise. */
static void
remark_on_monitors(struct selection *selection)
{
	const struct service *service = selection->service;

	if (selection->monitors == MONITORS_INCLUDE)
		return;
	if (service->monitor_count == 0)
		strvec_pushf(&selection->notes,
			     "service '%s' has no monitor lines: health checks are not recognised",
			     service->name);
	for (size_t i = 0; i < service->monitor_count; i++) {
		if (service->monitors[i].kind < MONITOR_EMPTY)
			continue;
		strvec_pushf(
		    &selection->notes,
		    "service '%s' has monitors that are judged per connection, by vcap-join, "
		    "not by a filter",
		    service->name);
		/* Such connections are on the server side, which vcap-join has to see whole. */
		selection->filter.for_join =
		    !selection->from_file && selection->monitors == MONITORS_ONLY;
		return;
	}
}

static bool
has_vip(const struct selection *selection)
{
	const struct service *service = selection->service;

	for (size_t i = 0; i < service->vip_group_count; i++)
		if (addrset_meets(&selection->set, &service->vip_groups[i].addresses))
			return true;
	return false;
}

/* A packet is judged by its own addresses, so a side that does not show them is lost. */
static int
decide_per_packet(struct selection *selection, struct failure *why)
{
	const struct service *service = selection->service;

	/* Each packet of a service has a VIP or a server at one end. */
	if (selection->exclude && !selection->expression &&
	    addrset_covers(&selection->set, &service->addresses))
		return failure_set(
		    why, "the addresses include all of service '%s': '-x' would leave nothing",
		    service->name);
	strvec_pushf(&selection->facts, "per-packet filter: %s",
		     selection->exclude ? "a side that does not show the addresses stays"
					: "a side that does not show the addresses is lost");
	return 0;
}

static void
remark_on_vip(struct selection *selection)
{
	if (has_vip(selection))
		strvec_pushf(&selection->warnings,
			     "a VIP of service '%s' among the addresses does not count: all its "
			     "clients use it",
			     selection->service->name);
}

/* A transaction filter that needs vcap-join: it passes what vcap-join has to see. */
static int
decide_for_join(struct selection *selection, struct failure *why)
{
	const struct service *service = selection->service;

	if (selection->from_file)
		return failure_set(
		    why,
		    "addresses with service '%s' need '-P' or vcap-join: its servers see "
		    "an engine's address, by which a filter would lose the server side",
		    service->name);
	selection->filter.variable_end = true;
	selection->filter.for_join = true;
	remark_on_vip(selection);
	if (selection->expression) {
		selection->filter.expression = NULL;
		strvec_pushf(&selection->notes,
			     "the expression is left out of this program, since it would drop what "
			     "joins the sides: compile it separately, for 'vcap-join -f'");
	}
	if (addrset_meets(&selection->set, &service->server_addresses) ||
	    addrset_meets(&selection->set, &service->sources)) {
		selection->filter.set = NULL;
		selection->filter.exclude = false;
		strvec_pushf(
		    &selection->notes,
		    "transaction filter: all of service '%s', of which vcap-join selects by the "
		    "PROXY protocol, headers or tables",
		    service->name);
	} else {
		strvec_pushf(
		    &selection->notes,
		    "transaction filter: %s service \'%s\' and its whole server side, of which "
		    "vcap-join selects by the PROXY protocol, headers or tables",
		    selection->exclude ? "without these clients of" : "these clients of",
		    service->name);
	}
	return 0;
}

/* A transaction filter by addresses alone, for a service whose servers see those of clients. */
static int
decide_by_client(struct selection *selection, struct failure *why)
{
	const struct service *service = selection->service;

	selection->filter.variable_end = true;
	remark_on_vip(selection);
	if (!addrset_meets(&selection->set, &service->server_addresses)) {
		strvec_pushf(&selection->facts,
			     "transaction filter: %s service '%s', on both sides",
			     selection->exclude ? "without these clients of" : "these clients of",
			     service->name);
		return 0;
	}
	if (selection->exclude)
		return failure_set(
		    why,
		    "'-x' needs '-P' with a server of service '%s' among the addresses: "
		    "its clients are unknown",
		    service->name);
	strvec_pushf(&selection->notes,
		     "transaction filter: all of service '%s', since a server of it is among the "
		     "addresses",
		     service->name);
	selection->filter.set = NULL;
	return 0;
}

static int
compile_expression(struct selection *selection, struct failure *why)
{
	for (int i = 0; i < LINKTYPE_COUNT; i++) {
		bool is_expected = linktypes[i].linktype == selection->linktype;
		struct failure *unsuited = &selection->unsuited[i];

		if (!is_expected && !selection->from_file)
			continue;
		if (expr_compile(&selection->compiled[i], selection->expression,
				 linktypes[i].linktype, unsuited) == 0 &&
		    selection->from_file && expr_asks_kernel(&selection->compiled[i]))
			failure_set(unsuited,
				    "expression '%s': is about the live packet, which no file has",
				    selection->expression);
		if (is_expected && unsuited->text[0])
			return failure_set(why, "%s", unsuited->text);
		if (is_expected)
			selection->filter.expression = &selection->compiled[i];
	}
	return 0;
}

static int
decide(struct selection *selection, struct failure *why)
{
	struct filter *filter = &selection->filter;

	*filter = (struct filter){.monitors = selection->monitors, .exclude = selection->exclude};
	addrset_seal(&selection->set);
	if (selection->has_specs && addrset_is_empty(&selection->set))
		return failure_set(why, "the list of addresses is empty");
	if (!selection->has_specs && !selection->expression) {
		if (selection->exclude)
			return failure_set(why, "'-x' needs addresses or an expression");
		if (!selection->service && !selection->may_be_all)
			return failure_set(
			    why, "needs addresses, a service or an expression (try --help)");
	}
	if (selection->expression && compile_expression(selection, why) < 0)
		return -1;
	if (selection->has_specs)
		filter->set = &selection->set;
	if (!selection->service)
		return 0;
	filter->service = selection->service;
	remark_on_servers(selection);
	remark_on_monitors(selection);
	if (!filter->set)
		return 0;
	if (selection->per_packet)
		return decide_per_packet(selection, why);
	return selection->service->source_client ? decide_by_client(selection, why)
						 : decide_for_join(selection, why);
}

int
selection_decide(struct selection *selection, struct failure *why)
{
	if (decide(selection, why) < 0)
		return -1;
	return selection->warnings.failed || selection->notes.failed || selection->facts.failed
		   ? failure_nomem(why)
		   : 0;
}

int
selection_compile(struct selection *selection, struct bpf *program, struct failure *why)
{
	const struct filter *filter = &selection->filter;
	struct compile_widening widening = {.added = "0"};

	if (!selection->widen || !filter->set)
		return compile_filter(filter, selection->linktype, program, why);
	if (compile_widened(filter, selection->linktype, program, &widening, why) < 0)
		return -1;
	if (strcmp(widening.added, "0") != 0)
		strvec_pushf(&selection->notes,
			     "widened by %s addresses to %zu intervals: apply the list itself to "
			     "what is captured (vcap-filter -r)",
			     widening.added, widening.intervals);
	return 0;
}

bool
selection_judge(void *context, const struct packet *packet, uint16_t linktype)
{
	struct selection *selection = context;
	long i = linktype_find(linktype) - linktypes;

	if (!selection->expression)
		return filter_judge(&selection->filter, packet, linktype);
	if (selection->unsuited[i].text[0]) {
		selection->why = selection->unsuited[i];
		return false;
	}
	selection->filter.expression = &selection->compiled[i];
	return filter_judge(&selection->filter, packet, linktype);
}
