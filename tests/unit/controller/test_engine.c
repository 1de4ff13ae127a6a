#include "base/strvec.h"
#include "controller/engine.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reads(void)
{
	const char *text =
	    "# the engines\n"
	    "lb1 local\n"
	    "\tlb2 iface=eth0,eth1 bin=/opt/vcap dir=/srv/run as=sudo ssh root@lb2 -p 2222 # x\n"
	    "\n"
	    "lb3 exec ip netns exec lb3\n"
	    "lb4 flows=haproxy:/run/h.sock compress=zstd bwlimit=2M ssh 2001:db8::1";
	struct engines engines;
	struct failure why = FAILURE_INIT;
	const struct engine *engine;

	ok(engines_parse(&engines, text, "engines", &why) == 0 && engines.count == 4,
	   "four engines %s", why.text);
	engine = engines_find(&engines, "lb2", &why);
	is_str(engine->interfaces[1], "eth1", "the second interface");
	is_str(engine->bin, "/opt/vcap", "bin");
	is_str(engine->directory, "/srv/run", "dir");
	ok(engine->sudo && engine->transport == ENGINE_SSH, "sudo over ssh");
	is_str(engine->words[0], "root@lb2", "the destination");
	is_str(engine->words[2], "2222", "an option's value");
	ok(!engine->words[3], "a comment ends the line");
	engine = engines_find(&engines, "lb3", &why);
	is_str(engine->words[3], "lb3", "the prefix");
	is_str(engine->directory, ENGINE_DIRECTORY, "where captures live unless said");
	ok(!engine->packs && engine->rate == 0, "fetched as it is unless said");
	engine = engines_find(&engines, "lb4", &why);
	ok(engine->packs && engine->rate == 2 << 20, "a slow link");
	ok(!engines_find(&engines, "lb5", &why), "one that is not there");
	is_str(why.text, "unknown engine 'lb5'", "... is named");
	ok(engine_is_listed("lb1,lb33,lb3", "lb3") && !engine_is_listed("lb1,lb33", "lb3"),
	   "lists of names");
	engines_release(&engines);
}

static void
refuses(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"lb1 local\nlb1 local", "f:2: engine 'lb1' is there already"},
	    {"-oProxyCommand=x local", "f:1: not an engine's name: '-oProxyCommand=x'"},
	    {"../lb1 local", "f:1: not an engine's name: '../lb1'"},
	    {"lb1", "f:1: engine 'lb1' has no transport (local, ssh or exec)"},
	    {"lb1 telnet x", "f:1: unknown transport 'telnet'"},
	    {"lb1 color=red local", "f:1: unknown setting 'color=red'"},
	    {"lb1 dir=run local", "f:1: bad setting 'dir=run'"},
	    {"lb1 as=root local", "f:1: bad setting 'as=root'"},
	    {"lb1 compress=gzip local", "f:1: bad setting 'compress=gzip'"},
	    {"lb1 bwlimit=fast local", "f:1: bad setting 'bwlimit=fast'"},
	    {"lb1 iface= local", "f:1: bad setting 'iface='"},
	    {"lb1 iface=eth0,-x local", "f:1: bad setting 'iface=eth0,-x'"},
	    {"lb1 iface=a/b local", "f:1: bad setting 'iface=a/b'"},
	    {"lb1 local x", "f:1: nothing may follow 'local', but 'x' does"},
	    {"lb1 ssh", "f:1: 'ssh' needs a destination"},
	    {"lb1 exec", "f:1: 'exec' needs a command"},
	    {"lb1 ssh -oProxyCommand=x", "f:1: not a destination: '-oProxyCommand=x'"},
	    {"lb1 ssh root@-oProxyCommand=x", "f:1: not a destination: 'root@-oProxyCommand=x'"},
	    {"lb1 ssh a;b", "f:1: not a destination: 'a;b'"},
	    {"lb1 ssh $(x)", "f:1: not a destination: '$(x)'"},
	    {"lb1 ssh a@b@c", "f:1: not a destination: 'a@b@c'"},
	    {"lb1 ssh a b", "f:1: not an option of ssh that may stand here: 'b'"},
	    {"lb1 ssh a -p 22 b", "f:1: not an option of ssh that may stand here: 'b'"},
	    {"lb1 ssh a -p", "f:1: not an option of ssh that may stand here: '-p'"},
	    {"lb1 ssh a -A", "f:1: not an option of ssh that may stand here: '-A'"},
	    {"lb1 ssh a -4f", "f:1: not an option of ssh that may stand here: '-4f'"},
	    {"lb1 ssh a --", "f:1: not an option of ssh that may stand here: '--'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct failure why = FAILURE_INIT;
		struct engines engines;

		ok(engines_parse(&engines, cases[i].text, "f", &why) < 0 && !engines.list,
		   "refuses case %zu", i);
		is_str(why.text, cases[i].message, "... and says why");
	}
}

/* Whether sh takes line apart into the words that went in: it prints them, each ended by NUL. */
static bool
survives_shell(const char *line, char *const *words)
{
	char *command, got[8192], wanted[8192];
	size_t size, length = 0;
	FILE *pipe;

	if (asprintf(&command, "set -- %s\nprintf '%%s\\0' \"$@\"", line) < 0)
		return false;
	pipe = popen(command, "r");
	size = pipe ? fread(got, 1, sizeof(got), pipe) : 0;
	if (pipe)
		pclose(pipe);
	free(command);
	for (; *words; words++) {
		memcpy(wanted + length, *words, strlen(*words) + 1);
		length += strlen(*words) + 1;
	}
	return size == length && memcmp(got, wanted, size) == 0;
}

static void
quotes(void)
{
	static const char *const nasty[] = {
	    "",   "a b",   "it's",      "'",  "''", "\"", "$HOME", "$(id)",    "`id`",
	    "*",  "\\",    "new\nline", "\n", "~",  "-n", "a;b",   "\xff\xfe", "\t",
	    "!x", "{a,b}", "#",         "&",  "|",  "<",  ">",     "a=b",      "\xc3\xa4"};
	struct engines engines;
	struct failure why = FAILURE_INIT;
	const size_t kinds = sizeof(nasty) / sizeof(*nasty);
	unsigned wrong = 0, seed = 1;

	engines_parse(&engines, "lb1 ssh lb1", "f", &why);
	for (unsigned round = 0; round < 200; round++) {
		char *words[8], **argv, **last;

		words[0] = "vcap-x";
		for (int i = 1; i < 7; i++) {
			seed = seed * 1103515245 + 12345;
			words[i] = (char *)nasty[(seed >> 16) % kinds];
		}
		words[7] = NULL;
		argv = engine_command(&engines.list[0], words);
		for (last = argv; last[1]; last++)
			;
		wrong += !survives_shell(*last, words);
		wrong += strcmp(last[-1], "lb1") != 0 || strcmp(last[-2], "--") != 0;
		strvec_free(argv);
	}
	ok(wrong == 0, "words survive a shell (%u did not)", wrong);
	engines_release(&engines);
}

/* The words of argv with '|' between them. */
static char *
joined(char **argv, char *to)
{
	*to = '\0';
	for (char **word = argv; *word; word++)
		sprintf(to + strlen(to), "%s%s", word == argv ? "" : "|", *word);
	strvec_free(argv);
	return to;
}

static void
commands(void)
{
	char *const command[] = {"vcap-run", "-w", "{dir}", "{interfaces}", "-n", "{}x", NULL};
	char *const pairs[] = {"vcap-run", "{flows}", "--", "vcap-join", "{table}", NULL};
	char *const either[] = {"stop", "{dir}", "{region}", "{}", "end", "{dir}", NULL};
	char text[1024];
	struct engines engines;
	struct failure why = FAILURE_INIT;

	engines_parse(
	    &engines,
	    "a local\nb flows=log:/l bin=/b as=sudo exec run in\nc dir=/d iface=e0,e1 local\n"
	    "r region exec run",
	    "f", &why);
	is_str(joined(engine_command(&engines.list[0], command + 4), text), "-n|{}x",
	       "local: the command itself");
	is_str(joined(engine_command(&engines.list[1], command), text),
	       "run|in|sudo|-n|--|/b/vcap-run|-w|{dir}|{interfaces}|-n|{}x", "exec, sudo and bin");
	is_str(joined(engine_command(&engines.list[1], (char *const[]){"tcpdump", NULL}), text),
	       "run|in|sudo|-n|--|tcpdump", "bin is for vcap's own");
	is_str(joined(engine_expand(&engines.list[2], "s.1", command), text),
	       "vcap-run|-w|/d/s.1.c|-i|e0|-i|e1|-n|cx", "placeholders");
	is_str(joined(engine_expand(&engines.list[0], "s.1", command), text),
	       "vcap-run|-w|/var/lib/vcap/run/s.1.a|-n|ax", "no interfaces, no option");
	is_str(joined(engine_expand(&engines.list[1], "s.1", pairs), text),
	       "vcap-run|--flows|log:/l|--|vcap-join|-t|/dev/fd/3", "a source of pairs");
	is_str(joined(engine_expand(&engines.list[0], "s.1", pairs), text), "vcap-run|--|vcap-join",
	       "no source, no option");
	is_str(joined(engine_expand(&engines.list[2], "s.1", either), text), "stop|/d/s.1.c",
	       "an engine's part of a command");
	is_str(joined(engine_expand(&engines.list[3], "s.1", either), text), "r|end|s.1",
	       "a region's part, and what the capture is called there");
	is_str(joined(engine_expand(&engines.list[3], "s.1", either + 3), text), "r|end|s.1",
	       "all of it, if there is only one");
	engines_release(&engines);
}

int
main(void)
{
	reads();
	refuses();
	quotes();
	commands();
	return done_testing();
}
