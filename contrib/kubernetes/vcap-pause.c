/*
 * The first process of the pod of an engine: waits until it is told to end, and reaps what captures
 * that were detached leave behind. Other commands are run beside it (kubectl exec).
 */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int
main(void)
{
	sigset_t wanted;
	int signal;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	while (sigwait(&wanted, &signal) == 0 && signal == SIGCHLD)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	return 0;
}
