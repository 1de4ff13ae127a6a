#include "controller/checklist.h"

#include "base/array.h"
#include "filter/service.h"

#include <stdlib.h>

/* The engine's check, a new one at the end of the list if it has none. NULL: out of memory. */
static struct enginecheck *
add_engine(struct checklist *checks, const struct engine *engine)
{
	for (size_t i = 0; i < checks->count; i++)
		if (checks->list[i].engine == engine)
			return &checks->list[i];
	if (array_grow(&checks->list, checks->count, sizeof(*checks->list)) < 0)
		return NULL;
	checks->list[checks->count] = ENGINECHECK_INIT;
	checks->list[checks->count].engine = engine;
	return &checks->list[checks->count++];
}

/* All engines of the service, each with the service's VIPs. */
static int
add_service(struct checklist *checks, const struct service *service, const struct engines *known,
	    struct failure *why)
{
	struct failure unknown;

	for (size_t i = 0; i < service->engine_count; i++) {
		const struct engine *engine = engines_find(known, service->engines[i], &unknown);
		struct enginecheck *check = engine ? add_engine(checks, engine) : NULL;

		if (!engine)
			return failure_set(why, "service '%s': %s", service->name, unknown.text);
		if (check)
			enginecheck_add_vips(&check->addresses, service);
		if (!check || check->addresses.failed)
			return failure_nomem(why);
	}
	if (service->engine_count == 0)
		return failure_set(why, "service '%s' has no engine", service->name);
	return 0;
}

static int
add_word(struct checklist *checks, const char *word, const struct engines *known,
	 config_variable *variable, struct failure *why)
{
	const struct engine *engine = engines_find(known, word, NULL);
	struct service service = SERVICE_INIT;
	int rc = config_service_load(&service, word, variable, why);

	if (rc == 0)
		rc = add_service(checks, &service, known, why);
	else if (engine)
		rc = add_engine(checks, engine) ? 0 : failure_nomem(why);
	service_release(&service);
	return rc;
}

int
checklist_choose(struct checklist *checks, char *const *words, const struct engines *known,
		 config_variable *variable, struct failure *why)
{
	for (char *const *word = words; *word; word++)
		if (add_word(checks, *word, known, variable, why) < 0)
			return -1;
	for (size_t i = 0; !*words && i < known->count; i++)
		if (!add_engine(checks, &known->list[i]))
			return failure_nomem(why);
	return 0;
}
