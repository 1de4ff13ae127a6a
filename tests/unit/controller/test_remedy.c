#include "controller/remedy.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct engines engines;

static void
is_told(const char *name, const char *reason, enum remedy_reach reach, const char *wanted)
{
	char *text = remedy_add(engines_find(&engines, name, NULL), reason);

	is_str(text, wanted, reason);
	ok(remedy_reach(reason) == reach, "... and how far it came");
	free(text);
}

int
main(void)
{
	ok(engines_parse(&engines,
			 "lb1 bin=/opt/vcap ssh root@lb1 -p 22\nlb2 dir=/d ssh lb2\nlb3 exec x\n",
			 "engines", NULL) == 0,
	   "the engines");
	is_told("lb1", "bash: line 1: /opt/vcap/vcap-run: No such file or directory",
		REMEDY_REFUSED,
		"bash: line 1: /opt/vcap/vcap-run: No such file or directory ('vcap push lb1' "
		"copies vcap there)");
	is_told("lb1", "sh: 1: /opt/vcap/vcap-host: Exec format error", REMEDY_REFUSED,
		"sh: 1: /opt/vcap/vcap-host: Exec format error ('vcap push lb1' brings programs "
		"for its architecture)");
	is_told("lb3", "sh: 1: vcap-run: not found", REMEDY_REFUSED,
		"sh: 1: vcap-run: not found (install vcap there, or set bin= of 'lb3' in the "
		"engines file and run 'vcap push lb3')");
	is_told("lb1", "sudo: a password is required", REMEDY_REFUSED,
		"sudo: a password is required ('as=sudo' needs a rule with NOPASSWD there: see "
		"vcap-run(1))");
	is_told("lb1", "no privilege to capture: this user may not run vcap-run",
		REMEDY_UNREACHABLE,
		"no privilege to capture: this user may not run vcap-run (as root there: 'adduser "
		"root vcap')");
	is_told("lb2", "vcap-run: cannot create '/d/x': Permission denied", REMEDY_REFUSED,
		"vcap-run: cannot create '/d/x': Permission denied (set dir= of 'lb2' in the "
		"engines file to a directory of its user's)");
	is_told("lb1",
		"the host key of 'lb1' is not known (compare its fingerprint, then add it to "
		"known_hosts)",
		REMEDY_KEY_UNKNOWN,
		"the host key of 'lb1' is not known ('ssh root@lb1 -p 22' once to accept its key, "
		"after its fingerprint is compared)");
	is_told("lb1", "the host key of 'lb1' has changed: it is another host", REMEDY_KEY_CHANGED,
		"the host key of 'lb1' has changed: it is another host");
	is_told("lb2", "lb2: Permission denied (publickey).", REMEDY_REFUSED,
		"lb2: Permission denied (publickey). ('ssh-copy-id lb2' puts a key there)");
	is_told("lb2", "ssh: connect to host lb2 port 22: Connection refused", REMEDY_UNREACHABLE,
		"ssh: connect to host lb2 port 22: Connection refused");
	is_told("lb3", "vcap-on: cannot run 'x' for engine 'lb3': No such file or directory",
		REMEDY_UNREACHABLE,
		"vcap-on: cannot run 'x' for engine 'lb3': No such file or directory");
	is_told("lb3", "Error from server (NotFound): pods \"vcap-0\" not found",
		REMEDY_UNREACHABLE, "Error from server (NotFound): pods \"vcap-0\" not found");
	engines_release(&engines);
	return done_testing();
}
