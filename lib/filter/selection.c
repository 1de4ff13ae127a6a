#include "filter/selection.h"

#include "filter/compile.h"
#include "filter/expr.h"
#include "filter/specs.h"

#include <string.h>

void
selection_release(struct selection *selection)
{
	service_release(&selection->service);
	addrset_release(&selection->set);
	for (int i = 0; i < LINKTYPE_COUNT; i++)
		expr_release(&selection->compiled[i]);
	*selection = SELECTION_INIT;
}

static int
take_linktype(struct selection *selection, const char *word, struct failure *why)
{
	const struct linktype_info *link = linktype_by_name(word);

	if (!link)
		return failure_set(why, "not EN10MB, RAW, LINUX_SLL or LINUX_SLL2: '%s'", word);
	selection->linktype = link->linktype;
	return 0;
}

int
selection_option(struct selection *selection, int letter, const char *value,
		 config_variable *variable, struct failure *why)
{
	int rc = 0;

	switch (letter) {
	case 'S':
		service_release(&selection->service);
		selection->has_service = true;
		rc = config_service_load(&selection->service, value, variable, why);
		break;
	case 'm': rc = service_parse_mode(value, &selection->monitors, why); break;
	case 'P': selection->per_packet = true; break;
	case 'x': selection->exclude = true; break;
	case 'e': selection->expression = value; break;
	case 'y': rc = take_linktype(selection, value, why); break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

int
selection_add(struct selection *selection, const char *file, char *const *words,
	      bool stdin_is_taken, struct failure *why)
{
	return specs_add(&selection->set, file, words, stdin_is_taken, &selection->has_specs, why);
}

static struct failure *
remark(struct selection *selection)
{
	return &selection->remarks[selection->remark_count++];
}

/* What of a service's monitors a filter cannot tell. */
static void
consider_monitors(struct selection *selection)
{
	const struct service *service = &selection->service;

	if (selection->monitors == MONITORS_INCLUDE)
		return;
	if (service->monitor_count == 0)
		failure_set(remark(selection),
			    "service '%s' has no monitor lines: health checks cannot be told apart",
			    service->name);
	for (size_t i = 0; i < service->monitor_count; i++) {
		if (service->monitors[i].kind < MONITOR_EMPTY)
			continue;
		failure_set(
		    remark(selection),
		    "service '%s' has monitors that are judged per connection, which a filter "
		    "cannot, but vcap-join",
		    service->name);
		/* They are on the server side. */
		selection->filter.for_join =
		    !selection->from_file && selection->monitors == MONITORS_ONLY;
		return;
	}
}

static bool
has_vip(const struct selection *selection)
{
	const struct service *service = &selection->service;

	for (size_t i = 0; i < service->vip_group_count; i++)
		if (addrset_meets(&selection->set, &service->vip_groups[i].addresses))
			return true;
	return false;
}

/* A packet is judged by its own addresses, so a side that never shows them is lost. */
static int
judge_packets(struct selection *selection, struct failure *why)
{
	const struct service *service = &selection->service;

	/* Each packet of a service has a VIP or a server at one end. */
	if (selection->exclude && !selection->expression &&
	    addrset_covers(&selection->set, &service->addresses))
		return failure_set(
		    why, "the addresses include all of service '%s': -x would leave nothing",
		    service->name);
	failure_set(remark(selection), "per-packet filter: %s",
		    selection->exclude ? "a side that does not show the addresses stays"
				       : "a side that does not show the addresses is lost");
	return 0;
}

static void
remark_on_vip(struct selection *selection)
{
	if (has_vip(selection))
		failure_set(remark(selection),
			    "a VIP of service '%s' among the addresses does not count: all its "
			    "clients use it",
			    selection->service.name);
}

/* A transaction filter that is only complete with vcap-join: what it has to see. */
static int
leave_to_join(struct selection *selection, struct failure *why)
{
	const struct service *service = &selection->service;

	if (selection->from_file)
		return failure_set(
		    why,
		    "addresses with service '%s' need -P: its servers see an "
		    "engine's address, so the server side would be lost; to keep it, "
		    "use vcap-join",
		    service->name);
	selection->filter.variable_end = true;
	selection->filter.for_join = true;
	remark_on_vip(selection);
	if (selection->expression) {
		selection->filter.expression = NULL;
		failure_set(remark(selection),
			    "the expression is not in this program, for it would remove what joins "
			    "the sides: it goes into one of its own, for vcap-join -f");
	}
	if (addrset_meets(&selection->set, &service->server_addresses) ||
	    addrset_meets(&selection->set, &service->sources)) {
		selection->filter.set = NULL;
		selection->filter.exclude = false;
		failure_set(
		    remark(selection),
		    "transaction filter: both sides of service '%s' are whole, and vcap-join "
		    "decides, by the PROXY protocol, headers or tables",
		    service->name);
	} else {
		failure_set(
		    remark(selection),
		    "transaction filter: %s service '%s' and its whole server side, on which "
		    "vcap-join decides, by the PROXY protocol, headers or tables",
		    selection->exclude ? "without these clients of" : "these clients of",
		    service->name);
	}
	return 0;
}

/* A transaction filter by addresses alone, for a service whose servers see the clients'. */
static int
follow_clients(struct selection *selection, struct failure *why)
{
	const struct service *service = &selection->service;

	selection->filter.variable_end = true;
	remark_on_vip(selection);
	if (!addrset_meets(&selection->set, &service->server_addresses)) {
		failure_set(remark(selection), "transaction filter: %s service '%s', on both sides",
			    selection->exclude ? "without these clients of" : "these clients of",
			    service->name);
		return 0;
	}
	if (selection->exclude)
		return failure_set(
		    why,
		    "a server of service '%s' is among the addresses: which clients it "
		    "served cannot be told, so -x needs -P",
		    service->name);
	failure_set(remark(selection),
		    "transaction filter: a server of service '%s' is among the addresses, so both "
		    "sides are whole",
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
				    "expression '%s': only the kernel knows that, no file",
				    selection->expression);
		if (is_expected && unsuited->text[0])
			return failure_set(why, "%s", unsuited->text);
		if (is_expected)
			selection->filter.expression = &selection->compiled[i];
	}
	return 0;
}

int
selection_decide(struct selection *selection, struct failure *why)
{
	struct filter *filter = &selection->filter;

	*filter = (struct filter){.monitors = selection->monitors, .exclude = selection->exclude};
	addrset_seal(&selection->set);
	if (selection->has_specs && addrset_is_empty(&selection->set))
		return failure_set(why, "the list of addresses is empty");
	if (!selection->has_specs && !selection->expression) {
		if (selection->exclude)
			return failure_set(why, "-x needs addresses or an expression");
		if (!selection->has_service)
			return failure_set(
			    why, "needs addresses, a service or an expression (try --help)");
	}
	if (selection->expression && compile_expression(selection, why) < 0)
		return -1;
	if (selection->has_specs)
		filter->set = &selection->set;
	if (!selection->has_service)
		return 0;
	filter->service = &selection->service;
	consider_monitors(selection);
	if (!filter->set)
		return 0;
	if (selection->per_packet)
		return judge_packets(selection, why);
	return selection->service.source_client ? follow_clients(selection, why)
						: leave_to_join(selection, why);
}

int
selection_compile(struct selection *selection, bool widen, struct bpf *program, struct failure *why)
{
	const struct filter *filter = &selection->filter;
	struct compile_widening widening = {.added = "0"};

	if (!widen || !filter->set)
		return compile_filter(filter, selection->linktype, program, why);
	if (compile_widened(filter, selection->linktype, program, &widening, why) < 0)
		return -1;
	if (strcmp(widening.added, "0") != 0)
		failure_set(remark(selection),
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
