/*
 * Who asks, as a word: what the environment says can end neither the word nor a part of it.
 */
#include "base/caller.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static const char *environment; /* "NAME=VALUE\n..." */

static char *
variable(const char *name)
{
	static char values[8][512];
	static unsigned next;
	const size_t length = strlen(name);

	for (const char *line = environment; *line;
	     line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			char *value = values[next++ % 8];

			snprintf(value, 512, "%.*s", (int)strcspn(line + length + 1, "\n"),
				 line + length + 1);
			return value;
		}
	return NULL;
}

static const char *
word(struct caller caller, const char *text)
{
	static char to[CALLER_MAX];

	environment = text;
	caller_word(&caller, variable, to);
	ok(caller_is_word(to), "a word: %s", to);
	return to;
}

int
main(void)
{
	char longest[600];

	is_str(word((struct caller){"alice", 1000, NULL}, ""), "alice:1000", "a login");
	is_str(word((struct caller){NULL, 1000, NULL}, ""), "-:1000", "one without a name");
	is_str(word((struct caller){"root", 0, NULL},
		    "SUDO_USER=bob\nSUDO_UID=1001\nSSH_CONNECTION=2001:db8::7 50000 192.0.2.1 22\n"
		    "COCKPIT_REMOTE_PEER=192.0.2.9"),
	       "root:0,sudo:bob:1001,ssh:2001:db8::7,cockpit:192.0.2.9",
	       "what the environment says");
	is_str(word((struct caller){"root", 0, NULL}, "SUDO_UID=1001\nPKEXEC_UID=1002"),
	       "root:0,pkexec:1002", "no uid without a user of sudo");
	is_str(word((struct caller){"capture", 998, "root:0,sudo:bob:1001"},
		    "SSH_CONNECTION=10.0.0.1"),
	       "capture:998,ssh:10.0.0.1,for:root:0,sudo:bob:1001", "for another controller");
	/* Break: lib/base/caller.c s/"._:@-"/"._:@-,;=% \\\\"/ */
	is_str(word((struct caller){"DOM\\al ice", 5, NULL},
		    "SUDO_USER=x,for:root:0;=\"%\x1b[1m\xc3\xa9\nSUDO_UID=1"),
	       "DOM%5Cal%20ice:5,sudo:x%2Cfor:root:0%3B%3D%22%25%1B%5B1m%C3%A9:1",
	       "nothing is forged");
	memset(longest, ',', sizeof(longest) - 1);
	memcpy(longest, "SUDO_USER=", 10);
	longest[sizeof(longest) - 1] = '\0';
	ok(strlen(word((struct caller){"a", 1, "b:1"}, longest)) < CALLER_MAX,
	   "a long name is cut");
	ok(!caller_is_word("") && !caller_is_word("a b") && !caller_is_word("a=b") &&
	       !caller_is_word("a\n") && !caller_is_word("/x") && !caller_is_word("$(x)"),
	   "what is no word");
	memset(longest, 'a', CALLER_MAX);
	longest[CALLER_MAX] = '\0';
	ok(!caller_is_word(longest) && caller_is_word(longest + 1), "nor one that is too long");
	return done_testing();
}
