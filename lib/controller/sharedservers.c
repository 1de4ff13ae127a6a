#include "controller/sharedservers.h"

#include "base/strvec.h"

#include <stdlib.h>
#include <string.h>

static bool
is_met(const struct endpoint_group *one, const struct endpoint_group *other)
{
	return one->first_key <= other->last_key && other->first_key <= one->last_key &&
	       addrset_meets(&one->addresses, &other->addresses);
}

bool
sharedservers_is_shared(const struct service *one, const struct service *other)
{
	for (size_t i = 0; i < one->server_group_count; i++)
		for (size_t k = 0; k < other->server_group_count; k++)
			if (is_met(&one->server_groups[i], &other->server_groups[k]))
				return true;
	return false;
}

static bool
is_neighbour(const struct service *service, const char *name, config_variable *variable)
{
	struct service other = SERVICE_INIT;
	struct failure why;
	bool is_shared;

	if (strcmp(name, service->name) == 0 ||
	    config_service_load(&other, name, variable, &why) < 0)
		return false;
	is_shared = sharedservers_is_shared(service, &other);
	service_release(&other);
	return is_shared;
}

char *
sharedservers_find(const struct service *service, config_variable *variable)
{
	char **names = config_service_names(variable, NULL), *found = NULL;

	for (char **name = names; name && *name && !found; name++)
		if (is_neighbour(service, *name, variable))
			found = strdup(*name);
	strvec_free(names);
	return found;
}
