/* What a capture is made of, and how its parts hang together: capture_open. */
#include "capture/capture.h"

#include "base/clock.h"
#include "base/parse.h"
#include "capture/fileheader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How soon packets are handed over that come slowly. A file can wait longer: the fewer blocks of a
 * ring are handed over nearly empty, the longer a stall of the disk it bridges. */
#define RETIRE_STREAM_MS 10
#define RETIRE_FILE_MS   40

/* What the end marks of a file take: for each interface, and a command's last words. */
#define END_ROOM(interfaces) (256 * (interfaces) + 1024)

/* One more than the highest CPU there is: fanout counts CPUs from 0, gaps included. */
static unsigned
count_cores(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/present", "re");
	char text[256] = "";
	long count = sysconf(_SC_NPROCESSORS_CONF);

	/* "0-3" or "0,2-5": the last number is the highest. */
	if (file && fgets(text, sizeof(text), file)) {
		size_t end = strcspn(text, "\n");

		while (end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9')
			end--;
		if (text[end])
			count = strtol(text + end, NULL, 10) + 1;
	}
	if (file)
		fclose(file);
	return count < 1 ? 1 : (unsigned)count;
}

static uint64_t
default_ring_bytes(unsigned cores)
{
	uint64_t share = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 32;
	uint64_t most = (uint64_t)cores * (64 << 20);

	return share < most ? share : most;
}

static int
open_rings(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	uint64_t bytes =
	    options->ring_bytes ? options->ring_bytes : default_ring_bytes(capture->core_count);
	struct ring_geometry geometry = ring_divide(
	    bytes / (capture->core_count * capture->interface_count), capture->ring_snaplen,
	    options->dir && !options->slot ? RETIRE_FILE_MS : RETIRE_STREAM_MS);

	for (uint32_t i = 0; i < capture->interface_count; i++) {
		struct capture_interface *interface = &capture->interfaces[i];
		struct ring_where where = {
		    .ifindex = interface->iface->index,
		    .name = interface->iface->name,
		    .linktype = interface->iface->linktype,
		    .is_loopback = interface->iface->is_loopback,
		};

		for (unsigned c = 0; c < capture->core_count; c++) {
			struct ring_input *lane = &capture->lanes[c * capture->interface_count + i];

			lane->head.iface = i;
			lane->head.core = c;
			if (ring_open(&lane->ring, &where, geometry, why) < 0 ||
			    ring_join(&lane->ring, &interface->group, capture->core_count, why) < 0)
				return -1;
		}
	}
	return 0;
}

/* Opens an outlet of these ledgers: a file of their core, or, with a descriptor, a livestream. */
static int
open_outlet(struct capture *capture, struct output *outlet, struct counters *ledgers, int fd,
	    struct failure *why)
{
	const struct capture_options *options = &capture->options;
	struct rotation *series = &outlet->series;

	outlet->ledgers = ledgers;
	outlet->interface_count = capture->interface_count;
	outlet->control = &capture->control;
	outlet->snaplen = PACKET_SNAPLEN;
	series->fd = fd;
	series->abandon = &capture->control.abandon;
	series->end_room = END_ROOM(capture->interface_count);
	if (fd < 0) {
		series->dir = options->dir;
		series->quota = &capture->quota;
		series->core = ledgers->core->number;
		series->file_size = options->file_size;
		series->files = options->files;
	}
	if (fileheader_blocks(capture, fd < 0 ? ledgers->core : NULL, &series->headers) < 0)
		return failure_errno(why, "cannot start recording");
	return output_open(outlet, why);
}

/* What is kept: a file for each core, or a livestream. */
static int
open_outlets(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const size_t lanes = (size_t)capture->core_count * capture->interface_count;

	for (unsigned i = 0; i < capture->output_count; i++) {
		struct output *outlet = &capture->outlets[i];
		int fd = options->dir ? -1 : dup(STDOUT_FILENO);

		if (!options->dir && fd < 0)
			return failure_errno(why, "cannot write to standard output");
		outlet->ledger_count = lanes / capture->output_count;
		outlet->count = options->count;
		outlet->closed = STOP_CLOSED;
		if (open_outlet(capture, outlet, &capture->ledgers[i * outlet->ledger_count], fd,
				why) < 0) {
			if (fd >= 0 && outlet->series.recording.fd != fd)
				close(fd);
			return -1;
		}
		if (options->snaplen)
			outlet->snaplen = options->snaplen;
	}
	return 0;
}

/* What goes to the command; and, before it is told apart from one that works, its headers. */
static int
open_feed(struct capture *capture, struct failure *why)
{
	struct filterproc *slot = capture->options.slot;
	struct output *feed = &capture->feed;
	struct filewriter *recording = &feed->series.recording;
	int rc;

	feed->ledger_count = (size_t)capture->core_count * capture->interface_count;
	feed->closed = STOP_FILTER;
	rc = open_outlet(capture, feed, capture->feed_ledgers, slot->to, why);
	if (recording->fd == slot->to)
		slot->to = -1;
	if (rc < 0)
		return -1;
	slot->names = capture->names;
	slot->interface_count = capture->interface_count;
	slot->core_count = capture->core_count;
	slot->outlets = capture->outlets;
	slot->output_count = capture->output_count;
	slot->feed = feed;
	slot->control = &capture->control;
	/* A heartbeat makes a command that reads a livestream answer. More than this would wait for
	 * it to read. */
	runstate_start(&capture->control);
	output_heartbeat(feed, clock_monotonic_ns(), clock_realtime_ns() - NS_PER_SECOND);
	if (recording->used < 32768)
		filewriter_flush(recording);
	return filterproc_try(slot, why);
}

/* Who reads which rings for which outlet. */
static int
assign(struct capture *capture, struct failure *why)
{
	struct filterproc *slot = capture->options.slot;
	const size_t lanes = (size_t)capture->core_count * capture->interface_count;

	for (size_t i = 0; i < lanes; i++)
		capture->lanes[i].ledger = slot ? &capture->feed_ledgers[i] : &capture->ledgers[i];
	for (unsigned i = 0; i < capture->capture_loop_count; i++) {
		struct capture_loop *collector = &capture->collectors[i];

		collector->lane_count = lanes / capture->capture_loop_count;
		collector->lanes = &capture->lanes[i * collector->lane_count];
		collector->control = &capture->control;
		collector->outlet = slot ? &capture->feed : &capture->outlets[i];
		collector->outlet->counter = capture_loop_count;
		collector->outlet->context = collector;
		if (capture_loop_init(collector, why) < 0)
			return -1;
	}
	for (unsigned i = 0; slot && i < capture->output_count; i++) {
		capture->outlets[i].counter = filterproc_count;
		capture->outlets[i].context = slot;
	}
	return 0;
}

/* Zeroed, and aligned as what threads must not share. NULL: no memory. */
static void *
allocate_apart(size_t count, size_t size)
{
	void *bytes = aligned_alloc(_Alignof(struct output), (count ? count : 1) * size);

	return bytes ? memset(bytes, 0, count * size) : NULL;
}

static int
allocate(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const struct ifaces *ifaces = options->interfaces;
	size_t lanes;

	for (size_t i = 0; i < ifaces->count; i++)
		capture->interface_count += ifaces->list[i].taken;
	capture->core_count = count_cores();
	/* A command judges whole packets; they are cut afterwards. */
	capture->ring_snaplen = options->slot ? 0 : options->snaplen;
	capture->output_count = options->dir ? capture->core_count : 1;
	capture->capture_loop_count = options->slot ? 1 : capture->output_count;
	lanes = (size_t)capture->core_count * capture->interface_count;
	capture->interfaces = calloc(capture->interface_count, sizeof(*capture->interfaces));
	capture->names = calloc(capture->interface_count, sizeof(*capture->names));
	capture->cores = allocate_apart(capture->core_count, sizeof(*capture->cores));
	capture->feed_cores = allocate_apart(capture->core_count, sizeof(*capture->feed_cores));
	capture->ledgers = allocate_apart(lanes, sizeof(*capture->ledgers));
	capture->feed_ledgers = allocate_apart(lanes, sizeof(*capture->feed_ledgers));
	capture->outlets = allocate_apart(capture->output_count, sizeof(*capture->outlets));
	capture->collectors = calloc(capture->capture_loop_count, sizeof(*capture->collectors));
	capture->threads = calloc(capture->capture_loop_count + 1, sizeof(*capture->threads));
	capture->lanes = allocate_apart(lanes, sizeof(*capture->lanes));
	for (size_t i = 0; capture->lanes && i < lanes; i++)
		capture->lanes[i] = (struct ring_input){.ring = RING_INIT};
	for (unsigned i = 0; capture->outlets && i < capture->output_count; i++)
		capture->outlets[i] = OUTPUT_INIT;
	if (!capture->interfaces || !capture->names || !capture->cores || !capture->feed_cores ||
	    !capture->ledgers || !capture->feed_ledgers || !capture->outlets ||
	    !capture->collectors || !capture->threads || !capture->lanes)
		return failure_errno(why, "cannot start a capture");
	return 0;
}

static void
number(struct capture *capture)
{
	const struct ifaces *ifaces = capture->options.interfaces;

	for (size_t i = 0, taken = 0; i < ifaces->count; i++) {
		if (!ifaces->list[i].taken)
			continue;
		capture->names[taken] = ifaces->list[i].name;
		capture->interfaces[taken++].iface = &ifaces->list[i];
	}
	for (unsigned i = 0; i < capture->core_count; i++)
		capture->cores[i].number = capture->feed_cores[i].number = i;
	for (size_t i = 0; i < (size_t)capture->core_count * capture->interface_count; i++) {
		capture->ledgers[i].core = &capture->cores[i / capture->interface_count];
		capture->feed_ledgers[i].core = &capture->feed_cores[i / capture->interface_count];
	}
}

int
capture_open(struct capture *capture, const struct capture_options *options, struct failure *why)
{
	uint64_t slack;

	*capture = CAPTURE_INIT;
	capture->options = *options;
	if (allocate(capture, why) < 0)
		goto fail;
	number(capture);
	if (runstate_init(&capture->control, capture->core_count, why) < 0)
		goto fail;
	/* Each file's end marks and its last page, and the status. */
	slack = capture->core_count * ((uint64_t)END_ROOM(capture->interface_count) + 4096) + 8192;
	if (options->dir && diskquota_init(&capture->quota, options->dir->fd, options->max_size,
					   options->reserve, slack, why) < 0)
		goto fail;
	if (open_rings(capture, why) < 0 || assign(capture, why) < 0 ||
	    open_outlets(capture, why) < 0 || (options->slot && open_feed(capture, why) < 0))
		goto fail;
	return 0;
fail:
	capture_close(capture);
	return -1;
}
