/*
 * Runs ssh(1), and makes its connection again where it was refused or cut before there was a
 * session: a bastion's sshd drops connections at random when many come at once (MaxStartups).
 */
#ifndef VCAP_SSHRUN_H
#define VCAP_SSHRUN_H

#include "base/failure.h"

#include <stdbool.h>

#define SSHRUN_TRIES 4 /* in all */

/* What ssh may leave behind: nothing, or a connection that others share (sshmux.h), which ends neither
 * with this process nor with its group. */
enum sshrun_connection { SSHRUN_OWN, SSHRUN_SHARED };

/* Runs argv, an ssh and its arguments (NULL-ended), on standard input, output and error, to its end.
 * Its own messages come when it has ended, behind the command's. Returns its exit status as
 * process_wait does; -1 with why: it could not be run. */
int sshrun(char *const *argv, enum sshrun_connection connection, struct failure *why);

/* Whether ssh's own messages (ssh -E) say that the connection was refused or cut before the servers
 * had introduced themselves, so that nothing has been run there. Pure. */
bool sshrun_may_try_again(const char *messages);

#endif
