/*
 * The reasons are in the words of others: shells, sudo(8), ssh(1) and the kernel, as far as they are
 * known; in those of another language there is no remedy.
 */
#include "controller/remedy.h"

#include "base/strvec.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What shells and the C library say of a program for another architecture. */
#define WRONG_FORMAT "xec format error"

static bool
has(const char *reason, const char *words)
{
	return strstr(reason, words) != NULL;
}

/* A shell, env, docker or vcap-on has no such command. */
static bool
is_not_found(const char *reason)
{
	return has(reason, "not found") || has(reason, "No such file or directory") ||
	       has(reason, "no such file or directory");
}

static bool
is_of_sudo(const char *reason)
{
	return has(reason, "sudo: ") || has(reason, "may not run sudo") ||
	       has(reason, "is not in the sudoers file");
}

/* Of a command of vcap's, rather than a host. */
static bool
lacks_program(const char *reason)
{
	static const char own[] = "vcap-on: ";
	const char *said = strstr(reason, own);

	/* vcap-on may lack the transport's own program. */
	said = said ? said + sizeof(own) - 1 : reason;
	return is_not_found(said) && has(said, "vcap-") && !has(said, "(NotFound)");
}

enum remedy_reach
remedy_reach(const char *reason)
{
	if (has(reason, "host key") && (has(reason, "has changed") || has(reason, "revoked")))
		return REMEDY_KEY_CHANGED;
	if (has(reason, "host key") && has(reason, "not known"))
		return REMEDY_KEY_UNKNOWN;
	if (lacks_program(reason) || is_of_sudo(reason) || has(reason, "ermission denied") ||
	    has(reason, WRONG_FORMAT) || has(reason, "not allowed") || has(reason, "vcap-gate: "))
		return REMEDY_REFUSED;
	return REMEDY_UNREACHABLE;
}

/* The user there, if the destination of ssh names one. */
static int
user_length(const struct engine *engine)
{
	const char *at = engine->transport == ENGINE_SSH ? strchr(engine->words[0], '@') : NULL;

	return at ? (int)(at - engine->words[0]) : 0;
}

static char *
remedy_of_ssh(const struct engine *engine, const char *reason)
{
	struct strvec words = STRVEC_INIT;
	char *destination, *text = NULL;
	int rc = 0;

	strvec_pushv(&words, engine->words);
	destination = strvec_join(&words, " ");
	strvec_release(&words);
	if (destination && remedy_reach(reason) == REMEDY_KEY_UNKNOWN)
		rc = asprintf(&text,
			      "'ssh %s' once to accept its key, after its fingerprint is compared",
			      destination);
	else if (destination && has(reason, "Permission denied ("))
		rc = asprintf(&text, "'ssh-copy-id %s' puts a key there", destination);
	free(destination);
	return rc < 0 ? NULL : text;
}

/* Heap; NULL: there is none, or out of memory. */
static char *
remedy_of(const struct engine *engine, const char *reason)
{
	const int user = user_length(engine);
	char *text = NULL;
	int rc = 0;

	if (lacks_program(reason) && engine->bin)
		rc = asprintf(&text, "'vcap push %s' copies vcap there", engine->name);
	else if (lacks_program(reason))
		rc = asprintf(&text,
			      "install vcap there, or set bin= of '%s' in the engines file and run "
			      "'vcap push %s'",
			      engine->name, engine->name);
	else if (has(reason, WRONG_FORMAT) && engine->bin)
		rc = asprintf(&text, "'vcap push %s' brings programs for its architecture",
			      engine->name);
	else if (has(reason, "sudo: ") || has(reason, "sudoers"))
		rc = asprintf(&text, "'as=sudo' needs a rule with NOPASSWD there: see vcap-run(1)");
	else if (has(reason, "may not run vcap-run"))
		rc = asprintf(&text, "as root there: 'adduser %.*s vcap'", user ? user : 4,
			      user ? engine->words[0] : "USER");
	else if (has(reason, engine->directory) && has(reason, "ermission denied"))
		rc = asprintf(&text,
			      "set dir= of '%s' in the engines file to a directory of its user's",
			      engine->name);
	else if (engine->transport == ENGINE_SSH)
		return remedy_of_ssh(engine, reason);
	return rc < 0 ? NULL : text;
}

char *
remedy_add(const struct engine *engine, const char *reason)
{
	char *remedy = engine ? remedy_of(engine, reason) : NULL, *text;
	/* What reason.h says for want of the destination gives way. */
	const char *general = remedy ? strstr(reason, " (compare its fingerprint") : NULL;
	const int length = (int)(general ? general - reason : (long)strlen(reason));

	if (!remedy)
		return strdup(reason);
	if (asprintf(&text, "%.*s (%s)", length, reason, remedy) < 0)
		text = NULL;
	free(remedy);
	return text;
}
