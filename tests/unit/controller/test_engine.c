#include "controller/engine.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
reads(void)
{
	const char *text = "# the engines\n"
			   "lb1 local\n"
			   "\tlb2 iface=eth0,eth1 wait=a-long-alternative-name bin=/opt/vcap "
			   "dir=/srv/run as=sudo ssh root@lb2 -p 2222 # x\n"
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
	is_str(engine->awaited[0], "a-long-alternative-name", "one that is waited for");
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

static char folder[] = "/tmp/vcap-test-XXXXXX";

static char *
variable(const char *name)
{
	return strcmp(name, "VCAP_CONFIG") == 0 ? folder : NULL;
}

/* What engines_audit_need says of a file with this text. */
static enum audit_need
need(const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/engines", folder);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		return AUDIT_WANTED;
	return engines_audit_need(variable);
}

static void
requires_audit(void)
{
	struct failure why = FAILURE_INIT;
	struct engines engines;
	char path[64];

	ok(engines_parse(&engines, " audit\trequired # x\naudit local", "f", &why) == 0 &&
	       engines.audit == AUDIT_REQUIRED && engines.count == 1,
	   "a line of its own, beside an engine of that name %s", why.text);
	engines_release(&engines);
	ok(engines_parse(&engines, "a local # audit required", "f", &why) == 0 &&
	       engines.audit == AUDIT_WANTED,
	   "or none");
	engines_release(&engines);
	ok(mkdtemp(folder) && engines_audit_need(variable) == AUDIT_WANTED, "no file");
	ok(need("a local\n") == AUDIT_WANTED && need("# audit required") == AUDIT_WANTED,
	   "a file without it");
	ok(need("a local\naudit required\n") == AUDIT_REQUIRED, "a file with it");
	ok(need("a\naudit required x") == AUDIT_REQUIRED, "... and with errors");
	snprintf(path, sizeof(path), "%s/engines", folder);
	ok(remove(path) == 0 && symlink(folder, path) == 0 &&
	       engines_audit_need(variable) == AUDIT_REQUIRED,
	   "one that cannot be read");
	ok(remove(path) == 0 && remove(folder) == 0, "removed");
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
	    {"audit required\nlb1 local\naudit required lb2",
	     "f:3: nothing may follow 'audit required': 'lb2'"},
	    {"audit", "f:1: engine 'audit' has no transport (local, ssh or exec)"},
	    {"audit wanted", "f:1: unknown transport 'wanted'"},
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
	requires_audit();
	refuses();
	return done_testing();
}
