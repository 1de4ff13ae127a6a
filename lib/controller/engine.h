/*
 * The engines file, vcap-engines(5): which hosts capture, and how each is reached.
 */
#ifndef VCAP_ENGINE_H
#define VCAP_ENGINE_H

#include "base/audit.h"
#include "base/failure.h"
#include "controller/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum engine_transport { ENGINE_LOCAL, ENGINE_SSH, ENGINE_EXEC };

struct engine {
	char *name;
	enum engine_transport transport;
	char **interfaces; /* NULL-ended; NULL: vcap-run's default */
	char **awaited;    /* NULL-ended: those that may come later; NULL: none */
	char *bin;         /* directory of the vcap commands there; NULL: on its PATH */
	char *directory;   /* of captures there; never NULL */
	char *flows;       /* source of connection pairs (pairsource_spec.h), or NULL */
	char **watched;    /* NULL-ended: files whose lines may be watched there; NULL: none */
	char *keys;        /* source of TLS keys (keysource_spec.h), or NULL */
	bool sudo;         /* commands run there as root, by sudo */
	bool must_log;     /* there is the line `audit required` */
	bool is_region;    /* a controller with engines of its own */
	bool compress;     /* what is fetched from it */
	uint64_t rate;     /* bytes a second to fetch at most; 0: any */
	/* ENGINE_SSH: the destination, then options of ssh. ENGINE_EXEC: the prefix. NULL-ended. */
	char **words;
};

struct engines {
	struct engine *list;
	size_t count;
	enum audit_need audit; /* the line `audit required` */
};

#define ENGINES_INIT     ((struct engines){0})
#define ENGINE_DIRECTORY "/var/lib/vcap/run"

/* Parses the text of an engines file; file is its name in messages ("FILE:LINE: ..."). The caller
 * releases engines. -1: malformed, or out of memory; engines is ENGINES_INIT. */
int engines_parse(struct engines *engines, const char *text, const char *file, struct failure *why);

/* Reads and parses the engines file of the configuration; otherwise as engines_parse. */
int engines_load(struct engines *engines, config_variable *variable, struct failure *why);

/* Whether the engines file has the line `audit required`, whatever else is wrong with the file. One
 * that there is, but cannot be read, may have it: AUDIT_REQUIRED. */
enum audit_need engines_audit_need(config_variable *variable);
/* A number that changes when the engines file does. 0: there is none, or it cannot be found. */
uint64_t engines_stamp(config_variable *variable);

/* Frees all engines; engines is ENGINES_INIT afterwards. */
void engines_release(struct engines *engines);

/* The names in a comma-separated list, each once and each in the engines file: NULL-ended, for
 * strvec_free. NULL with why: one is unknown, the file is malformed, or out of memory. */
char **engines_list(const char *list, config_variable *variable, struct failure *why);

/* The engine of this name, owned by engines. NULL with why: there is none. */
const struct engine *engines_find(const struct engines *engines, const char *name,
				  struct failure *why);

/* Whether name is in a comma-separated list. */
bool engine_is_listed(const char *list, const char *name);

/* "local", "ssh", "exec". */
const char *engine_transport_name(enum engine_transport transport);

/* The directory of the capture id on the engine, DIR/ID.ENGINE; for a region the id itself. Heap;
 * NULL: out of memory. */
char *engine_capture_directory(const struct engine *engine, const char *id);

#endif
