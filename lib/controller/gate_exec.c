#include "controller/gate_exec.h"

#include <string.h>

#define ANSWER 4 /* words of `vcap-host answer NONCE --`, before another command */

void
gate_exec_push(const struct gate *gate, char *const *command, struct strvec *argv)
{
	const bool is_answer = command[1] && strcmp(command[1], "answer") == 0;
	const char *name;

	for (int i = 0; is_answer && i < ANSWER; i++)
		strvec_push(argv, *++command);
	name = gate_name(*command);
	if (gate->service && strcmp(name, "vcap-run") == 0)
		strvec_pushf(argv, "--service=%s", gate->service);
	if (gate->headers_only && strcmp(name, "vcap-merge") == 0) {
		/* Its first option is -w. */
		strvec_push(argv, *++command);
		strvec_push(argv, *++command);
		strvec_push(argv, "--cut");
	}
	if (gate->headers_only && strcmp(name, "vcap-region") == 0 &&
	    strcmp(command[1], "fetch") == 0) {
		strvec_push(argv, *++command);
		strvec_push(argv, "--cut");
	}
	strvec_pushv(argv, command + 1);
}
