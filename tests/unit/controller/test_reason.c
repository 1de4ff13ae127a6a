#include "base/exitcode.h"
#include "controller/reason.h"
#include "tap.h"

#include <stdlib.h>

static char *on[] = {"vcap-on", "lb1", "vcap-run", "-i", "eth0", NULL};
static char *by_path[] = {"vcap-on", "lb1", "/opt/vcap/vcap-host", "stop", NULL};
static char *framed[] = {"vcap-on", "--answer=skip", "lb1", "vcap-run", "-i", "eth0", NULL};
static char *fetch[] = {"vcap-fetch", "lb1", NULL};

static void
is_told(char *const *argv, int status, const char *errors, const char *wanted, const char *name)
{
	char *reason = reason_find(argv, status, errors);

	is_str(reason, wanted, name);
	free(reason);
}

int
main(void)
{
	const char *changed =
	    "@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@@@\r\n"
	    "Someone could be eavesdropping on you right now (man-in-the-middle attack)!\r\n"
	    "Offending ED25519 key in kh2:1\r\n"
	    "Host key for [lb1]:2222 has changed and you have requested strict checking.\r\n"
	    "Host key verification failed.\r\n";
	const char *unknown = "No ED25519 host key is known for lb1 and you have requested strict "
			      "checking.\r\nHost key verification failed.\r\n";
	const char *revoked = "ED25519 host key for lb1 was revoked and you have requested strict "
			      "checking.\r\nHost key verification failed.\r\n";

	is_told(on, 1, "", "", "no line");
	is_told(on, 1, "\n\r\n", "", "blank lines");
	is_told(on, EXIT_TIMEOUT, "vcap-run: x\n", "no answer in time", "no answer");
	is_told(on, EXIT_TIMEOUT, "x\nvcap-on: engine 'a' did not answer: 'Password: '\n",
		"vcap-on: engine 'a' did not answer: 'Password: '", "a prompt in its place");
	is_told(on, 1, "banner\nvcap-run: no interface 'eth77'\n", "vcap-run: no interface 'eth77'",
		"the command's own line");
	is_told(on, 1, "vcap-run: a warning\nvcap-run: the reason\nvcap-joins: x\nbye\n",
		"vcap-run: the reason", "the last one of these");
	is_told(on, 1,
		"Defaulted container \"haproxy\" out of: haproxy, sidecar\n"
		"vcap-run: no interface 'eth77'\ncommand terminated with exit code 1\n",
		"vcap-run: no interface 'eth77'", "behind kubectl's");
	is_told(by_path, 1, "vcap-host: no\nConnection to lb1 closed.\r\n", "vcap-host: no",
		"a command with its path");
	is_told(framed, 1, "vcap-run: the reason\nvcap-host: x\n", "vcap-run: the reason",
		"a command behind options");
	is_told(fetch, 1, "vcap-merge: x\nvcap-fetch: y\n", "vcap-fetch: y", "a command here");
	is_told(on, 127, "sh: 1: vcap-run: not found\ncommand terminated with exit code 127\n",
		"sh: 1: vcap-run: not found", "no such command, by way of kubectl");
	is_told(on, 1, "sudo: a password is required\nConnection to lb1 closed.\n",
		"sudo: a password is required", "behind ssh's");
	is_told(on, 1, "Error from server (NotFound): pods \"lb-0\" not found\n",
		"Error from server (NotFound): pods \"lb-0\" not found", "kubectl's own failure");
	is_told(on, 137, "command terminated with exit code 137\n",
		"command terminated with exit code 137", "nothing but the transport's");
	is_told(on, 255, "Connection to lb1 closed by remote host.\n",
		"Connection to lb1 closed by remote host.", "a cut connection is a reason");
	is_told(on, 255, "lb1: Permission denied (publickey).\n",
		"lb1: Permission denied (publickey).", "ssh's own failure");
	is_told(on, 255, "\n", "the connection was closed or reset without a word", "no word");
	is_told(on, 255, changed,
		"the host key of '[lb1]:2222' has changed: it is another host, or somebody is in "
		"between (if it was replaced: compare its fingerprint, then ssh-keygen -R "
		"'[lb1]:2222' and add the new one)",
		"a host key that has changed");
	is_told(on, 255, unknown,
		"the host key of 'lb1' is not known (compare its fingerprint, then add it to "
		"known_hosts)",
		"one that is not known");
	is_told(on, 255, revoked, "the host key of 'lb1' is revoked: it is in wrong hands",
		"one that is revoked");
	is_told(on, 1, unknown, "Host key verification failed.", "no word of ssh's: status 1");
	return done_testing();
}
