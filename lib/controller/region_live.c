/*
 * The larger controller renews a lease as it does with an engine's vcap-run, and the region's vcap-live
 * renews those of its engines. So this is between the two leases: it reads the one, and when that ends it
 * ends vcap-live, which lets go of the others. Packets do not pass through here. Whoever is killed, the
 * next lease runs out.
 */
#include "controller/region_live.h"

#include "base/clock.h"
#include "base/heartbeat.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/strvec.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Time for vcap-live to end, which has time limits of its own for each step. */
#define GRACE_NS (20 * NS_PER_SECOND)

int
region_live_lease(const char *word, int64_t *lease_ns, struct failure *why)
{
	static const char option[] = "--lease=";

	if (!word || strncmp(word, option, sizeof(option) - 1) != 0)
		return failure_set(why, "'live' needs a lease first: '--lease=15s'");
	return parse_duration(word + sizeof(option) - 1, NS_PER_SECOND, lease_ns, why);
}

/* Waits until the lease ends, or the child does. Returns whether the child still runs. */
static bool
outlives(const struct process *child, int in, int64_t lease_ns)
{
	struct heartbeat lease;

	heartbeat_begin(&lease, in, lease_ns);
	for (;;) {
		struct pollfd pollers[] = {{in, POLLIN, 0}, {child->handle, POLLIN, 0}};
		const int64_t left_ns = lease.end_ns - clock_monotonic_ns();

		if (poll(pollers, 2, left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0) < 0)
			pollers[0].revents = 0;
		if (pollers[1].revents)
			return false;
		if (heartbeat_listen(&lease, pollers[0].revents) != HEARTBEAT_LASTS)
			return true;
	}
}

int
region_live(char *const *arguments, const char *specs, int in, int64_t lease_ns,
	    struct failure *why)
{
	const bool has_specs = specs && *specs;
	struct strvec argv = STRVEC_INIT;
	struct process child = PROCESS_INIT;
	int input = -1, rc = 0;

	strvec_push(&argv, "vcap-live");
	strvec_pushv(&argv, arguments);
	if (has_specs) {
		strvec_push(&argv, "-");
		input = process_input_open(specs, strlen(specs), why);
	}
	if (argv.failed)
		rc = failure_nomem(why);
	else if (has_specs && input < 0)
		rc = -1;
	else
		rc = process_start(&child, argv.list, input, STDOUT_FILENO, STDERR_FILENO, why);
	strvec_release(&argv);
	if (input >= 0)
		close(input);
	if (rc < 0)
		return -1;
	if (outlives(&child, in, lease_ns))
		kill(child.pid, SIGTERM);
	return process_wait(&child, GRACE_NS);
}
