#include "controller/gate_key.h"

#include "controller/engine.h"
#include "flows/keysource_spec.h"
#include "flows/pairsource_spec.h"
#include "flows/trigger_spec.h"

#include <stdlib.h>
#include <string.h>

static int
check_path(const char *path, struct failure *why)
{
	return trigger_spec_is_path(path) ? 0
					  : failure_set(why, "not an absolute path: '%s'", path);
}

/* A directory of a region, by the variable that names it. */
static int
set_directory(struct gate_key *key, const char *name, const char *path, struct failure *why)
{
	strvec_pushf(&key->environment, "%s=%s", name, path);
	return check_path(path, why);
}

int
gate_key_option(struct gate_key *key, int option, const char *value, struct failure *why)
{
	struct gate *gate = &key->gate;
	struct pairsource_spec source;
	int rc = 0;

	switch (option) {
	case GATE_KEY_CONFIG: rc = set_directory(key, "VCAP_CONFIG", value, why); break;
	case GATE_KEY_FLOWS:
		gate->flows = value;
		rc = pairsource_spec_parse(&source, value, why);
		break;
	case GATE_KEY_HEADERS: gate->headers_only = true; break;
	case GATE_KEY_KEYS:
		gate->allows_keys = true;
		gate->keys = value;
		rc = value ? keysource_spec_parse(&source, value, why) : 0;
		break;
	case GATE_KEY_REGION: gate->is_region = true; break;
	case GATE_KEY_SERVICE: gate->service = value; break;
	case GATE_KEY_SPOOL: rc = set_directory(key, "VCAP_SPOOL", value, why); break;
	case GATE_KEY_SUDO: gate->sudo = true; break;
	case GATE_KEY_WATCH:
		strvec_push(&key->watched, value);
		rc = check_path(value, why);
		break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

/* What of an engine a region has not, and the other way about. */
static int
check_kind(const struct gate_key *key, bool has_directory, struct failure *why)
{
	const struct gate *gate = &key->gate;

	if (!gate->is_region && key->environment.count > 0)
		return failure_set(why, "'--config' and '--spool' go with '--region'");
	if (gate->is_region &&
	    (gate->flows || gate->keys || gate->sudo || key->watched.count > 0 || has_directory))
		return failure_set(why, "'--region' goes without '--flows', '--sudo', '--watch', a "
					"source of keys and a directory: those are engines'");
	return 0;
}

int
gate_key_complete(struct gate_key *key, char *const *operands, struct failure *why)
{
	struct gate *gate = &key->gate;
	const char *directory = *operands ? *operands : ENGINE_DIRECTORY;

	if (check_kind(key, *operands, why) < 0)
		return -1;
	if (gate->service && !gate_is_service(gate->service, gate->sudo || gate->is_region))
		return failure_set(why, "not the %s of a service: '%s'",
				   gate->sudo || gate->is_region ? "name" : "name or absolute path",
				   gate->service);
	if (*operands && operands[1])
		return failure_set(why, "unexpected argument '%s'", operands[1]);
	if (directory[0] != '/' || directory[strlen(directory) - 1] == '/')
		return failure_set(why, "not an absolute path without '/' at its end: '%s'",
				   directory);
	gate->directory = directory;
	/* Without payload they would open nothing. */
	gate->allows_keys &= !gate->headers_only;
	if (key->watched.failed || key->environment.failed)
		return failure_nomem(why);
	gate->watched = strvec_detach(&key->watched);
	return 0;
}

static void
keep(struct gate_key *key, const char *name)
{
	const char *value = getenv(name);

	if (value)
		strvec_pushf(&key->environment, "%s=%s", name, value);
}

int
gate_key_enter(struct gate_key *key, const char *path, struct failure *why)
{
	keep(key, "SSH_CONNECTION");
	if (key->gate.is_region)
		keep(key, "HOME");
	strvec_pushf(&key->environment, "PATH=%s", path);
	if (key->environment.failed || clearenv() != 0)
		return failure_nomem(why);
	for (size_t i = 0; i < key->environment.count; i++)
		putenv(key->environment.list[i]);
	return 0;
}
