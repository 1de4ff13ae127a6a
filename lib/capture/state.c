#include "capture/state.h"

#include "base/clock.h"

bool
capture_can_follow(const struct capture_options *options)
{
	return !options->program || options->program->count + RING_INSNS_BEFORE <= BPF_MAX;
}

int64_t
capture_kept_ns(const struct capture_options *options)
{
	/* Removed at the next turn, a moment later. */
	return options->rolling_ns
		   ? options->rolling_ns + options->rolling_ns / 8 + 5 * NS_PER_SECOND
		   : 0;
}

void
capture_counts(struct capture *capture, unsigned core, uint32_t interface, struct counts *counts)
{
	struct output *output = &capture->outputs[capture->output_count > 1 ? core : 0];
	const size_t i = (size_t)core * capture->interfaces.room + interface;

	*counts = (struct counts){0};
	output_read(output, &capture->counters[i], counts);
}

void
capture_total(struct capture *capture, struct counts *total)
{
	const uint32_t interfaces = iftable_count(&capture->interfaces);
	struct counts counts;

	*total = (struct counts){0};
	for (unsigned core = 0; core < capture->core_count; core++)
		for (uint32_t i = 0; i < interfaces; i++) {
			capture_counts(capture, core, i, &counts);
			counts_add(total, &counts);
		}
}

int64_t
capture_complete_since(const struct capture *capture)
{
	const struct dropproc *drops = capture->options.drops;
	int64_t since = capture->runstate.start_ns;

	for (unsigned i = 0; i < capture->output_count; i++) {
		const int64_t begun =
		    __atomic_load_n(&capture->outputs[i].since_ns, __ATOMIC_RELAXED);

		if (begun > since)
			since = begun;
	}
	if (drops && drops->ring.since_ns > since)
		since = drops->ring.since_ns;
	return since;
}

int64_t
capture_written(const struct capture *capture)
{
	const struct dropproc *drops = capture->options.drops;
	int64_t least = drops ? dropproc_written(drops) : INT64_MAX;

	for (unsigned i = 0; i < capture->output_count; i++) {
		const int64_t written =
		    __atomic_load_n(&capture->outputs[i].written_ns, __ATOMIC_RELAXED);

		if (written < least)
			least = written;
	}
	return least;
}
