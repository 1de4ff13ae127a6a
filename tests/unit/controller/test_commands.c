#include "base/clock.h"
#include "base/strvec.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/framed.h"
#include "controller/gate.h"
#include "controller/transport.h"
#include "tap.h"

#include <stdlib.h>

static char *const no_specs[] = {NULL}, *const some_specs[] = {"10.0.0.1", "-", "-x", NULL};

/* The words of argv with '|' between them, in a buffer of this function's. */
static const char *
joined(char **argv)
{
	static char text[2048];

	*text = '\0';
	for (char **word = argv; *word; word++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 word == argv ? "" : "|", *word);
	strvec_free(argv);
	return text;
}

static void
params_become_commands(void)
{
	const struct spool_entry entry = {.id = "ID"};
	struct params params = {
	    .word = "./shop", .service = "shop", .monitors = "none", .specs = no_specs};
	char **template = commands_start(&params);

	is_str(joined(commands_filter(&params)), "vcap-filter|-ddd|-m|none|-S|./shop|--",
	       "a filter");
	is_str(joined(each_command(&entry, NULL, (struct each_options){"60s", "JOB"}, template)),
	       "vcap-each|-t|60s|-i|JOB|ID|vcap-on|{answer}|{}|vcap-run|-n|{}|-f|-|--token={token}|"
	       "--by={by}|--audit={audit}|--detach|"
	       "-w|{dir}|"
	       "{interfaces}|{keep}|{region}|vcap-on|{answer}|{}|vcap-region|start|{dir}|--token={"
	       "token}|"
	       "--by={by}|-m|none|--"
	       "patience=0ms|"
	       "shop",
	       "no limit, no option");
	strvec_free(template);
	params.specs = some_specs;
	params.input = "192.0.2.1 192.0.2.2 # two\n\n# none\n  192.0.2.3\n";
	params.per_packet = params.invert = true;
	params.count = 7;
	params.duration_ns = 1500000000;
	params.snaplen = 96;
	is_str(joined(commands_filter(&params)),
	       "vcap-filter|-ddd|-m|none|-S|./shop|-P|-x|--|10.0.0.1|-|-x",
	       "a spec cannot be taken for an option");
	is_str(
	    strstr(joined(commands_start(&params)), "-c"),
	    "-c7|-t1.500000000s|-s96|{interfaces}|{keep}|{region}|vcap-on|{answer}|{}|vcap-region|"
	    "start|{dir}|"
	    "--token={token}|--by={by}|-m|none|-P|-x|--patience=0ms|-c7|-t1.500000000s|-s96|shop",
	    "limits");
}

static void
placeholders(void)
{
	char *const command[] = {"vcap-run", "-w", "{dir}", "{interfaces}", "-n", "{}x", NULL};
	char *const pairs[] = {"vcap-run", "{flows}", "--", "vcap-join", "{table}", NULL};
	char *const told[] = {"--token={token}", "--by={by}", "--audit={audit}", NULL};
	char *const either[] = {"stop", "{dir}", "{token}", "{answer}", "{region}",
				"{}",   "end",   "{dir}",   NULL};
	const struct commands_told token = {.token = "f00d"}, nothing = {0};
	struct engines engines;
	struct failure why = FAILURE_INIT;

	engines_parse(&engines,
		      "a local\nb flows=log:/l bin=/b as=sudo exec run in\nc dir=/d "
		      "iface=e0,e1 wait=w0 local\nr region exec run",
		      "f", &why);
	is_str(joined(commands_expand(&engines.list[2], "s.1", token, command)),
	       "vcap-run|-w|/d/s.1.c|-i|e0|-i|e1|--wait=w0|-n|cx", "placeholders");
	is_str(joined(commands_expand(&engines.list[0], "s.1", token, command)),
	       "vcap-run|-w|/var/lib/vcap/run/s.1.a|-n|ax", "no interfaces, no option");
	is_str(joined(commands_expand(&engines.list[1], "s.1", token, pairs)),
	       "vcap-run|--flows|log:/l|--|vcap-join|-t|/dev/fd/3", "a source of pairs");
	is_str(joined(commands_expand(&engines.list[2], "s.1", nothing, either)), "stop|/d/s.1.c",
	       "a capture without a token");
	is_str(joined(commands_expand(&engines.list[0], "s.1", token, pairs)),
	       "vcap-run|--|vcap-join", "no source, no option");
	is_str(joined(commands_expand(&engines.list[2], "s.1", token, either)),
	       "stop|/d/s.1.c|f00d|--answer=skip", "an engine's part of a command");
	is_str(joined(commands_expand(&engines.list[3], "s.1", token, either)), "r|end|s.1",
	       "a region's part of a command, with the capture's id");
	is_str(joined(commands_expand(&engines.list[3], "s.1", token, either + 5)), "r|end|s.1",
	       "the whole template, without {region}");
	is_str(joined(commands_expand(&engines.list[0], "s.1",
				      (struct commands_told){"f00d", "root:0,ssh:::1", "required"},
				      told)),
	       "--token=f00d|--by=root:0,ssh:::1|--audit=required", "what it is told");
	is_str(joined(commands_expand(
		   &engines.list[2], "s.1",
		   (struct commands_told){.token = "f00d", .ring = "s.0", .from = "5.5", .to = "7"},
		   commands_each(COMMANDS_SNAPSHOT))),
	       "vcap-on|--answer=skip|c|vcap-host|snapshot|/d/s.0.c|/d/s.1.c|5.5|7|-|f00d",
	       "a snapshot");
	is_str(joined(commands_expand(&engines.list[0], "s.1", token, told)), "--token=f00d",
	       "and not");
	engines_release(&engines);
}

/* What the checks of one command come to. */
struct tally {
	size_t commands, refused, altered, passed;
};

static bool
is_admitted(const struct gate *gate, char *const *words)
{
	struct failure why = FAILURE_INIT;

	return gate_admit(gate, words, &why) != NULL;
}

/* Replaces each word, and puts something before each, that the controller never sends there. */
static void
alter(const struct gate *gate, char *const *words, size_t count, struct tally *tally)
{
	static char *const bad[] = {"/etc/shadow", "../x", "$(cat /x)", "--bad", "", "-w", "a; b"};

	for (size_t at = 0; at <= count; at++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
			for (int adds = 0; adds < 2; adds++) {
				char *copy[64];

				if ((!adds && at == count) ||
				    (!adds && strcmp(words[at], bad[i]) == 0))
					continue;
				memcpy(copy, words, at * sizeof(*words));
				copy[at] = bad[i];
				memcpy(copy + at + 1, words + at + !adds,
				       (count - at + adds) * sizeof(*words));
				tally->altered++;
				if (!is_admitted(gate, copy))
					continue;
				tally->passed++;
				printf("# admitted with '%s' at %zu: %s...\n", bad[i], at, *words);
			}
		}
	}
}

/* Whether the gate admits what arrives on the engine when the command is sent, and nothing else in
 * its place. */
static void
check_there(const struct engine *engine, char *const *command, struct tally *tally)
{
	const struct gate gate = {.directory = engine->directory,
				  .flows = engine->flows,
				  .watched = engine->watched,
				  .sudo = engine->sudo};
	char **words = transport_command(engine, command);
	size_t count = 0;

	while (words[count])
		count++;
	tally->commands++;
	if (is_admitted(&gate, words))
		alter(&gate, words, count, tally);
	else
		tally->refused++;
	strvec_free(words);
}

/* That, when argv (vcap-on [--answer=...] ENGINE COMMAND...), which is freed, is run. */
static void
check(const struct engine *engine, char **argv, struct tally *tally)
{
	const bool is_framed = strncmp(argv[1], "--answer=", 9) == 0;
	char **command = is_framed ? framed_command("0123456789abcdef", argv + 3) : NULL;

	check_there(engine, command ? command : argv + 2, tally);
	strvec_free(command);
	strvec_free(argv);
}

/* That, when this command, which is freed, is run without vcap-on. */
static void
check_framed(const struct engine *engine, char **command, struct tally *tally)
{
	char **framed = framed_command("0123456789abcdef", command);

	check_there(engine, framed, tally);
	strvec_free(framed);
	strvec_free(command);
}

/* Both kinds of capture, in the variant that the bits of `bits` choose. */
static const struct commands_told told = {"0123456789abcdef",
					  "root:0,sudo:a%20b:1,ssh:::1",
					  "required",
					  "shop.20260101_000001",
					  "f123456789abcdef",
					  "1764471630.250000000",
					  "1764471760.250000000"};

static void
check_captures(const struct engine *engine, unsigned bits, struct tally *tally)
{
	static const char *const modes[] = {"none", "include", "only", "none"};
	struct params params = {
	    .service = "shop",
	    .monitors = modes[bits & 3],
	    .per_packet = bits & 4,
	    .invert = bits & 8,
	    .joins = bits & 16,
	    .header = bits & 256   ? "X-Real-IP 2"
		      : bits & 128 ? "none"
				   : NULL,
	    .bytecode = bits & 32 ? (char *)"1,6 0 0 262144" : NULL,
	    .count = bits & 64 ? UINT64_MAX : 0,
	    .duration_ns = bits & 128 ? 90 * NS_PER_SECOND + 1 : 0,
	    .snaplen = bits & 256 ? 96 : 0,
	    .cuts = (bits & (256 | 64)) == 64,
	    .buffer = bits & 256 ? 8 << 20 : 0,
	    .rolling_ns = bits & 64 ? 0 : 7 * NS_PER_SECOND,
	    .specs = bits & 512 ? some_specs : no_specs,
	};
	struct keyval_pair pairs[] = {
	    {"trigger", "packets:5/1.5s:1,6 0 0 262144"},
	    {"on", "packets:5/1.5s:{dir} is for people"},
	    {"trigger", "log: 50[234] {dir}{}'\" $x ;|&"},
	    {"trigger", "file:/var/log/a:^--x="},
	};
	/* Those that this engine can watch for. */
	const struct keyval triggers = {pairs, engine->watched ? 4 : engine->flows ? 3 : 2};
	struct commands_told wanted = told;
	char **start = commands_start(&params), **stream = commands_stream(&params, NS_PER_SECOND);

	wanted.triggers = bits & 16 ? &triggers : NULL;
	check(engine, commands_expand(engine, "shop.20260101_000000", wanted, start), tally);
	check(engine, commands_expand(engine, "live", told, stream), tally);
	strvec_free(start);
	strvec_free(stream);
}

static void
check_requests(const struct engine *engine, struct tally *tally)
{
	static const enum commands_request requests[] = {COMMANDS_STATUS, COMMANDS_STOP,
							 COMMANDS_REMOVE, COMMANDS_PAIRS};
	char *directory = engine_capture_directory(engine, "shop.20260101_000000");
	struct strvec addresses = STRVEC_INIT;

	for (size_t i = 0; i < 4; i++) {
		/* For an engine that does not know `answer`. */
		check(engine, commands_ask(engine->name, false, requests[i], directory, NULL),
		      tally);
		check(engine,
		      commands_ask(engine->name, false, requests[i], directory, "0123456789abcdef"),
		      tally);
		check(engine,
		      commands_expand(engine, "shop.20260101_000000", told,
				      commands_each(requests[i])),
		      tally);
	}
	check(engine,
	      commands_fetch(engine->name, false, false, directory, &(struct commands_told){0}),
	      tally);
	check(engine, commands_fetch(engine->name, false, true, directory, &told), tally);
	check(
	    engine,
	    commands_expand(engine, "shop.20260101_000000", told, commands_each(COMMANDS_SNAPSHOT)),
	    tally);
	check_framed(engine, commands_follow(false, directory, "0123456789abcdef"), tally);
	check(engine, commands_clock(engine->name), tally);
	check(engine, commands_list(engine), tally);
	check(engine, commands_trial(engine), tally);
	check(engine, commands_losses(engine), tally);
	check(engine, commands_check(engine, &addresses), tally);
	strvec_pushl(&addresses, "192.0.2.1", "2001:db8::1", NULL);
	check(engine, commands_check(engine, &addresses), tally);
	strvec_release(&addresses);
	free(directory);
}

/* What a key does not let be watched. */
static void
gate_refuses_triggers(void)
{
	static char *const watched[] = {"/var/log/a", NULL};
	static const struct {
		const char *word;
		bool is_open; /* with a source of lines, and files that may be watched */
		bool is_bare; /* without */
	} cases[] = {
	    {"--on=log:x", true, false},
	    {"--on=file:/var/log/a:x", true, false},
	    {"--on=packets:1/1s:1,6 0 0 1", true, true},
	    {"--on=file:/var/log/b:x", false, false},
	    {"--on=file:/var/log/a/../b:x", false, false},
	    {"--on=packets:1/1s:1,9 9 9 9", false, false},
	    {"--on=packets:1/1s:tcp", false, false},
	    {"--on=log:", false, false},
	    {"--on=log:a\nb", false, false},
	    {"--on", false, false},
	    {"--on=", false, false},
	};
	const struct gate open = {.directory = "/d", .flows = "log:/l", .watched = watched},
			  bare = {.directory = "/d"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *const words[] = {"vcap-run", "--detach",    (char *)cases[i].word,
				       "-w",       "/d/shop.1.a", NULL};

		ok(is_admitted(&open, words) == cases[i].is_open &&
		       is_admitted(&bare, words) == cases[i].is_bare,
		   "trigger %zu of a key", i);
	}
}

/* What commands.h builds, gate.h admits, and no word of it can be replaced or added to. */
static void
gate_admits_all_commands(void)
{
	struct engines engines;
	struct failure why = FAILURE_INIT;

	engines_parse(
	    &engines,
	    "a local\nb iface=e0,e1.7 wait=e2 flows=haproxy:/run/h.sock watch=/b,/var/log/a local\n"
	    "c bin=/opt/b dir=/d flows=conntrack as=sudo local\n",
	    "f", &why);
	for (size_t i = 0; i < engines.count; i++) {
		struct tally tally = {0};

		for (unsigned bits = 0; bits < 1024; bits++)
			check_captures(&engines.list[i], bits, &tally);
		check_requests(&engines.list[i], &tally);
		ok(tally.commands > 2000 && tally.refused == 0,
		   "all %zu commands for engine '%s' are admitted (%zu are not)", tally.commands,
		   engines.list[i].name, tally.refused);
		ok(tally.altered > 0 && tally.passed == 0,
		   "none with a word replaced or added is (%zu of %zu are)", tally.passed,
		   tally.altered);
	}
	engines_release(&engines);
}

int
main(void)
{
	params_become_commands();
	placeholders();
	gate_admits_all_commands();
	gate_refuses_triggers();
	return done_testing();
}
