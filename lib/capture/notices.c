#include "capture/notices.h"

#include "capture/ring.h"

#include <inttypes.h>

void
notices_interfaces(const struct ifaces *ifaces, const struct ifrule *rule, notices_print *print)
{
	const bool is_default = rule->named_count == 0 && rule->awaited_count == 0;

	for (size_t i = 0; i < rule->awaited_count; i++)
		if (!ifrule_has_taken(ifaces, rule->awaited[i]))
			print("'%s' is waited for", rule->awaited[i]);
	for (size_t i = 0; i < ifaces->count; i++) {
		const struct iface *iface = &ifaces->list[i];

		if (iface->taken && iface->has_xdp)
			print("'%s' has an XDP program, which may hide packets", iface->name);
		if (is_default && ifrule_leaves_out(iface))
			print("'%s' is left out: not an Ethernet interface", iface->name);
	}
}

void
notices_limits(const struct capture_options *capture, notices_print *print)
{
	if (capture->count && !capture->duration_ns)
		print("-c without -t: a core that sees no packets never fills");
	if (ifrule_follows(capture->rule) && !capture_can_follow(capture))
		print("interfaces that come later are not captured: the program has %zu "
		      "instructions, and no more than %d are possible with that",
		      capture->program->count, BPF_MAX - RING_INSNS_BEFORE);
	if (capture->dir && !capture->count && !capture->duration_ns && !capture->files &&
	    !capture->rolling_ns)
		print("neither -c nor -t: goes on until it is stopped or the disk's limits are "
		      "met");
}

void
notices_end(struct capture *capture, notices_print *print)
{
	const struct runstate *runstate = &capture->runstate;
	const int64_t step = runstate_clock_step(runstate);
	char name[IFACE_NAME_SIZE];
	struct counts total;

	if (runstate->reason == STOP_CLOSED)
		return;
	if (capture->is_watching && ifwatch_left_out(&capture->watch, name))
		print("'%s' came, and is left out: not an Ethernet interface", name);
	capture_total(capture, &total);
	print("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64
	      " dropped by the kernel; ended by %s%s%s",
	      total.packets - total.removed, total.bytes - total.removed_bytes, total.dropped,
	      stop_reason_name(runstate->reason), *capture->message ? ", " : "", capture->message);
	if (total.removed)
		print("%" PRIu64 " older packets have made room for newer ones", total.removed);
	if (step)
		print("the clock was set by %+.3f s meanwhile: times before and after differ",
		      (double)step / 1e9);
}
