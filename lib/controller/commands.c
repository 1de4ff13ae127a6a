/*
 * All engines of a capture run the same command, but differ in name, directory, interfaces and
 * kind. So the command is a template that is expanded just before it runs; vcap-each takes such
 * templates as well, so users can try what a step does. Options with values that users choose are
 * one word with the value (-c9, --bytecode=...), which leaves the gate one word to check.
 */
#include "controller/commands.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options of vcap-on. */
#define FRAMED             "--answer=skip"
#define TOLD               "--answer=tell"

#define REGION_PATIENCE_NS (30 * NS_PER_SECOND)

char **
commands_filter(const struct params *params)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-filter", "-ddd", "-m", NULL);
	strvec_push(&argv, params->monitors);
	strvec_push(&argv, "-S");
	strvec_push(&argv, params->word);
	if (params->is_verbose)
		strvec_push(&argv, "-v");
	if (params->expression && !params->joins)
		strvec_pushl(&argv, "-e", params->expression, NULL);
	/* A widened filter is harmless, since vcap-join drops the rest; a widened exclusion would
	 * lose packets, so then the filter accepts everything. */
	if (params->widens && params->invert)
		return strvec_detach(&argv);
	if (params->widens)
		strvec_push(&argv, "--widen");
	if (params->per_packet)
		strvec_push(&argv, "-P");
	if (params->invert)
		strvec_push(&argv, "-x");
	if (params->list) {
		strvec_push(&argv, "--specs");
		strvec_push(&argv, params->list);
	}
	strvec_push(&argv, "--");
	strvec_pushv(&argv, params->specs);
	return strvec_detach(&argv);
}

char **
commands_expression(const struct params *params)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-filter", "-ddd", "-e", NULL);
	strvec_push(&argv, params->expression);
	return strvec_detach(&argv);
}

/* vcap-join as the command that packets pass through; service and specs are the paths of these
 * parts of the job. */
static void
add_join(const struct params *params, const char *service, const char *specs, struct strvec *argv)
{
	if (!params->joins)
		return;
	strvec_pushl(argv, "--", "vcap-join", "-S", service, "-m", params->monitors, NULL);
	strvec_push(argv, params->per_packet ? "-P" : "{table}");
	if (params->invert)
		strvec_push(argv, "-x");
	if (params->header)
		strvec_pushf(argv, "--header=%s", params->header);
	if (params->bytecode)
		strvec_pushf(argv, "--bytecode=%s", params->bytecode);
	if (params->specs[0] || params->list)
		strvec_pushl(argv, "--specs", specs, NULL);
}

static void
add_limits(const struct params *params, struct strvec *argv)
{
	if (params->count)
		strvec_pushf(argv, "-c%" PRIu64, params->count);
	if (params->duration_ns)
		strvec_pushf(argv, "-t" CLOCK_FORMAT "s", CLOCK_ARGS(params->duration_ns));
	if (params->cuts)
		strvec_push(argv, "-sheaders");
	if (params->snaplen)
		strvec_pushf(argv, "-s%" PRIu64, params->snaplen);
	if (params->buffer)
		strvec_pushf(argv, "-b%" PRIu64, params->buffer);
}

/* The engine, and vcap-run with the limits of params; how: the options for where it writes and how it lives. */
static void
add_run(const struct params *params, char *const *how, struct strvec *argv)
{
	strvec_pushl(argv, "{}", "vcap-run", "-n", "{}", "-f", "-", NULL);
	strvec_pushv(argv, how);
	add_limits(params, argv);
	if (params->rolling_ns)
		strvec_pushf(argv, "--rolling=" CLOCK_FORMAT "s",
			     CLOCK_ARGS(params->rolling_ns + PARAMS_ROLLING_MARGIN_NS));
	if (params->rolling_ns)
		strvec_push(argv, "{triggers}");
	strvec_push(argv, "{interfaces}");
	if (params->joins && !params->per_packet)
		strvec_push(argv, "{flows}");
}

/* The equivalent for a region, whose own vcap-start or vcap-live makes these decisions; how: options of that
 * alone. */
static void
add_region(const struct params *params, char *const *how, struct strvec *argv)
{
	strvec_pushv(argv, how);
	strvec_pushl(argv, "--by={by}", "-m", params->monitors, NULL);
	if (params->per_packet)
		strvec_push(argv, "-P");
	if (params->invert)
		strvec_push(argv, "-x");
	if (params->expression)
		strvec_pushf(argv, "--expression=%s", params->expression);
	add_limits(params, argv);
	strvec_push(argv, params->service);
}

static void
add_region_start(const struct params *params, struct strvec *argv)
{
	char patience[40];

	/* What comes later there is not asked for again. */
	snprintf(
	    patience, sizeof(patience), "--patience=%" PRId64 "ms",
	    (params->patience_ns < REGION_PATIENCE_NS ? params->patience_ns : REGION_PATIENCE_NS) /
		1000000);
	strvec_pushl(argv, "{region}", "vcap-on", "{answer}", "{}", "vcap-region", "start", "{dir}",
		     NULL);
	strvec_pushl(argv, "--token={token}", patience, NULL);
	if (params->keys)
		strvec_push(argv, "--keys");
	if (params->drops)
		strvec_push(argv, "{drops}");
	add_region(params, (char *const[]){NULL}, argv);
}

char **
commands_start(const struct params *params)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-on", "{answer}", NULL);
	add_run(params,
		(char *const[]){"--token={token}", "--by={by}", "--audit={audit}", "--detach", "-w",
				"{dir}", NULL},
		&argv);
	if (!params->joins || params->per_packet)
		strvec_push(&argv, "{keep}");
	if (params->keys)
		strvec_push(&argv, "{keys}");
	if (params->drops)
		strvec_push(&argv, "{drops}");
	add_join(params, "./service", "specs", &argv);
	add_region_start(params, &argv);
	return strvec_detach(&argv);
}

char **
commands_stream(const struct params *params, int64_t lease_ns)
{
	struct strvec argv = STRVEC_INIT;
	char lease[40];

	snprintf(lease, sizeof(lease), "--lease=%" PRId64 "ms", lease_ns / 1000000);
	strvec_pushl(&argv, "vcap-on", FRAMED, NULL);
	add_run(params, (char *const[]){"--audit={audit}", lease, "-w", "-", NULL}, &argv);
	add_join(params, "/dev/fd/4", "/dev/fd/5", &argv);
	strvec_pushl(&argv, "{region}", "vcap-on", FRAMED, "{}", "vcap-region", "live", NULL);
	add_region(params, (char *const[]){lease, NULL}, &argv);
	return strvec_detach(&argv);
}

/* A word with its placeholders filled in. Heap; NULL: out of memory. */
static char *
expand_word(const char *word, const char *name, const char *directory)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	while (out && *word) {
		if (strncmp(word, "{}", 2) == 0) {
			fputs(name, out);
			word += 2;
		} else if (strncmp(word, "{dir}", 5) == 0) {
			fputs(directory, out);
			word += 5;
		} else {
			putc(*word++, out);
		}
	}
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* What of a snapshot a placeholder stands for, a word of its own; NULL: it is another. */
static const char *
word_of_snapshot(const struct commands_told *told, const char *word)
{
	const char *ring = told->ring_token;

	if (strcmp(word, "{from}") == 0)
		return *told->from ? told->from : "-";
	if (strcmp(word, "{to}") == 0)
		return *told->to ? told->to : "-";
	if (strcmp(word, "{ring-token}") == 0)
		return ring ? ring : "-";
	return NULL;
}

/* Appends the words that a placeholder stands for; false: word is not such a placeholder. */
static bool
expand_list(const struct engine *engine, const struct commands_told *told, const char *word,
	    struct strvec *words)
{
	const struct {
		const char *word, *value;
	} options[] = {{"--token={token}", told->token},
		       {"--by={by}", told->by},
		       {"--audit={audit}", told->audit}};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strcmp(word, options[i].word) == 0) {
			if (options[i].value)
				strvec_pushf(words, "%.*s%s", (int)strcspn(word, "{"), word,
					     options[i].value);
			return true;
		}
	if (strcmp(word, "{interfaces}") == 0) {
		for (char **name = engine->interfaces; name && *name; name++) {
			strvec_push(words, "-i");
			strvec_push(words, *name);
		}
		for (char **name = engine->awaited; name && *name; name++)
			strvec_pushf(words, "--wait=%s", *name);
	} else if (strcmp(word, "{token}") == 0) {
		if (told->token)
			strvec_push(words, told->token);
	} else if (strcmp(word, "{answer}") == 0) {
		if (told->token)
			strvec_push(words, FRAMED);
	} else if (strcmp(word, "{flows}") == 0 || strcmp(word, "{keep}") == 0) {
		if (engine->flows && (word[1] == 'f' || told->token))
			strvec_pushl(words, "--flows", engine->flows, NULL);
	} else if (strcmp(word, "{keys}") == 0) {
		if (engine->keys)
			strvec_pushl(words, "--keys", engine->keys, NULL);
	} else if (strcmp(word, "{drops}") == 0) {
		if (told->drops)
			strvec_push(words, told->drops);
	} else if (strcmp(word, "{table}") == 0) {
		if (engine->flows)
			strvec_pushl(words, "-t", "/dev/fd/3", NULL);
	} else if (strcmp(word, "{triggers}") == 0) {
		for (size_t i = 0; told->triggers && i < told->triggers->count; i++)
			if (strcmp(told->triggers->pairs[i].key, "trigger") == 0)
				strvec_pushf(words, "--on=%s", told->triggers->pairs[i].value);
	} else if (strcmp(word, "{ring}") == 0) {
		strvec_push_nodup(words,
				  engine_capture_directory(engine, told->ring ? told->ring : ""));
	} else if (word_of_snapshot(told, word)) {
		strvec_push(words, word_of_snapshot(told, word));
	} else {
		return false;
	}
	return true;
}

static bool
is_end(const char *word)
{
	return strcmp(word, "{region}") == 0;
}

/* The part of a template for this kind of engine; all of it if it has no {region}. */
static char *const *
part_for(const struct engine *engine, char *const *command)
{
	char *const *word = command;

	while (*word && !is_end(*word))
		word++;
	return *word && engine->is_region ? word + 1 : command;
}

char **
commands_expand(const struct engine *engine, const char *id, struct commands_told told,
		char *const *template)
{
	char *directory = engine_capture_directory(engine, id);
	struct strvec words = {.failed = !directory};

	for (char *const *command = part_for(engine, template);
	     *command && !is_end(*command) && !words.failed; command++)
		if (!expand_list(engine, &told, *command, &words))
			strvec_push_nodup(&words, expand_word(*command, engine->name, directory));
	free(directory);
	return strvec_detach(&words);
}

#define ON_EACH(verb)                                                                           \
	{                                                                                       \
		"vcap-on", "{answer}", "{}", "vcap-host", verb, "{dir}", "{token}", "{region}", \
		    "vcap-on", "{answer}", "{}", "vcap-region", verb, "{dir}", "{token}", NULL  \
	}

static const char *const verbs[] = {
    [COMMANDS_STATUS] = "status", [COMMANDS_STOP] = "stop", [COMMANDS_REMOVE] = "remove",
    [COMMANDS_PAIRS] = "pairs",   [COMMANDS_KEYS] = "keys", [COMMANDS_SNAPSHOT] = "snapshot"};

char *const *
commands_each(enum commands_request request)
{
	static char *const templates[][16] = {
	    [COMMANDS_STATUS] = ON_EACH("status"),
	    [COMMANDS_STOP] = ON_EACH("stop"),
	    [COMMANDS_REMOVE] = ON_EACH("remove"),
	    [COMMANDS_PAIRS] = ON_EACH("pairs"),
	    [COMMANDS_KEYS] = ON_EACH("keys"),
	    [COMMANDS_SNAPSHOT] = {"vcap-on", "{answer}", "{}", "vcap-host", "snapshot", "{ring}",
				   "{dir}", "{from}", "{to}", "{ring-token}", "{token}", NULL}};

	return templates[request];
}

static void
add_engine(const char *engine, const char *token, struct strvec *argv)
{
	strvec_push(argv, "vcap-on");
	if (token)
		strvec_push(argv, FRAMED);
	strvec_push(argv, engine);
}

char **
commands_ask(const char *engine, bool is_region, enum commands_request request,
	     const char *directory, const char *token)
{
	struct strvec argv = STRVEC_INIT;

	add_engine(engine, token, &argv);
	strvec_pushl(&argv, is_region ? "vcap-region" : "vcap-host", verbs[request], directory,
		     token, NULL);
	return strvec_detach(&argv);
}

char **
commands_follow(bool is_region, const char *directory, const char *token)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, is_region ? "vcap-region" : "vcap-host", "follow", directory, token,
		     NULL);
	return strvec_detach(&argv);
}

char **
commands_fetch(const char *engine, bool is_region, bool compressed, const char *directory,
	       const struct commands_told *told)
{
	struct strvec argv = STRVEC_INIT;

	add_engine(engine, told->token, &argv);
	if (is_region)
		strvec_pushl(&argv, "vcap-region", "fetch", NULL);
	else
		strvec_pushl(&argv, "vcap-merge", "-w", "-", NULL);
	if (compressed)
		strvec_push(&argv, "-z");
	if (*told->from)
		strvec_pushf(&argv, "--since=%s", told->from);
	if (*told->to)
		strvec_pushf(&argv, "--until=%s", told->to);
	if (is_region)
		strvec_push(&argv, directory);
	else
		strvec_pushf(&argv, "%s=%s", engine, directory);
	return strvec_detach(&argv);
}

char **
commands_check(const struct engine *engine, const struct strvec *addresses)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-on", TOLD, engine->name,
		     engine->is_region ? "vcap-region" : "vcap-host", "check", NULL);
	if (engine->is_region)
		return strvec_detach(&argv);
	for (char **name = engine->interfaces; name && *name; name++)
		strvec_pushl(&argv, "-i", *name, NULL);
	strvec_push(&argv, engine->directory);
	if (addresses->list)
		strvec_pushv(&argv, addresses->list);
	return strvec_detach(&argv);
}

/* A request about the engine's interfaces. */
static char **
ask_interfaces(const struct engine *engine, const char *request)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-on", FRAMED, engine->name, "vcap-host", request, NULL);
	if (engine->interfaces)
		strvec_pushv(&argv, engine->interfaces);
	return strvec_detach(&argv);
}

char **
commands_trial(const struct engine *engine)
{
	return ask_interfaces(engine, "trial");
}

char **
commands_mounts(const struct engine *engine)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-on", engine->name, "cat", "/proc/self/mounts", NULL);
	return strvec_detach(&argv);
}

char **
commands_losses(const struct engine *engine)
{
	return ask_interfaces(engine, "losses");
}

char **
commands_list(const struct engine *engine)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-on", FRAMED, engine->name, "vcap-host", "list", engine->directory,
		     NULL);
	return strvec_detach(&argv);
}

char **
commands_clock(const char *engine)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-on", FRAMED, engine, "vcap-host", "clock", NULL);
	return strvec_detach(&argv);
}
