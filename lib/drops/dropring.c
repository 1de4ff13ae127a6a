/*
 * To the output this is a capture of one core with one interface, which has everything and drops what was counted
 * only. It runs in the thread of vcap-drops, which is all that looks at it.
 */
#include "drops/dropring.h"

#include "base/clock.h"
#include "base/diskquota.h"
#include "capture/output.h"
#include "capture/ringmark.h"
#include "packet/loss.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* A file is a small part of what the ring may have: it gives its oldest one for the next. */
#define FILES_LEAST 8
/* Held back beside the last blocks: the last page. */
#define SLACK 4096

struct dropring {
	struct output output;
	struct counters counters;
	struct core core;
	struct iftable interfaces;
	struct runstate runstate;
	struct diskquota quota;
	struct rundir dir; /* its descriptor is the caller's */
	FILE *told;
	uint64_t not_kept;
};

/* An output_refresh. */
static void
refresh(void *context)
{
	struct dropring *ring = context;
	struct counts *counts = &ring->counters.counts;

	counts->dropped = ring->not_kept;
	counts->received = counts->packets + counts->skipped + counts->dropped;
}

/* An output_describe: no interface comes later. */
static int
describe(void *context, uint32_t interface, struct blocks *blocks)
{
	(void)context;
	(void)interface;
	(void)blocks;
	return 0;
}

static int
add_headers(struct blocks *blocks, const char *engine)
{
	char name[128], os[160], mark[64], *description = (char *)(uintptr_t)engine;
	const char *const comments[] = {mark, NULL};
	const struct interface interface = {
	    .name = name, .description = description, .linktype = LINKTYPE_EN10MB};
	struct utsname uts;

	uname(&uts);
	snprintf(os, sizeof(os), "%.65s %.65s", uts.sysname, uts.release);
	snprintf(mark, sizeof(mark), RINGMARK_KEY " %0*d", RINGMARK_WIDTH, 0);
	snprintf(name, sizeof(name), "%s/" LOSS_INTERFACE, engine);
	return pcapng_write_section(blocks, PCAPNG_END_PROMISED, uts.machine, os,
				    "vcap-drops " VCAP_VERSION, comments, NULL, 0) < 0 ||
		       pcapng_write_interface(blocks, &interface) < 0
		   ? -1
		   : 0;
}

/* What the output is made of. */
static int
prepare(struct dropring *ring, const struct dropring_options *options, struct failure *why)
{
	const struct iface all = {.name = LOSS_INTERFACE, .linktype = LINKTYPE_EN10MB};
	struct output *output = &ring->output;
	struct rotation *rotation = &output->rotation;

	ring->dir.fd = options->dirfd;
	if (runstate_init(&ring->runstate, 1, why) < 0 ||
	    iftable_init(&ring->interfaces, 1, why) < 0 ||
	    diskquota_init(&ring->quota, options->dirfd, options->max_size, options->reserve,
			   OUTPUT_END_ROOM(1) + SLACK, why) < 0)
		return -1;
	iftable_add(&ring->interfaces, &all, 0);
	output->interfaces = &ring->interfaces;
	output->described = 1;
	output->counters = &ring->counters;
	output->cores = &ring->core;
	output->core_count = 1;
	output->snaplen = PACKET_SNAPLEN;
	output->runstate = &ring->runstate;
	output->refresh = refresh;
	output->refresh_context = ring;
	output->describe = describe;
	rotation->dir = &ring->dir;
	rotation->quota = &ring->quota;
	rotation->stem = LOSS_STEM;
	rotation->rolling_ns = options->rolling_ns;
	rotation->file_size = ring->quota.max_size / FILES_LEAST;
	if (rotation->file_size < ROTATION_SIZE_MIN)
		rotation->file_size = ROTATION_SIZE_MIN;
	rotation->end_room = OUTPUT_END_ROOM(1);
	return add_headers(&rotation->headers, options->engine) < 0 ? failure_nomem(why) : 0;
}

struct dropring *
dropring_open(const struct dropring_options *options, struct failure *why)
{
	struct dropring *ring = aligned_alloc(_Alignof(struct dropring), sizeof(*ring));

	if (!ring) {
		failure_nomem(why);
		return NULL;
	}
	memset(ring, 0, sizeof(*ring));
	ring->output = OUTPUT_INIT;
	ring->runstate.stop_fd = -1;
	ring->dir = RUNDIR_INIT;
	ring->dir.path = (char *)(uintptr_t) ".";
	ring->told = options->told;
	if (prepare(ring, options, why) < 0 || output_open(&ring->output, why) < 0) {
		dropring_close(ring);
		return NULL;
	}
	runstate_start(&ring->runstate);
	return ring;
}

void
dropring_close(struct dropring *ring)
{
	if (!ring)
		return;
	output_release(&ring->output);
	iftable_release(&ring->interfaces);
	runstate_release(&ring->runstate);
	free(ring);
}

void
dropring_packet(struct dropring *ring, struct packet *packet)
{
	packet->iface = packet->core = 0;
	output_packet(&ring->output, packet);
}

int
dropring_count(struct dropring *ring, uint64_t not_kept, const char *lines)
{
	char *copy = lines ? strdup(lines) : NULL;

	if (lines && !copy)
		return -1;
	ring->not_kept = not_kept;
	free(ring->output.always_comment);
	ring->output.always_comment = copy;
	return 0;
}

/* What is in the files, as it was last published. */
static struct counts
read_counts(struct dropring *ring)
{
	struct counts counts = {0};

	output_read(&ring->output, &ring->counters, &counts);
	counts.packets -= counts.removed;
	counts.bytes -= counts.removed_bytes;
	return counts;
}

static void
tell(struct dropring *ring)
{
	const struct output *output = &ring->output;
	const struct keptfiles *kept = &output->rotation.kept;
	const struct counts counts = read_counts(ring);

	if (!ring->told)
		return;
	fprintf(ring->told,
		"ring %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		output->since_ns, output->written_ns, counts.packets, counts.bytes, kept->oldest,
		kept->newest);
	fflush(ring->told);
}

int
dropring_tick(struct dropring *ring, int64_t watermark_ns, struct failure *why)
{
	const int64_t now = clock_monotonic_ns();
	const struct runstate *runstate = &ring->runstate;

	runstate_forget_steps(&ring->runstate, ring->output.rotation.rolling_ns);
	output_heartbeat(&ring->output, now, watermark_ns);
	output_tick(&ring->output, now);
	tell(ring);
	if (!runstate->reason)
		return 0;
	return failure_set(why, "cannot write: %s%s%s", stop_reason_name(runstate->reason),
			   *runstate->message ? ": " : "", runstate->message);
}

int
dropring_finish(struct dropring *ring, uint64_t *packets, uint64_t *bytes, struct failure *why)
{
	struct counts counts;

	runstate_stop(&ring->runstate, STOP_REQUEST, "");
	output_finish(&ring->output);
	tell(ring);
	counts = read_counts(ring);
	*packets = counts.packets;
	*bytes = counts.bytes;
	return ring->output.is_complete ? 0 : failure_set(why, "a file could not be ended");
}
