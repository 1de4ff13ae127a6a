#include "controller/ask.h"

#include "base/clock.h"
#include "base/errtext.h"
#include "base/process.h"
#include "packet/addrset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX (64u << 20)
#define TIMEOUT    NS_PER_MINUTE

static char *
ask(const char *engine, char *const *command, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	struct errtext said = errtext_open();
	int out = process_output_open(ANSWER_MAX, why), status = -1;
	char **list, *text = NULL;

	if (engine) {
		strvec_push(&argv, "vcap-on");
		strvec_push(&argv, engine);
	}
	strvec_pushv(&argv, command);
	list = strvec_detach(&argv);
	if (!list)
		failure_nomem(why);
	else if (out >= 0)
		status = process_run(list, -1, out, said.fd, TIMEOUT, why);
	errtext_show(&said);
	if (status == 0 && !(text = process_output_text(out)))
		failure_nomem(why);
	else if (status > 0)
		failure_set(why, "'%s' failed%s%s", command[0], engine ? " on " : "",
			    engine ? engine : "");
	strvec_free(list);
	if (out >= 0)
		close(out);
	return text;
}

char *
ask_engine(const struct ask *hosts, char *const *command, struct failure *why)
{
	return ask(hosts->engines ? hosts->engines[0] : NULL, command, why);
}

char *
ask_run(void *context, char *const *command, struct failure *why)
{
	return ask_engine(context, command, why);
}

char *
ask_read(void *context, const char *path, struct failure *why)
{
	struct strvec command = STRVEC_INIT;
	char *text;

	strvec_pushl(&command, "cat", "--", path, NULL);
	if (command.failed) {
		failure_nomem(why);
		return NULL;
	}
	text = ask_engine(context, command.list, why);
	strvec_release(&command);
	return text;
}

/* Appends the words of text that are addresses: all of them (`getent ahosts`), or those after one
 * of the words in follows, without their prefix length (`ip -o address`). */
static void
read_addresses(char *text, const char *const *follows, struct strvec *addresses)
{
	const char *before = "";

	for (char *word; (word = strsep(&text, " \t\n"));) {
		bool is_wanted = !follows;
		struct addr addr;

		if (!*word)
			continue;
		for (const char *const *each = follows; each && *each; each++)
			is_wanted |= strcmp(before, *each) == 0;
		before = word;
		if (!is_wanted)
			continue;
		word[strcspn(word, "/%")] = '\0';
		/* fe80::/10 has a meaning only together with a link. */
		if (addr_parse(&addr, word, NULL) == 0 &&
		    !(addr.family == 6 && (unsigned)(addr.value >> 118) == 0xfe80 >> 6) &&
		    !strvec_has(addresses, word))
			strvec_push(addresses, word);
	}
}

static int
find_name(const struct ask *hosts, const char *name, struct strvec *addresses, struct failure *why)
{
	struct strvec command = STRVEC_INIT;
	char *text;

	strvec_pushl(&command, "getent", "ahosts", name, NULL);
	text = command.failed ? NULL : ask_engine(hosts, command.list, NULL);
	if (text)
		read_addresses(text, NULL, addresses);
	free(text);
	strvec_release(&command);
	return addresses->count ? 0 : failure_set(why, "cannot resolve '%s'", name);
}

int
ask_find(void *context, const char *name, struct strvec *addresses, struct failure *why)
{
	static char *const command[] = {"ip", "-o", "address", "show", NULL};
	static const char *const follows[] = {"inet", "inet6", NULL};
	const struct ask *hosts = context;
	char *const *engine = hosts->engines;

	if (name)
		return find_name(hosts, name, addresses, why);
	do {
		char *text = ask(engine ? *engine : NULL, command, why);

		if (!text)
			return -1;
		read_addresses(text, follows, addresses);
		free(text);
	} while (engine && *++engine);
	return addresses->count ? 0 : failure_set(why, "the host has no address");
}
