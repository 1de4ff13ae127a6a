#include "base/strvec.h"
#include "controller/transport.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		argv = transport_command(&engines.list[0], words);
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
prefixes(void)
{
	char *const command[] = {"vcap-run", "-w", "{dir}", "{interfaces}", "-n", "{}x", NULL};
	char text[1024];
	struct engines engines;
	struct failure why = FAILURE_INIT;

	engines_parse(&engines, "a local\nb flows=log:/l bin=/b as=sudo exec run in\n", "f", &why);
	is_str(joined(transport_command(&engines.list[0], command + 4), text), "-n|{}x",
	       "local: the command itself");
	is_str(joined(transport_command(&engines.list[1], command), text),
	       "run|in|sudo|-n|--|/b/vcap-run|-w|{dir}|{interfaces}|-n|{}x", "exec, sudo and bin");
	is_str(joined(transport_command(&engines.list[1], (char *const[]){"tcpdump", NULL}), text),
	       "run|in|sudo|-n|--|tcpdump", "bin= applies to vcap's commands only");
	engines_release(&engines);
}

int
main(void)
{
	quotes();
	prefixes();
	return done_testing();
}
