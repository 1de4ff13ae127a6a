#include "controller/emptiness.h"

#include "controller/engine.h"
#include "controller/engine_state.h"
#include "controller/enginecheck.h"
#include "controller/entry_service.h"
#include "filter/service.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 32 };

void
emptiness_release(struct emptiness *emptiness)
{
	free(emptiness->unseen);
	free(emptiness->remark);
	*emptiness = EMPTINESS_INIT;
}

static bool
is_loopback(const struct endpoint *vip)
{
	char text[ADDR_TEXT];

	addr_format((struct addr){vip->family, vip->addresses.first}, text, sizeof(text));
	return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}

/* Whether each of these engines says that it has none of the addresses. */
static bool
is_elsewhere(const struct strvec *names, const struct strvec *addresses, config_variable *variable)
{
	struct engines engines = ENGINES_INIT;
	struct enginecheck *checks = calloc(names->count + 1, sizeof(*checks));
	bool is_known = checks && names->count > 0 && engines_load(&engines, variable, NULL) == 0;

	for (size_t i = 0; is_known && i < names->count; i++) {
		checks[i] = ENGINECHECK_INIT;
		checks[i].engine = engines_find(&engines, names->list[i], NULL);
		strvec_pushv(&checks[i].addresses, addresses->list);
		/* A region does not tell what its engines have. */
		is_known = checks[i].engine && !checks[i].engine->is_region;
	}
	is_known = is_known && enginechecks_run(checks, names->count, JOBS, NULL) == 0;
	for (size_t i = 0; is_known && i < names->count; i++) {
		char *elsewhere = enginecheck_values(&checks[i], "elsewhere"),
		     *local = enginecheck_values(&checks[i], "local");

		is_known = elsewhere && *elsewhere && local && !*local;
		free(elsewhere);
		free(local);
	}
	for (size_t i = 0; checks && i < names->count; i++)
		enginecheck_release(&checks[i]);
	free(checks);
	engines_release(&engines);
	return is_known;
}

/* That no engine has the VIP, if it is so. */
static char *
misplaced(const struct spool_entry *entry, const struct service *service, config_variable *variable)
{
	struct strvec names = spool_entry_participants(entry), addresses = STRVEC_INIT;
	char *text = NULL, *list, *engines;

	enginecheck_add_vips(&addresses, service);
	list = strvec_join(&addresses, "', '");
	engines = strvec_join(&names, "', '");
	if (list && engines && is_elsewhere(&names, &addresses, variable) &&
	    asprintf(&text,
		     "nothing of a client was captured, as '%s' is no address of '%s': clients "
		     "reach another host, or the vip lines of service '%s' are wrong",
		     list, engines, service->name) < 0)
		text = NULL;
	free(list);
	free(engines);
	strvec_release(&names);
	strvec_release(&addresses);
	return text;
}

static bool
is_set(const struct spool_entry *entry, const char *key, const char *value)
{
	const char *is = keyval_get(&entry->facts, key);

	return is && strcmp(is, value) == 0;
}

/* Why nothing may have been captured although it could have been. */
static const char *
likely_cause(const struct spool_entry *entry)
{
	if (is_set(entry, "invert", "yes"))
		return "there was nothing but what '-x' leaves out";
	if (keyval_number(&entry->facts, "specs", 0) > 0)
		return "the given addresses had none with this service: are they the clients' as "
		       "the engines see them?";
	if (keyval_get(&entry->facts, "expression"))
		return "the expression accepts none, or there was no traffic";
	if (is_set(entry, "monitors", "only"))
		return "there were no health checks as the monitor lines describe them";
	return "there was no traffic, or not to the addresses and ports of the vip lines";
}

/* Whether packets of clients have to be there if there was traffic. */
static bool
wants_clients(const struct spool_entry *entry, const struct count *merged)
{
	return merged->packets == 0 ||
	       (keyval_number(&entry->facts, "specs", 0) == 0 &&
		!keyval_get(&entry->facts, "expression") && !is_set(entry, "invert", "yes"));
}

static void
judge(struct emptiness *emptiness, const struct spool_entry *entry, const struct service *service,
      const struct count *merged, config_variable *variable)
{
	const char *cause = likely_cause(entry);

	if (merged->clients == 0 && !is_set(entry, "monitors", "only") &&
	    wants_clients(entry, merged))
		emptiness->unseen = misplaced(entry, service, variable);
	if (!emptiness->unseen && service->server_count == 0 && merged->servers == 0 &&
	    !is_loopback(&service->vips[0]) &&
	    asprintf(&emptiness->unseen,
		     "service '%s' has no server line: only its client side was captured",
		     service->name) < 0)
		emptiness->unseen = NULL;
	if (merged->packets == 0 && !emptiness->unseen &&
	    asprintf(&emptiness->remark, "no packet was captured: %s", cause) < 0)
		emptiness->remark = NULL;
}

void
emptiness_judge(struct emptiness *emptiness, const struct spool_entry *entry,
		const struct count *merged, config_variable *variable)
{
	struct service service = SERVICE_INIT;

	*emptiness = EMPTINESS_INIT;
	if (entry_service_load(&service, entry) < 0)
		return;
	judge(emptiness, entry, &service, merged, variable);
	service_release(&service);
}

void
emptiness_idle(const struct spool_entry *entry, struct strvec *lines)
{
	struct strvec names = spool_entry_participants(entry);

	for (size_t i = 0; keyval_number(&entry->facts, "packets", 0) && i < names.count; i++) {
		struct keyval state;

		if (engine_state_load(entry, names.list[i], &state, NULL) < 0)
			continue;
		if (keyval_number(&state, "packets", 1) == 0)
			strvec_pushf(lines, "engine '%s' saw no packets, others did",
				     names.list[i]);
		keyval_release(&state);
	}
	strvec_release(&names);
}
