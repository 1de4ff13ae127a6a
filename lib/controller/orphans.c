/*
 * That no capture is left can only be known from the answer to `remove`, which succeeds also if
 * there is nothing to remove. The requests name the token of this capture, so that whatever ends
 * was begun by this start, and by no other.
 */
#include "controller/orphans.h"

#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine_state.h"
#include "controller/snapshot_window.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT "20s" /* an engine that has to be asked again has had its time */

/* Sets *has_asked to whether each engine's state has its answer. */
static int
ask(const struct spool_entry *entry, const struct strvec *engines, enum commands_request request,
    bool *has_asked, struct failure *why)
{
	const int status = each_run(entry, engines, (struct each_options){.timeout = TIMEOUT},
				    commands_each(request), why);

	*has_asked = each_has_asked(status);
	return status < 0 ? -1 : 0;
}

bool
orphans_is_of_another(const char *reason)
{
	return strstr(reason, "is another capture's") != NULL;
}

int
orphans_end(const struct spool_entry *entry, struct strvec *left, struct failure *why)
{
	struct strvec engines = spool_entry_marked(entry, "pending");
	bool has_asked;
	int rc = ask(entry, &engines, COMMANDS_STOP, &has_asked, why);

	if (rc == 0)
		rc = ask(entry, &engines, COMMANDS_REMOVE, &has_asked, why);
	for (size_t i = 0; i < engines.count && rc == 0; i++) {
		char *reason = engine_state_failure(entry, engines.list[i]);

		if (!has_asked || (reason && !orphans_is_of_another(reason)))
			strvec_push(left, engines.list[i]);
		free(reason);
	}
	strvec_release(&engines);
	return rc;
}

static bool
has_ended(const struct spool_entry *entry, const char *engine)
{
	struct keyval state;
	bool ended;

	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return false;
	ended = engine_state_is_last(&state);
	keyval_release(&state);
	return ended;
}

int
orphans_adopt(struct spool_entry *entry, struct failure *why)
{
	struct strvec engines = spool_entry_marked(entry, "pending"), others = STRVEC_INIT;
	/* The ring of a snapshot may have its packets still. */
	const enum commands_request request =
	    snapshot_window_ring(entry) ? COMMANDS_SNAPSHOT : COMMANDS_STOP;
	bool has_asked;
	int rc = ask(entry, &engines, request, &has_asked, why);

	for (size_t i = 0; i < engines.count && rc == 0; i++) {
		if (has_ended(entry, engines.list[i]))
			rc = spool_entry_take_in(entry, engines.list[i], why);
		else
			strvec_push(&others, engines.list[i]);
	}
	if (rc == 0)
		rc = ask(entry, &others, COMMANDS_REMOVE, &has_asked, why);
	for (size_t i = 0; i < others.count && rc == 0; i++) {
		char *reason = engine_state_failure(entry, others.list[i]);

		if (has_asked && (!reason || orphans_is_of_another(reason)))
			spool_entry_clear(entry, "pending", others.list[i]);
		free(reason);
	}
	if (rc == 0 && engines.count > 0)
		rc = spool_entry_store(entry, why);
	strvec_release(&engines);
	strvec_release(&others);
	return rc;
}
