/*
 * `bash` in vcap shell: a shell of this host.
 */
#ifndef VCAP_SHELL_BASH_H
#define VCAP_SHELL_BASH_H

#include "base/failure.h"
#include "shell/shell_state.h"

/* On a terminal runs bash, or sh, until it ends: EXIT_DONE. In a script what follows is for that shell,
 * and is the end of the script: its exit status. EXIT_FAILED with why: it could not be run. */
int shell_bash(struct shell *shell, struct failure *why);

#endif
