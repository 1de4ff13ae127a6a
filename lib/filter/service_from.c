#include "filter/service_from.h"

#include "base/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What vcap-import(1) takes. `auto` is none: what else begins to run on an engine is another service. */
static const char *const kinds[] = {"envoy", "haproxy",    "iptables", "ipvs",
				    "k8s",   "keepalived", "nft",      "nginx"};

#define NAME_MAX_BYTES 256

void
service_from_release(struct service_from *from)
{
	free(from->kind);
	free(from->engine);
	free(from->name);
	free(from->file);
	*from = SERVICE_FROM_INIT;
}

static bool
is_kind(const char *word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i], word) == 0)
			return true;
	return false;
}

/* A name in another program's configuration, which no command takes for an option. */
static bool
is_service_name(const char *word)
{
	const size_t length = strlen(word);

	for (const char *s = word; *s; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	return length > 0 && length <= NAME_MAX_BYTES && *word != '-';
}

static int
check(const char *engine, const char *name, const char *file, struct failure *why)
{
	if (engine && !parse_is_name(engine))
		return failure_set(why, "not a name for an engine: '%s'", engine);
	if (!is_service_name(name))
		return failure_set(why, "not the name of a service: '%s'", name);
	if (file && *file != '/')
		return failure_set(why, "not an absolute path: '%s'", file);
	return 0;
}

int
service_from_parse(struct service_from *from, char *const *words, size_t count, struct failure *why)
{
	const bool is_here = count == 2 && strcmp(words[0], "k8s") == 0;
	const char *engine = is_here || count < 3 ? NULL : words[1];
	const char *name = is_here ? words[1] : count < 3 ? NULL : words[2];
	const char *file = count == 4 ? words[3] : NULL;
	struct service_from copy;

	if (count > 0 && !is_kind(words[0]))
		return failure_set(why, "nothing that a service comes from: '%s'", words[0]);
	if (!name)
		return failure_set(why, "'from' needs a kind, an engine and a service there");
	if (count > 4)
		return failure_set(why, "unexpected word: '%s'", words[4]);
	if (check(engine, name, file, why) < 0)
		return -1;
	copy = (struct service_from){strdup(words[0]), engine ? strdup(engine) : NULL, strdup(name),
				     file ? strdup(file) : NULL};
	if (!copy.kind || !copy.name || (engine && !copy.engine) || (file && !copy.file)) {
		service_from_release(&copy);
		return failure_nomem(why);
	}
	*from = copy;
	return 0;
}
