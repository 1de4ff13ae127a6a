#include "controller/capture_audit.h"

#include "base/audit.h"
#include "base/strvec.h"
#include "controller/engine.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

char *
capture_audit_caller(const char *other, config_variable *variable, char to[CALLER_MAX])
{
	const struct passwd *user = getpwuid(getuid());
	const struct caller caller = {user ? user->pw_name : NULL, getuid(), other};

	return caller_word(&caller, variable, to);
}

static void
add_list(struct audit *audit, const struct strvec *engines)
{
	char *names = strvec_join(engines, ",");

	audit_add(audit, "engines", names);
	free(names);
}

int
capture_audit(const struct spool_entry *entry, enum capture_audit_event event, const char *file,
	      config_variable *variable, struct failure *why)
{
	static const char *const names[] = {
	    [CAPTURE_AUDIT_START] = "start",      [CAPTURE_AUDIT_STOP] = "stop",
	    [CAPTURE_AUDIT_EXPORT] = "export",    [CAPTURE_AUDIT_DELETE] = "delete",
	    [CAPTURE_AUDIT_KEYS] = "export-keys", [CAPTURE_AUDIT_DELETE_KEYS] = "delete-keys",
	    [CAPTURE_AUDIT_SNAPSHOT] = "snapshot"};
	const bool is_start = event == CAPTURE_AUDIT_START;
	struct strvec engines = spool_entry_engines(entry);
	char caller[CALLER_MAX];
	struct audit audit;

	audit_begin(&audit, names[event]);
	audit_add(&audit, "id", entry->id);
	audit_add(&audit, "service", keyval_get(&entry->facts, "service"));
	add_list(&audit, &engines);
	strvec_release(&engines);
	audit_add(&audit, "by",
		  is_start || event == CAPTURE_AUDIT_SNAPSHOT
		      ? keyval_get(&entry->facts, "by")
		      : capture_audit_caller(NULL, variable, caller));
	if (is_start) {
		audit_add(&audit, "at", keyval_get(&entry->facts, "at"));
		audit_add(&audit, "expression", keyval_get(&entry->facts, "expression"));
		audit_add(&audit, "payload", keyval_get(&entry->facts, "payload"));
		audit_add(&audit, "keys", keyval_get(&entry->facts, "keys"));
	}
	audit_add(&audit, "to", file);
	return audit_write(
	    &audit, event == CAPTURE_AUDIT_STOP ? AUDIT_WANTED : engines_audit_need(variable), why);
}

int
capture_audit_live(const struct params *params, config_variable *variable, struct failure *why)
{
	struct strvec engines = STRVEC_INIT;
	struct audit audit;

	strvec_pushv(&engines, params->engines);
	audit_begin(&audit, "live");
	audit_add(&audit, "service", params->service);
	add_list(&audit, &engines);
	strvec_release(&engines);
	audit_add(&audit, "by", params->by);
	audit_add(&audit, "expression", params->expression);
	audit_add(&audit, "payload", params->wants_payload ? "yes" : NULL);
	return audit_write(&audit, engines_audit_need(variable), why);
}
