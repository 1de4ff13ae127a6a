/*
 * Who asks for something, in one word: `LOGIN:UID`, then what the environment says, each behind a
 * comma:
 *
 *	sudo:USER:UID      SUDO_USER and SUDO_UID
 *	pkexec:UID         PKEXEC_UID
 *	ssh:ADDRESS        the client in SSH_CONNECTION
 *	cockpit:ADDRESS    the browser of a session of Cockpit, COCKPIT_REMOTE_PEER
 *	for:WORD           what another controller says of who asked there, to the end
 *
 * Only the uid is the kernel's word: anybody can set the environment of what they run, and so rights
 * must depend on nothing of this. What a name may not hold here is written %HH. Pure.
 */
#ifndef VCAP_CALLER_H
#define VCAP_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

#define CALLER_MAX 256 /* bytes of a word, with its NUL */

struct caller {
	const char *login; /* the name of uid; NULL: not known, and "-" is written */
	uid_t uid;         /* real */
	const char *other; /* for:, a word of this kind; NULL: none */
};

/* Writes the word, cut at its end if it is too long. variable: getenv. Returns to. */
char *caller_word(const struct caller *caller, char *(*variable)(const char *name),
		  char to[CALLER_MAX]);

/* Whether word is short enough, not empty, and of [A-Za-z0-9._:@%,-], which mean nothing to a shell,
 * a terminal or a log. */
bool caller_is_word(const char *word);

#endif
