/*
 * vcap-check: before a capture, whether the engines could do it: reached or not, version,
 * privilege, interfaces, whose the VIPs are, room on the disk, clock. Nothing is changed anywhere.
 */
#include "addrset.h"
#include "checkup.h"
#include "child.h"
#include "cli.h"
#include "config.h"
#include "service.h"
#include "table.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS 32

static const struct command self = {
    .name = "vcap-check",
    .synopsis = "[-j | -r] [service | engine ...]",
    .options = "  -j, --json     print JSON\n"
	       "  -r, --raw      print a line an engine, columns separated by tabs\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
};

static const struct table_column human_columns[] = {
    {"ENGINE"},
    {"STATE"},
    {"VERSION"},
    {"INTERFACES"},
    {"VIP"},
    {"FREE", TABLE_NUMBER},
    {"CLOCK", TABLE_NUMBER},
    {"NOTE"},
};
static const struct table_column script_columns[] = {
    {"ENGINE"}, {"STATE"}, {"VERSION"},   {"CAP_NET_RAW"},        {"INTERFACES"},
    {"XDP"},    {"LOCAL"}, {"ELSEWHERE"}, {"FREE", TABLE_NUMBER}, {"RESERVE", TABLE_NUMBER},
    {"CLOCK"},  {"ERROR"}, {"NOTE"},
};
enum { HUMAN_WIDTH = 8, SCRIPT_WIDTH = 13 };

/* The engines to look at, in the order they were asked for. */
struct round {
	struct checkup *list;
	size_t count;
};

static struct checkup *
add_engine(struct round *round, const struct engine *engine)
{
	for (size_t i = 0; i < round->count; i++)
		if (round->list[i].engine == engine)
			return &round->list[i];
	round->list = xrealloc(round->list, (round->count + 1) * sizeof(*round->list));
	round->list[round->count] = CHECKUP_INIT;
	round->list[round->count].engine = engine;
	return &round->list[round->count++];
}

/* All engines of the service, each with the service's VIPs. */
static void
add_service(struct round *round, const struct service *service, const struct engines *known)
{
	for (size_t i = 0; i < service->engine_count; i++) {
		struct failure why = FAILURE_INIT;
		const struct engine *engine = engines_find(known, service->engines[i], &why);
		struct checkup *checkup;

		if (!engine)
			die_usage("service '%s': %s", service->name, why.text);
		checkup = add_engine(round, engine);
		for (size_t k = 0; k < service->vip_count; k++) {
			const struct endpoint *vip = &service->vips[k];
			char text[ADDR_TEXT];

			addr_format((struct addr){vip->family, vip->addresses.first}, text,
				    sizeof(text));
			if (!words_has(&checkup->addresses, text))
				words_add(&checkup->addresses, text);
		}
		if (checkup->addresses.failed)
			die("out of memory");
	}
	if (service->engine_count == 0)
		die_usage("service '%s' has no engine", service->name);
}

static void
add_word(struct round *round, const char *word, const struct engines *known)
{
	const struct engine *engine = engines_find(known, word, NULL);
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;

	if (config_service_load(&service, word, getenv, &why) == 0) {
		add_service(round, &service, known);
		service_release(&service);
	} else if (engine) {
		add_engine(round, engine);
	} else {
		die_usage("%s", why.text);
	}
}

static struct round
choose(char **words, const struct engines *known)
{
	struct round round = {0};

	for (char **word = words; *word; word++)
		add_word(&round, *word, known);
	for (size_t i = 0; !*words && i < known->count; i++)
		add_engine(&round, &known->list[i]);
	if (round.count == 0)
		die("there is no engine");
	return round;
}

/* What there is to say of an engine: why it cannot capture, and what may surprise. */
static char *
note_of(const struct checkup *checkup, const char *xdp)
{
	const char *version = keyval_get(&checkup->said, "version");
	struct words remarks = WORDS_INIT;
	char *text;

	if (checkup->trouble.text[0])
		words_add(&remarks, checkup->trouble.text);
	if (version && strcmp(version, VCAP_VERSION) != 0)
		words_addf(&remarks, "version %s, but %s here", version, VCAP_VERSION);
	if (*xdp)
		words_addf(&remarks, "an XDP program may hide packets of %s", xdp);
	if (checkup->is_reached && !checkup->has_clock)
		words_add(&remarks, "does not tell its time");
	text = words_join(&remarks, "; ");
	words_free(words_finish(&remarks));
	if (!text)
		die("out of memory");
	return text;
}

static const char *
state_of(const struct checkup *checkup)
{
	return !checkup->is_reached ? "unreachable" : checkup->is_ready ? "ready" : "not-ready";
}

/* "local", "elsewhere", or how many are local. */
static char *
vip_text(const struct checkup *checkup)
{
	const size_t all = checkup->addresses.count;
	size_t local = 0;

	if (!checkup->is_reached || all == 0)
		return xstrdup("");
	for (size_t i = 0; i < checkup->said.count; i++)
		local += strcmp(checkup->said.pairs[i].key, "local") == 0;
	if (local > 0 && local < all)
		return xasprintf("%zu of %zu local", local, all);
	return xstrdup(local ? "local" : "elsewhere");
}

static void
add_human(struct table *table, const struct checkup *checkup, const char *interfaces,
	  const char *note)
{
	char free_text[TEXT_SIZE] = "";
	char *vip = vip_text(checkup);
	char *clock = checkup->has_clock
			  ? xasprintf("%+.3fms", (double)checkup->skew.offset_ns / 1e6)
			  : xstrdup("");
	struct failure why = FAILURE_INIT;

	if (keyval_get(&checkup->said, "free"))
		text_size(keyval_number(&checkup->said, "free", 0), free_text);
	if (table_add(table,
		      (const char *const[]){checkup->engine->name, state_of(checkup),
					    keyval_get(&checkup->said, "version"), interfaces, vip,
					    free_text, clock, note},
		      &why) < 0)
		die("%s", why.text);
	free(vip);
	free(clock);
}

static void
add_script(struct table *table, const struct checkup *checkup, const char *interfaces,
	   const char *xdp, const char *note)
{
	char *local = checkup_values(checkup, "local"),
	     *absent = checkup_values(checkup, "elsewhere");
	char clock[SKEW_TEXT] = "", *error = clock;
	struct failure why = FAILURE_INIT;

	if (checkup->has_clock) {
		skew_print(&checkup->skew, clock);
		error = strchr(clock, ' ');
		*error++ = '\0';
	}
	if (!local || !absent ||
	    table_add(table,
		      (const char *const[]){checkup->engine->name, state_of(checkup),
					    keyval_get(&checkup->said, "version"),
					    keyval_get(&checkup->said, "cap_net_raw"), interfaces,
					    xdp, local, absent, keyval_get(&checkup->said, "free"),
					    keyval_get(&checkup->said, "reserve"), clock, error,
					    note},
		      &why) < 0)
		die("%s", local && absent ? why.text : "out of memory");
	free(local);
	free(absent);
}

/* Prints them all, and returns how many are ready. */
static size_t
print(const struct round *round, enum table_form form)
{
	const bool is_human = form == TABLE_HUMAN;
	struct table *table = table_new("engines", is_human ? human_columns : script_columns,
					is_human ? HUMAN_WIDTH : SCRIPT_WIDTH);
	struct failure why = FAILURE_INIT;
	size_t ready = 0;

	if (!table)
		die("out of memory");
	for (size_t i = 0; i < round->count; i++) {
		const struct checkup *checkup = &round->list[i];
		char *interfaces = checkup_values(checkup, "interfaces");
		char *xdp = checkup_values(checkup, "xdp"), *note;

		if (!interfaces || !xdp)
			die("out of memory");
		note = note_of(checkup, xdp);
		if (is_human)
			add_human(table, checkup, interfaces, note);
		else
			add_script(table, checkup, interfaces, xdp, note);
		ready += checkup->is_ready;
		free(interfaces);
		free(xdp);
		free(note);
	}
	if (table_print(table, form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	return ready;
}

int
main(int argc, char **argv)
{
	struct engines known = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	enum table_form form;
	struct round round;
	size_t ready;

	cli_start(&self);
	form = cli_form(argc, argv);
	if (engines_load(&known, getenv, &why) < 0)
		die_usage("%s", why.text);
	round = choose(argv + optind, &known);
	if (child_siblings_first() < 0)
		die("out of memory");
	if (checkups_run(round.list, round.count, JOBS, &why) < 0)
		die("%s", why.text);
	ready = print(&round, form);
	return cli_finish(ready == round.count ? EXIT_DONE : ready ? EXIT_PARTIAL : EXIT_FAILED);
}
