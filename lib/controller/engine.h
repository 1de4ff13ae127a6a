/*
 * The engines file, vcap-engines(5): which hosts capture, and how each is reached.
 */
#ifndef VCAP_ENGINE_H
#define VCAP_ENGINE_H

#include "base/failure.h"
#include "controller/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum engine_transport { ENGINE_LOCAL, ENGINE_SSH, ENGINE_EXEC };

struct engine {
	char *name;
	enum engine_transport transport;
	char **interfaces; /* NULL-terminated; NULL: vcap-run's choice */
	char *bin;         /* where the vcap commands are, or NULL: on the engine's PATH */
	char *directory;   /* where captures lie there; never NULL */
	char *flows;       /* source of connection pairs (pairsource_spec.h), or NULL */
	bool sudo;
	bool is_region; /* a controller with engines of its own */
	bool compress;  /* compress what is fetched */
	uint64_t rate;  /* bytes a second to fetch at most; 0: any */
	/* ENGINE_SSH: the destination, then options of ssh. ENGINE_EXEC: the prefix. NULL-ended. */
	char **words;
};

struct engines {
	struct engine *list;
	size_t count;
};

#define ENGINES_INIT     ((struct engines){0})
#define ENGINE_DIRECTORY "/var/lib/vcap/run"

/* Reads the text of an engines file. file is what messages call it ("FILE:LINE: ..."). -1: engines
 * is as ENGINES_INIT. */
int engines_parse(struct engines *engines, const char *text, const char *file, struct failure *why);

/* Reads the engines file of the configuration. Likewise. */
int engines_load(struct engines *engines, config_variable *variable, struct failure *why);

/* Frees all; engines is then as ENGINES_INIT. */
void engines_release(struct engines *engines);

/* The names of a comma-separated list, each once and each an engine of the engines file:
 * NULL-terminated, for strvec_free. NULL: one is unknown, the file is malformed, or memory ran out.
 */
char **engines_list(const char *list, config_variable *variable, struct failure *why);

/* The engine of that name. NULL, and why quotes the name, if there is none. */
const struct engine *engines_find(const struct engines *engines, const char *name,
				  struct failure *why);

/* Whether name is one of the words of list, which are separated by commas. */
bool engine_is_listed(const char *list, const char *name);

/* "local", "ssh", "exec". */
const char *engine_transport_name(enum engine_transport transport);

/* The directory of the capture id on the engine, DIR/ID.ENGINE; for a region the id itself. Heap;
 * NULL without memory. */
char *engine_capture_directory(const struct engine *engine, const char *id);

#endif
