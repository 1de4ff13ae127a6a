#include "controller/engine.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	is_str(engine->directory, ENGINE_DIRECTORY, "the default directory");
	ok(!engine->compress && engine->rate == 0, "not compressed by default");
	engine = engines_find(&engines, "lb4", &why);
	ok(engine->compress && engine->rate == 2 << 20, "a slow link");
	ok(!engines_find(&engines, "lb5", &why), "an engine that does not exist");
	is_str(why.text, "unknown engine 'lb5'", "... the reason names it");
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
	    {"lb1 local\nlb1 local", "f:2: duplicate engine 'lb1'"},
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
	    {"lb1 local x", "f:1: nothing may follow 'local': 'x'"},
	    {"lb1 ssh", "f:1: 'ssh' needs a destination"},
	    {"lb1 exec", "f:1: 'exec' needs a command"},
	    {"lb1 ssh -oProxyCommand=x", "f:1: not a destination: '-oProxyCommand=x'"},
	    {"lb1 ssh root@-oProxyCommand=x", "f:1: not a destination: 'root@-oProxyCommand=x'"},
	    {"lb1 ssh a;b", "f:1: not a destination: 'a;b'"},
	    {"lb1 ssh $(x)", "f:1: not a destination: '$(x)'"},
	    {"lb1 ssh a@b@c", "f:1: not a destination: 'a@b@c'"},
	    {"lb1 ssh a b", "f:1: ssh option is not allowed here: 'b'"},
	    {"lb1 ssh a -p 22 b", "f:1: ssh option is not allowed here: 'b'"},
	    {"lb1 ssh a -p", "f:1: ssh option is not allowed here: '-p'"},
	    {"lb1 ssh a -A", "f:1: ssh option is not allowed here: '-A'"},
	    {"lb1 ssh a -4f", "f:1: ssh option is not allowed here: '-4f'"},
	    {"lb1 ssh a --", "f:1: ssh option is not allowed here: '--'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct failure why = FAILURE_INIT;
		struct engines engines;

		ok(engines_parse(&engines, cases[i].text, "f", &why) < 0 && !engines.list,
		   "refuses case %zu", i);
		is_str(why.text, cases[i].message, "... with a reason");
	}
}

int
main(void)
{
	reads();
	refuses();
	return done_testing();
}
