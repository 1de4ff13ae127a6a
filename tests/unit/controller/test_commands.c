#include "base/clock.h"
#include "base/strvec.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/framed.h"
#include "controller/gate_exec.h"
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
	       "--patience=0ms|--by={by}|-m|none|"
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
	    "--token={token}|--patience=0ms|--by={by}|-m|none|-P|-x|-c7|-t1.500000000s|-s96|shop",
	    "limits");
	is_str(strstr(joined(commands_stream(&params, 2 * NS_PER_SECOND)), "{region}"),
	       "{region}|vcap-on|--answer=skip|{}|vcap-region|live|--lease=2000ms|--by={by}|-m|"
	       "none|-P|-x|"
	       "-c7|-t1.500000000s|-s96|shop",
	       "a stream of a region");
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
				  .sudo = engine->sudo,
				  .allows_keys = engine->is_region,
				  .is_region = engine->is_region};
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
	    .keys = bits & 32,
	    .drops = bits & 128,
	    .expression =
		bits & 16 ? "tcp[tcpflags] & (tcp-rst|tcp-fin) != 0 and not ether[0] = 2" : NULL,
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
	wanted.drops = bits & 256 ? "--drops" : NULL;
	check(engine, commands_expand(engine, "shop.20260101_000000", wanted, start), tally);
	check(engine, commands_expand(engine, "live", told, stream), tally);
	strvec_free(start);
	strvec_free(stream);
}

/* About a capture, which every kind of engine is asked for. */
static void
check_requests(const struct engine *engine, struct tally *tally)
{
	static const enum commands_request requests[] = {
	    COMMANDS_STATUS, COMMANDS_STOP, COMMANDS_REMOVE, COMMANDS_KEYS, COMMANDS_PAIRS};
	const struct commands_told bare = {.token = told.token};
	const bool is_region = engine->is_region;
	char *directory = engine_capture_directory(engine, "shop.20260101_000000");
	struct strvec addresses = STRVEC_INIT;

	for (size_t i = 0; i < 5; i++) {
		/* What an engine's key opens is another's to test. */
		if (requests[i] == COMMANDS_KEYS && !is_region)
			continue;
		/* For an engine that does not know `answer`. */
		check(engine, commands_ask(engine->name, is_region, requests[i], directory, NULL),
		      tally);
		check(engine,
		      commands_ask(engine->name, is_region, requests[i], directory,
				   "0123456789abcdef"),
		      tally);
		check(engine,
		      commands_expand(engine, "shop.20260101_000000", told,
				      commands_each(requests[i])),
		      tally);
	}
	check(engine,
	      commands_fetch(engine->name, is_region, false, directory, &(struct commands_told){0}),
	      tally);
	check(engine,
	      commands_fetch(engine->name, is_region, true, directory, is_region ? &bare : &told),
	      tally);
	check_framed(engine, commands_follow(is_region, directory, "0123456789abcdef"), tally);
	check(engine, commands_clock(engine->name), tally);
	check(engine, commands_check(engine, &addresses), tally);
	strvec_pushl(&addresses, "192.0.2.1", "2001:db8::1", NULL);
	check(engine, commands_check(engine, &addresses), tally);
	strvec_release(&addresses);
	free(directory);
}

/* What no region is asked. */
static void
check_host_requests(const struct engine *engine, struct tally *tally)
{
	check(
	    engine,
	    commands_expand(engine, "shop.20260101_000000", told, commands_each(COMMANDS_SNAPSHOT)),
	    tally);
	check(engine, commands_list(engine), tally);
	check(engine, commands_trial(engine), tally);
	check(engine, commands_losses(engine), tally);
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

/* A region's key is for nothing of an engine's, nor for the rest of a region's. */
static void
gate_of_a_region(void)
{
	static const struct gate region = {.directory = "/d", .is_region = true},
				 keyed = {.directory = "/d",
					  .is_region = true,
					  .allows_keys = true},
				 bare = {.directory = "/d",
					 .is_region = true,
					 .headers_only = true},
				 engine = {.directory = "/d", .allows_keys = true};
#define ID "shop.20260101_000000"
	static const struct {
		const char *line;
		bool region, keyed, bare;
	} cases[] = {
	    {"vcap-region start " ID " -m none shop", true, true, false},
	    {"vcap-region start " ID " -sheaders shop", true, true, true},
	    {"vcap-region start " ID " -sheaders -s96 shop", true, true, false},
	    {"vcap-region start " ID " -s96 -sheaders shop", true, true, false},
	    {"vcap-region start " ID " --keys shop", false, true, false},
	    {"vcap-region start " ID " --drops shop", true, true, false},
	    {"vcap-region start " ID " --drops -sheaders shop", true, true, true},
	    {"vcap-region start " ID " --drops=x shop", false, false, false},
	    {"vcap-region start " ID " --expression=tcp shop", true, true, false},
	    {"vcap-region start " ID " --expression= shop", false, false, false},
	    {"vcap-region start " ID " --expression=t\ncp shop", false, false, false},
	    {"vcap-region start " ID " --expression=t\x1b"
	     "cp shop",
	     false, false, false},
	    {"vcap-region start " ID " -e tcp shop", false, false, false},
	    {"vcap-region start " ID " -m some shop", false, false, false},
	    {"vcap-region start " ID " -m none ./shop", false, false, false},
	    {"vcap-region start " ID " -m none /etc/passwd", false, false, false},
	    {"vcap-region start " ID " -m none shop 10.0.0.1", false, false, false},
	    {"vcap-region start " ID " -m none shop -", false, false, false},
	    {"vcap-region start " ID " -m none -- shop", false, false, false},
	    {"vcap-region start " ID " -m none", false, false, false},
	    {"vcap-region start " ID, false, false, false},
	    {"vcap-region start shop -m none shop", false, false, false},
	    {"vcap-region start ../" ID " -m none shop", false, false, false},
	    {"vcap-region start " ID " --specs=/etc/passwd shop", false, false, false},
	    {"vcap-region start " ID " --specs /etc/passwd shop", false, false, false},
	    {"vcap-region start " ID " --payload shop", false, false, false},
	    {"vcap-region start " ID " -E lb1 shop", false, false, false},
	    {"vcap-region start " ID " --at=+1m shop", false, false, false},
	    {"vcap-region start " ID " --rolling=2m shop", false, false, false},
	    {"vcap-region start " ID " --on=log:x shop", false, false, false},
	    {"vcap-region start " ID " --id=" ID " shop", false, false, false},
	    {"vcap-region start " ID " --comment=x shop", false, false, false},
	    {"vcap-region start " ID " --token=0123 shop", false, false, false},
	    {"vcap-region start " ID " --by=a=b shop", false, false, false},
	    {"vcap-region start " ID " --patience=x shop", false, false, false},
	    {"vcap-region start " ID " --audit=required shop", false, false, false},
	    {"vcap-region live --lease=15000ms --by=root:0 -m none -P -x -c9 shop", true, true,
	     false},
	    {"vcap-region live --lease=15000ms -sheaders shop", true, true, true},
	    {"vcap-region live --lease=15000ms --expression=tcp shop", true, true, false},
	    {"vcap-region live --lease=15000ms --expression=tcp -s96 shop", true, true, false},
	    {"vcap-region live shop", false, false, false},
	    {"vcap-region live --lease shop", false, false, false},
	    {"vcap-region live --lease=x shop", false, false, false},
	    {"vcap-region live --lease=1s", false, false, false},
	    {"vcap-region live -m none --lease=1s shop", false, false, false},
	    {"vcap-region live --lease=1s --lease=1s shop", false, false, false},
	    {"vcap-region live --lease=1s /etc/passwd", false, false, false},
	    {"vcap-region live --lease=1s shop 10.0.0.1", false, false, false},
	    {"vcap-region live --lease=1s -i eth0 shop", false, false, false},
	    {"vcap-region live --lease=1s -E lb1 shop", false, false, false},
	    {"vcap-region live --lease=1s --specs=/etc/passwd shop", false, false, false},
	    {"vcap-region live --lease=1s --payload shop", false, false, false},
	    {"vcap-region live --lease=1s --keys shop", false, false, false},
	    {"vcap-region live --lease=1s --drops shop", false, false, false},
	    {"vcap-region live --lease=1s --token=0123456789abcdef shop", false, false, false},
	    {"vcap-region status " ID, true, true, true},
	    {"vcap-region status " ID " 0123456789abcdef", true, true, true},
	    {"vcap-region status " ID " 0123456789abcdef x", false, false, false},
	    {"vcap-region status " ID " x", false, false, false},
	    {"vcap-region status /d/" ID ".lb1", false, false, false},
	    {"vcap-region status", false, false, false},
	    {"vcap-region stop shop", false, false, false},
	    {"vcap-region keys " ID, false, true, false},
	    {"vcap-region fetch " ID, true, true, true},
	    {"vcap-region fetch -z " ID, true, true, true},
	    {"vcap-region fetch --cut " ID, false, false, false},
	    {"vcap-region fetch " ID " -z", false, false, false},
	    {"vcap-region fetch -w /x " ID, false, false, false},
	    {"vcap-region pairs " ID, true, true, true},
	    {"vcap-region pairs /d/" ID ".lb1", false, false, false},
	    {"vcap-region check", true, true, true},
	    {"vcap-region check /d", false, false, false},
	    {"vcap-region --help", false, false, false},
	    {"vcap-region", false, false, false},
	    {"vcap-host clock", true, true, true},
	    {"vcap-host answer 0123456789abcdef -- vcap-region check", true, true, true},
	    {"vcap-host answer 0123456789abcdef -- vcap-host clock", true, true, true},
	    {"vcap-host answer 0123456789abcdef -- /x/vcap-region check", false, false, false},
	    {"vcap-host answer 0123456789abcdef -- vcap-merge -w - lb1=/d/" ID ".lb1", false, false,
	     false},
	    {"vcap-host check /d", false, false, false},
	    {"vcap-host list /d", false, false, false},
	    {"vcap-host status /d/" ID ".lb1", false, false, false},
	    {"vcap-host losses", false, false, false},
	    {"vcap-merge -w - lb1=/d/" ID ".lb1", false, false, false},
	    {"vcap-run -f - --detach -w /d/" ID ".lb1", false, false, false},
	    {"vcap-start shop", false, false, false},
	    {"vcap-export -w - " ID, false, false, false},
	    {"vcap capture shop", false, false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *line = strdup(cases[i].line);
		char *words[16], *rest = line;
		size_t count = 0;

		while (rest)
			words[count++] = strsep(&rest, " ");
		words[count] = NULL;
		ok(is_admitted(&region, words) == cases[i].region &&
		       is_admitted(&keyed, words) == cases[i].keyed &&
		       is_admitted(&bare, words) == cases[i].bare,
		   "a region's key: %.*s", (int)strcspn(cases[i].line, "\n\x1b"), cases[i].line);
		if (strstr(cases[i].line, "vcap-region"))
			ok(!is_admitted(&engine, words), "... and no engine's");
		free(line);
	}
}

/* Which words of an admitted command are run: with headers_only those that leave payload out. */
static void
gate_cuts(void)
{
	static const struct gate region = {.is_region = true, .headers_only = true};
	static const struct {
		char *words[8];
		const char *run;
	} cases[] = {
	    {{"vcap-region", "fetch", ID, NULL}, "fetch|--cut|" ID},
	    {{"/x/vcap-region", "fetch", "-z", ID, NULL}, "fetch|--cut|-z|" ID},
	    {{"vcap-host", "answer", "0123456789abcdef", "--", "vcap-region", "fetch", ID, NULL},
	     "answer|0123456789abcdef|--|vcap-region|fetch|--cut|" ID},
	    {{"vcap-region", "start", "fetch.20260101_000000", "-sheaders", "fetch", NULL},
	     "start|fetch.20260101_000000|-sheaders|fetch"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strvec argv = STRVEC_INIT;

		ok(is_admitted(&region, cases[i].words), "without payload");
		gate_exec_push(&region, cases[i].words, &argv);
		is_str(joined(strvec_detach(&argv)), cases[i].run, "... is run so");
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
	    "c bin=/opt/b dir=/d flows=conntrack as=sudo local\n"
	    "r bin=/opt/b region local\n",
	    "f", &why);
	for (size_t i = 0; i < engines.count; i++) {
		struct tally tally = {0};

		for (unsigned bits = 0; bits < 1024; bits++)
			check_captures(&engines.list[i], bits, &tally);
		check_requests(&engines.list[i], &tally);
		if (!engines.list[i].is_region)
			check_host_requests(&engines.list[i], &tally);
		ok(tally.commands > 1000 && tally.refused == 0,
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
	gate_of_a_region();
	gate_cuts();
	return done_testing();
}
