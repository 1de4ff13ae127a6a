/*
 * ssh joins its words with blanks and sshd passes the line to the user's shell, which would split
 * and expand them. Each word is therefore quoted for a POSIX shell, and the whole line sent as one
 * argument. The other transports pass their words to exec(2) and need no quoting.
 */
#include "controller/transport.h"

#include "base/shquote.h"
#include "base/strvec.h"
#include "controller/sshmux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No terminal, no agent, no forwarding, no prompts, and a link that is silent for 45 s is closed.
 * They precede the engine's own
 * options, because ssh uses the first value of each option. */
static char *const ssh[] = {
    "ssh",
    "-T",
    "-a",
    "-x",
    "-oBatchMode=yes",
    "-oStrictHostKeyChecking=yes",
    "-oConnectTimeout=10",
    "-oServerAliveInterval=15",
    "-oServerAliveCountMax=3",
    "-oClearAllForwardings=yes",
    "-oPermitLocalCommand=no",
    "-oUpdateHostKeys=no",
    "-oEscapeChar=none",
    "-oRequestTTY=no",
    NULL,
};

/* A connection is shared only with other commands of vcap's for the same engine: another's may be a
 * user's with forwardings, or hang. */
static void
add_sharing(const struct engine *engine, struct strvec *argv)
{
	char *socket = sshmux_socket(engine);

	if (socket) {
		strvec_pushl(argv, "-oControlMaster=auto", "-oControlPersist=60", NULL);
		strvec_pushf(argv, "-oControlPath=%s", socket);
	} else {
		strvec_pushl(argv, "-oControlMaster=no", "-oControlPath=none", NULL);
	}
	free(socket);
}

char **
transport_command(const struct engine *engine, char *const *command)
{
	struct strvec there = STRVEC_INIT, argv = STRVEC_INIT;
	char **words;

	if (engine->sudo)
		strvec_pushl(&there, "sudo", "-n", "--", NULL);
	if (engine->bin && strncmp(*command, "vcap-", 5) == 0 && !strchr(*command, '/')) {
		char *path;

		strvec_push_nodup(
		    &there, asprintf(&path, "%s/%s", engine->bin, *command) < 0 ? NULL : path);
		command++;
	}
	strvec_pushv(&there, command);
	words = strvec_detach(&there);
	if (!words || engine->transport == ENGINE_LOCAL)
		return words;
	if (engine->transport == ENGINE_EXEC) {
		strvec_pushv(&argv, engine->words);
		strvec_pushv(&argv, words);
	} else {
		strvec_pushv(&argv, ssh);
		add_sharing(engine, &argv);
		strvec_pushv(&argv, engine->words + 1);
		/* Neither banners nor what it has added to known_hosts; an engine's own -v and -q stay. */
		strvec_push(&argv, "-oLogLevel=ERROR");
		strvec_push(&argv, "--");
		strvec_push(&argv, engine->words[0]);
		strvec_push_nodup(&argv, shquote_join(words));
	}
	strvec_free(words);
	return strvec_detach(&argv);
}
