/*
 * The program alone keeps packets of other services out. But one that asks for a server that the limit
 * does not have, since the file here is older than the controller's, would then lack its packets, and
 * nobody would know: so the service that is asked for is compared as well, line by line, and each line
 * has to lie within one of the same kind.
 */
#include "filter/service_limit.h"

#include "filter/compile.h"
#include "packet/linktype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
has_endpoint(const struct endpoint *list, size_t count, const struct endpoint *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_is_within(wanted, &list[i]))
			return true;
	return false;
}

/* Whether the limit has packets of the monitor. Those that are told from others by connection are
 * packets to servers. */
static bool
has_monitor(const struct service *limit, const struct monitor *wanted)
{
	if (wanted->kind >= MONITOR_EMPTY)
		return true;
	for (size_t i = 0; i < limit->monitor_count; i++)
		if (limit->monitors[i].kind == wanted->kind &&
		    (wanted->kind == MONITOR_ICMP ||
		     endpoint_is_within(&wanted->where, &limit->monitors[i].where)))
			return true;
	return false;
}

/* Whether packets between servers and anybody are of the service. */
static bool
is_open(const struct service *service)
{
	return service->source_client || addrset_is_empty(&service->sources);
}

/* Whether all that a service has is within the limit. */
static bool
has_all(const struct service *limit, const struct service *wanted)
{
	for (size_t i = 0; i < wanted->vip_count; i++)
		if (!has_endpoint(limit->vips, limit->vip_count, &wanted->vips[i]))
			return false;
	for (size_t i = 0; i < wanted->server_count; i++)
		if (!has_endpoint(limit->servers, limit->server_count, &wanted->servers[i]))
			return false;
	for (size_t i = 0; i < wanted->monitor_count; i++)
		if (!has_monitor(limit, &wanted->monitors[i]))
			return false;
	return true;
}

/* Whether a line of a service's file asks for more than the limit has. A file has a VIP. */
static bool
is_beyond(const struct service *limit, const char *line, int length)
{
	struct service alone;
	bool is_more = false;
	char *file;

	if (asprintf(&file, "%.*s\nvip 0.0.0.0 tcp/1\n", length, line) < 0)
		return false;
	if (service_parse(&alone, "line", file, "line", NULL) == 0) {
		/* That VIP is its last one. */
		alone.vip_count--;
		is_more = !has_all(limit, &alone);
		service_release(&alone);
	}
	free(file);
	return is_more;
}

/* Says which line of the text asks for more than the limit has. */
static int
refuse(const struct service *limit, const char *text, struct failure *why)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (is_beyond(limit, text, (int)strcspn(text, "\n")))
			return failure_set(why, "service '%s' here has no '%.*s'", limit->name,
					   (int)strcspn(text, "#\r\n"), text);
	return failure_set(why, "service '%s' here has less than is asked for", limit->name);
}

int
service_limit_check(const struct service *limit, const char *text, struct failure *why)
{
	struct service wanted;
	int rc = 0;

	if (service_parse(&wanted, limit->name, text, "the service that is asked for", why) < 0)
		return -1;
	if (!has_all(limit, &wanted))
		rc = refuse(limit, text, why);
	else if (!is_open(limit) &&
		 (is_open(&wanted) || !addrset_covers(&limit->sources, &wanted.sources)))
		rc = failure_set(why,
				 "service '%s' here has its servers' packets of its 'source' "
				 "lines alone",
				 limit->name);
	service_release(&wanted);
	return rc;
}

int
service_limit_apply(const struct service *limit, struct bpf *program, struct failure *why)
{
	const struct filter filter = {.service = limit, .monitors = MONITORS_INCLUDE};
	struct bpf own = BPF_INIT;
	int rc = compile_filter(&filter, LINKTYPE_EN10MB, &own, why);

	if (rc == 0)
		rc = bpf_require(program, &own, why);
	bpf_release(&own);
	return rc;
}
