/*
 * Three forms of the same parts. Into a directory: a loop, an output and a rotation of files for
 * each core, so that cores share nothing while they capture. To a stream: one loop with all rings,
 * which it merges, and one output. With a filter command: one loop to the command's standard input,
 * counted apart, while another thread reads what the command keeps into the outputs of either form.
 *
 * All that needs a privilege is opened here. Later on only further files are, in the directory.
 */
#include "capture/setup.h"

#include "base/clock.h"
#include "capture/fileheader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How soon the kernel hands over a ring block that is not full. A short time costs capacity: the
 * fewer blocks are handed over nearly empty, the longer a stall of the disk the ring bridges. */
#define RETIRE_STREAM_MS 10
#define RETIRE_FILE_MS   40

/* Bytes for the last blocks of a file: the statistics of each interface, and what the filter
 * command says at its end. */
#define END_ROOM(interfaces) (256 * (interfaces) + 1024)

/* Bytes of headers that a command certainly has room for in its pipe, whatever its size. */
#define HEADERS_MAX 32768

static size_t
input_count(const struct capture *capture)
{
	return (size_t)capture->core_count * capture->interface_count;
}

/* One more than the highest CPU: fanout numbers CPUs from 0, absent ones included. */
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

/* A 32nd of the memory, at most 64 MiB per core. */
static uint64_t
default_ring_bytes(unsigned cores)
{
	uint64_t share = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 32;
	uint64_t most = (uint64_t)cores * (64 << 20);

	return share < most ? share : most;
}

/* Zeroed, and aligned so that threads do not share cache lines. NULL: out of memory. */
static void *
allocate_aligned(size_t count, size_t size)
{
	void *bytes = aligned_alloc(_Alignof(struct output), (count ? count : 1) * size);

	return bytes ? memset(bytes, 0, count * size) : NULL;
}

static int
allocate(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const struct ifaces *ifaces = options->interfaces;
	size_t inputs;

	for (size_t i = 0; i < ifaces->count; i++)
		capture->interface_count += ifaces->list[i].taken;
	capture->core_count = count_cores();
	/* A filter command judges whole packets; they are cut afterwards. */
	capture->ring_snaplen = options->filter ? 0 : options->snaplen;
	capture->output_count = options->dir ? capture->core_count : 1;
	capture->loop_count = options->filter ? 1 : capture->output_count;
	inputs = input_count(capture);
	capture->interfaces = calloc(capture->interface_count, sizeof(*capture->interfaces));
	capture->interface_names =
	    calloc(capture->interface_count, sizeof(*capture->interface_names));
	capture->cores = allocate_aligned(capture->core_count, sizeof(*capture->cores));
	capture->filter_input_cores =
	    allocate_aligned(capture->core_count, sizeof(*capture->filter_input_cores));
	capture->counters = allocate_aligned(inputs, sizeof(*capture->counters));
	capture->filter_input_counters =
	    allocate_aligned(inputs, sizeof(*capture->filter_input_counters));
	capture->outputs = allocate_aligned(capture->output_count, sizeof(*capture->outputs));
	capture->loops = calloc(capture->loop_count, sizeof(*capture->loops));
	capture->threads = calloc(capture->loop_count + 1, sizeof(*capture->threads));
	capture->inputs = allocate_aligned(inputs, sizeof(*capture->inputs));
	for (size_t i = 0; capture->inputs && i < inputs; i++)
		capture->inputs[i] = (struct ring_input){.ring = RING_INIT};
	for (unsigned i = 0; capture->outputs && i < capture->output_count; i++)
		capture->outputs[i] = OUTPUT_INIT;
	if (!capture->interfaces || !capture->interface_names || !capture->cores ||
	    !capture->filter_input_cores || !capture->counters || !capture->filter_input_counters ||
	    !capture->outputs || !capture->loops || !capture->threads || !capture->inputs)
		return failure_errno(why, "cannot start a capture");
	return 0;
}

/* Gives each interface its place and each core its number. */
static void
number_parts(struct capture *capture)
{
	const struct ifaces *ifaces = capture->options.interfaces;

	for (size_t i = 0, taken = 0; i < ifaces->count; i++) {
		if (!ifaces->list[i].taken)
			continue;
		capture->interface_names[taken] = ifaces->list[i].name;
		capture->interfaces[taken++].iface = &ifaces->list[i];
	}
	for (unsigned i = 0; i < capture->core_count; i++)
		capture->cores[i].number = capture->filter_input_cores[i].number = i;
	for (size_t i = 0; i < input_count(capture); i++) {
		const size_t core = i / capture->interface_count;

		capture->counters[i].core = &capture->cores[core];
		capture->filter_input_counters[i].core = &capture->filter_input_cores[core];
	}
}

static int
open_rings(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	uint64_t bytes =
	    options->ring_bytes ? options->ring_bytes : default_ring_bytes(capture->core_count);
	struct ring_geometry geometry =
	    ring_divide(bytes / input_count(capture), capture->ring_snaplen,
			options->dir && !options->filter ? RETIRE_FILE_MS : RETIRE_STREAM_MS);

	for (uint32_t i = 0; i < capture->interface_count; i++) {
		struct capture_interface *interface = &capture->interfaces[i];
		struct ring_where where = {
		    .ifindex = interface->iface->index,
		    .name = interface->iface->name,
		    .linktype = interface->iface->linktype,
		    .is_loopback = interface->iface->is_loopback,
		};

		for (unsigned c = 0; c < capture->core_count; c++) {
			struct ring_input *input =
			    &capture->inputs[c * capture->interface_count + i];

			input->packet.iface = i;
			input->packet.core = c;
			if (ring_open(&input->ring, &where, geometry, why) < 0 ||
			    ring_join(&input->ring, &interface->fanout_group, capture->core_count,
				      why) < 0)
				return -1;
		}
	}
	return 0;
}

/* Opens an output that counts in these counters: a file of their core, or a stream on fd. */
static int
open_output(struct capture *capture, struct output *output, struct counters *counters, int fd,
	    struct failure *why)
{
	const struct capture_options *options = &capture->options;
	struct rotation *rotation = &output->rotation;

	output->counters = counters;
	output->interface_count = capture->interface_count;
	output->runstate = &capture->runstate;
	output->snaplen = PACKET_SNAPLEN;
	rotation->fd = fd;
	rotation->abandon = &capture->runstate.abandon;
	rotation->end_room = END_ROOM(capture->interface_count);
	if (fd < 0) {
		rotation->dir = options->dir;
		rotation->quota = &capture->quota;
		rotation->core = counters->core->number;
		rotation->file_size = options->file_size;
		rotation->files = options->files;
	}
	if (fileheader_blocks(capture, fd < 0 ? counters->core : NULL, &rotation->headers) < 0)
		return failure_errno(why, "cannot start writing packets");
	return output_open(output, why);
}

/* The files, one per core, or the stream. */
static int
open_outputs(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;

	for (unsigned i = 0; i < capture->output_count; i++) {
		struct output *output = &capture->outputs[i];
		int fd = options->dir ? -1 : dup(STDOUT_FILENO);

		if (!options->dir && fd < 0)
			return failure_errno(why, "cannot write to standard output");
		output->counters_count = input_count(capture) / capture->output_count;
		output->count = options->count;
		output->closed_reason = STOP_CLOSED;
		if (open_output(capture, output, &capture->counters[i * output->counters_count], fd,
				why) < 0) {
			if (fd >= 0 && output->rotation.writer.fd != fd)
				close(fd);
			return -1;
		}
		if (options->snaplen)
			output->snaplen = options->snaplen;
	}
	return 0;
}

/* The stream to the filter command. Its headers are written at once, for the command to show
 * that it works. */
static int
open_filter_input(struct capture *capture, struct failure *why)
{
	struct filterproc *filter = capture->options.filter;
	struct output *input = &capture->filter_input;
	struct filewriter *writer = &input->rotation.writer;
	int rc;

	input->counters_count = input_count(capture);
	input->closed_reason = STOP_FILTER;
	rc = open_output(capture, input, capture->filter_input_counters, filter->to, why);
	if (writer->fd == filter->to)
		filter->to = -1;
	if (rc < 0)
		return -1;
	filter->interface_names = capture->interface_names;
	filter->interface_count = capture->interface_count;
	filter->core_count = capture->core_count;
	filter->outputs = capture->outputs;
	filter->output_count = capture->output_count;
	filter->input = input;
	filter->runstate = &capture->runstate;
	/* A heartbeat makes a command that reads a stream answer. */
	runstate_start(&capture->runstate);
	output_heartbeat(input, clock_monotonic_ns(), clock_realtime_ns() - NS_PER_SECOND);
	/* More than this could block until the command reads. */
	if (writer->used < HEADERS_MAX)
		filewriter_flush(writer);
	return filterproc_try(filter, why);
}

/* Decides which loop reads which rings, for which output. */
static int
connect_loops(struct capture *capture, struct failure *why)
{
	struct filterproc *filter = capture->options.filter;

	for (size_t i = 0; i < input_count(capture); i++)
		capture->inputs[i].counters =
		    filter ? &capture->filter_input_counters[i] : &capture->counters[i];
	for (unsigned i = 0; i < capture->loop_count; i++) {
		struct capture_loop *loop = &capture->loops[i];

		loop->input_count = input_count(capture) / capture->loop_count;
		loop->inputs = &capture->inputs[i * loop->input_count];
		loop->runstate = &capture->runstate;
		loop->output = filter ? &capture->filter_input : &capture->outputs[i];
		loop->output->refresh = capture_loop_refresh;
		loop->output->refresh_context = loop;
		if (capture_loop_init(loop, why) < 0)
			return -1;
	}
	for (unsigned i = 0; filter && i < capture->output_count; i++) {
		capture->outputs[i].refresh = filterproc_refresh;
		capture->outputs[i].refresh_context = filter;
	}
	return 0;
}

int
setup_open(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	uint64_t slack;

	if (allocate(capture, why) < 0)
		return -1;
	number_parts(capture);
	if (runstate_init(&capture->runstate, capture->core_count, why) < 0)
		return -1;
	/* The last blocks of each file and its last page; the status file. */
	slack = capture->core_count * ((uint64_t)END_ROOM(capture->interface_count) + 4096) + 8192;
	if (options->dir && diskquota_init(&capture->quota, options->dir->fd, options->max_size,
					   options->reserve, slack, why) < 0)
		return -1;
	if (open_rings(capture, why) < 0 || connect_loops(capture, why) < 0 ||
	    open_outputs(capture, why) < 0)
		return -1;
	return options->filter ? open_filter_input(capture, why) : 0;
}

void
setup_release(struct capture *capture)
{
	for (unsigned i = 0; capture->loops && i < capture->loop_count; i++)
		capture_loop_release(&capture->loops[i]);
	for (unsigned i = 0; capture->outputs && i < capture->output_count; i++)
		output_release(&capture->outputs[i]);
	output_release(&capture->filter_input);
	for (size_t i = 0; capture->inputs && i < input_count(capture); i++)
		ring_close(&capture->inputs[i].ring);
	runstate_release(&capture->runstate);
	free(capture->interfaces);
	free(capture->interface_names);
	free(capture->cores);
	free(capture->filter_input_cores);
	free(capture->counters);
	free(capture->filter_input_counters);
	free(capture->inputs);
	free(capture->outputs);
	free(capture->loops);
	free(capture->threads);
}
