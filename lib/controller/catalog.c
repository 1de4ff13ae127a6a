#include "controller/catalog.h"

#include <stdlib.h>
#include <string.h>

static int
load(struct catalog_service *loaded, const char *name, config_variable *variable)
{
	struct config_file file;

	loaded->name = name;
	loaded->service = SERVICE_INIT;
	if (config_read_service(&file, name, variable, &loaded->why) < 0)
		return -1;
	loaded->is_valid =
	    service_parse(&loaded->service, name, file.text, file.path, &loaded->why) == 0;
	config_file_release(&file);
	return loaded->is_valid ? 0 : -1;
}

int
catalog_load(struct catalog *catalog, config_variable *variable, struct failure *why)
{
	size_t count = 0;

	*catalog = CATALOG_INIT;
	catalog->names = config_service_names(variable, why);
	if (!catalog->names)
		return -1;
	while (catalog->names[count])
		count++;
	catalog->list = calloc(count + 1, sizeof(*catalog->list));
	if (!catalog->list) {
		catalog_release(catalog);
		return failure_nomem(why);
	}
	/* One that is wrong has its failure with it. */
	for (; catalog->count < count; catalog->count++)
		(void)load(&catalog->list[catalog->count], catalog->names[catalog->count],
			   variable);
	return 0;
}

void
catalog_release(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (catalog->list[i].is_valid)
			service_release(&catalog->list[i].service);
	free(catalog->list);
	strvec_free(catalog->names);
	*catalog = CATALOG_INIT;
}

static bool
overlaps(const struct endpoint_group *one, const struct endpoint_group *other)
{
	return one->first_key <= other->last_key && other->first_key <= one->last_key &&
	       addrset_meets(&one->addresses, &other->addresses);
}

static bool
any_overlap(const struct endpoint_group *list, size_t count, const struct endpoint_group *others,
	    size_t other_count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < other_count; k++)
			if (overlaps(&list[i], &others[k]))
				return true;
	return false;
}

/* Whether a server of both is behind the same tunnel. A far end may be shared: the VIP differs. */
static bool
shares_tunnelled(const struct service_tunnels *one, const struct service_tunnels *other)
{
	for (size_t i = 0; i < one->count; i++)
		for (size_t k = 0; k < other->count; k++)
			if (tunnel_equal(one->vias[i], other->vias[k]) &&
			    !tunnel_has_far_end(one->vias[i].kind) &&
			    any_overlap(one->list[i].groups, one->list[i].group_count,
					other->list[k].groups, other->list[k].group_count))
				return true;
	return false;
}

/* Whether a server of one, by address, protocol and port, is a server of the other. */
static bool
shares_server(const struct service *one, const struct service *other)
{
	if (shares_tunnelled(&one->tunnels, &other->tunnels))
		return true;
	return any_overlap(one->server_groups, one->server_group_count, other->server_groups,
			   other->server_group_count);
}

static bool
shares_vip(const struct service *one, const struct service *other)
{
	return any_overlap(one->vip_groups, one->vip_group_count, other->vip_groups,
			   other->vip_group_count);
}

static bool
shares_name(const struct service *one, const struct service *other)
{
	for (size_t i = 0; i < one->aliases.count; i++)
		if (strvec_has(&other->aliases, one->aliases.list[i]) ||
		    strcmp(other->name, one->aliases.list[i]) == 0)
			return true;
	return false;
}

/* The name of the first other service of which this is so. */
static const char *
find_other(const struct catalog *catalog, const struct service *service,
	   bool (*is_so)(const struct service *one, const struct service *other))
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct catalog_service *other = &catalog->list[i];

		if (other->is_valid && strcmp(other->name, service->name) != 0 &&
		    is_so(service, &other->service))
			return other->name;
	}
	return NULL;
}

const char *
catalog_find_sharing(const struct catalog *catalog, const struct service *service)
{
	return find_other(catalog, service, shares_server);
}

const char *
catalog_find_overlap(const struct catalog *catalog, const struct service *service)
{
	return find_other(catalog, service, shares_vip);
}

void
catalog_notes(const struct catalog *catalog, const struct service *service, struct strvec *notes)
{
	const char *neighbour = catalog_find_sharing(catalog, service);
	const char *overlap = catalog_find_overlap(catalog, service);
	const char *namesake = find_other(catalog, service, shares_name);
	bool by_connection = false;

	if (namesake)
		strvec_pushf(notes, "has a name of '%s' as well", namesake);
	for (size_t i = 0; i < service->aliases.count; i++)
		strvec_pushf(notes, "also called '%s'", service->aliases.list[i]);
	for (size_t i = 0; i < service->monitor_count; i++)
		by_connection |= service->monitors[i].kind >= MONITOR_EMPTY;
	if (service->server_count == 0)
		strvec_push(notes, "no server line: only the client side is captured");
	if (service->monitor_count == 0)
		strvec_push(notes, "no monitor line: health checks are captured, too");
	if (by_connection)
		strvec_push(notes, "vcap-join tells its health checks, by their connections");
	if (neighbour && !service->source_client)
		strvec_pushf(notes, "shares servers with '%s': vcap-join tells them apart",
			     neighbour);
	if (overlap)
		strvec_pushf(notes, "has a VIP of '%s': captures have both", overlap);
}
