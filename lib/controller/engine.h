/*
 * The engines file, vcap-engines(5): which hosts serve, how each is reached, and the command that
 * reaches it. An engine moves bytes; what they mean is not known here.
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
	char **interfaces; /* NULL-ended; NULL: whatever vcap-run chooses */
	char *bin;         /* where the vcap commands are, or NULL: on the engine's PATH */
	char *directory;   /* where captures merge_live there; never NULL */
	char *flows;       /* where the pairs of connections are to be had, or NULL */
	bool sudo;
	bool is_region; /* a controller with engines of its own */
	bool packs;     /* what is fetched is compressed on the way */
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
/* Reads the engines file of the configuration. */
int engines_load(struct engines *engines, config_variable *variable, struct failure *why);
void engines_release(struct engines *engines);
/* The names of a comma-separated list, each once and each an engine of the engines file:
 * NULL-ended, for strvec_free. NULL: one is unknown, the file is malformed, or memory ran out. */
char **engines_list(const char *list, config_variable *variable, struct failure *why);

/* NULL, with the name in why, if there is none. */
const struct engine *engines_find(const struct engines *engines, const char *name,
				  struct failure *why);

/* Whether name stands in list, whose words are separated by commas. */
bool engine_is_listed(const char *list, const char *name);

/* "local", "ssh", "exec". */
const char *engine_transport_name(enum engine_transport transport);

/*
 * The argument vector that runs command (NULL-ended, at least one word) on the engine: its
 * arguments arrive there exactly as given, whatever bytes they have. Heap, with its words, for
 * strvec_free. NULL without memory.
 *
 * sshd hands a command line to the user's shell, which therefore has to be a POSIX one: every word
 * is quoted for it.
 */
char **engine_command(const struct engine *engine, char *const *command);

/* Where the capture of this id lives on the engine: DIR/ID.ENGINE. In a region it is the id that it
 * goes by. Heap; NULL without memory. */
char *engine_capture_directory(const struct engine *engine, const char *id);

/*
 * command with its placeholders filled in for a capture on the engine: `{}` anywhere in a word is
 * the engine's name, `{dir}` the capture's directory there. A word that is `{interfaces}` becomes
 * `-i NAME` for each of the engine's; `{flows}` and `{table}` become `--flows SOURCE` and `-t
 * /dev/fd/3` if it has a source of pairs, for vcap-run and the vcap-join that this runs. A word
 * `{region}` ends the command; what follows it is the one for a region. Heap, for strvec_free; NULL
 * without memory.
 */
char **engine_expand(const struct engine *engine, const char *id, char *const *command);

#endif
