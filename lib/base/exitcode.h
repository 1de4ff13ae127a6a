/*
 * Exit codes of all commands, and what callers of commands compare with (vcap(7), EXIT STATUS).
 * Above 3 they are those of the shell, timeout(1) and ssh(1).
 */
#ifndef VCAP_EXITCODE_H
#define VCAP_EXITCODE_H

enum exitcode {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_MISUSE = 2,  /* wrong usage: options or operands */
	EXIT_PARTIAL = 3, /* there is a result, but something is missing from it */
	EXIT_TIMEOUT = 124,
	EXIT_NOT_EXECUTABLE = 126, /* the program was found and cannot be run */
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128,      /* plus the number of the signal that ended the command */
	EXIT_NOT_REACHED = 255, /* no connection to the engine */
};

#endif
