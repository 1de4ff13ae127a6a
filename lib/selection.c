#include "selection.h"

#include "expr.h"
#include "fdio.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPECS_MAX (64u << 20) /* bytes in a list of addresses */

void
selection_release(struct selection *selection)
{
	service_release(&selection->service);
	addrset_release(&selection->set);
	expr_release(&selection->compiled);
	*selection = SELECTION_INIT;
}

static int
add_text(struct selection *selection, int fd, const char *name, struct failure *why)
{
	char *text;
	size_t size;
	int rc;

	if (fdio_slurp(fd, SPECS_MAX, name, &text, &size, why) < 0)
		return -1;
	if (strlen(text) != size)
		rc = failure_set(why, "'%s' is no text: it has a NUL byte", name);
	else
		rc = addrset_add_lines(&selection->set, text, name, why);
	free(text);
	selection->has_specs = true;
	return rc;
}

int
selection_add_file(struct selection *selection, const char *path, struct failure *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", path);
	rc = add_text(selection, fd, path, why);
	close(fd);
	return rc;
}

int
selection_add(struct selection *selection, const char *spec, struct failure *why)
{
	if (strcmp(spec, "-") == 0)
		return add_text(selection, STDIN_FILENO, "standard input", why);
	selection->has_specs = true;
	return addrset_add(&selection->set, spec, why);
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
		failure_set(remark(selection),
			    "service '%s' has monitors that are judged per connection: a filter "
			    "does not tell them apart",
			    service->name);
		return;
	}
}

/* A transaction filter by addresses alone, for a service whose servers see the clients'. */
static int
follow_clients(struct selection *selection, struct failure *why)
{
	const struct service *service = &selection->service;

	if (!service->source_client)
		return failure_set(why,
				   "addresses with service '%s' need -P: its servers see an "
				   "engine's address, so that a filter by addresses would lose the "
				   "server side; whole transactions need vcap-join",
				   service->name);
	selection->filter.variable_end = true;
	if (!addrset_meets(&selection->set, &service->server_addresses)) {
		failure_set(
		    remark(selection),
		    "transaction filter: both sides of what these clients do at service '%s'",
		    service->name);
		return 0;
	}
	if (selection->exclude)
		return failure_set(why,
				   "the addresses include a server of service '%s': which clients "
				   "it served cannot be told, and -x would leave nothing (use -P)",
				   service->name);
	failure_set(remark(selection),
		    "transaction filter: a server of service '%s' is among the addresses, so both "
		    "sides are kept whole",
		    service->name);
	selection->filter.set = NULL;
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
	if (selection->expression) {
		if (expr_compile(&selection->compiled, selection->expression, selection->linktype,
				 why) < 0)
			return -1;
		filter->expression = &selection->compiled;
	}
	if (selection->has_specs)
		filter->set = &selection->set;
	if (!selection->has_service)
		return 0;
	filter->service = &selection->service;
	consider_monitors(selection);
	if (!filter->set)
		return 0;
	if (!selection->per_packet)
		return follow_clients(selection, why);
	failure_set(remark(selection),
		    "per-packet filter: a side without the addresses is not kept");
	return 0;
}

bool
selection_judge(void *context, const struct packet *packet, uint16_t linktype)
{
	struct selection *selection = context;

	if (selection->expression && linktype != selection->linktype && !selection->why.text[0]) {
		expr_compile(&selection->compiled, selection->expression, linktype,
			     &selection->why);
		selection->linktype = linktype;
	}
	return !selection->why.text[0] && filter_judge(&selection->filter, packet, linktype);
}
