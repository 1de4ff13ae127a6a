/*
 * Three forms of the same parts. Into a directory: a loop, an output and a rotation of files for
 * each core, so that cores share nothing while they capture. To a stream: one loop with all rings,
 * which it merges, and one output. With a filter command: one loop to the command's standard input,
 * counted apart, while another thread reads what the command keeps into the outputs of either form.
 *
 * Where the choice of interfaces may change, each core has a single ring, of all interfaces: one that
 * is bound to an interface that comes later would need a privilege. Its program is a little longer
 * than that of other rings; where there is no room for that, the choice of the beginning stays.
 *
 * All that needs a privilege is opened here. Later on only further files are, in the directory.
 */
#include "capture/setup.h"

#include "base/clock.h"
#include "capture/fileheader.h"
#include "capture/ringopen.h"
#include "capture/ringshare.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* How soon the kernel hands over a ring block that is not full. A short time costs capacity: the
 * fewer blocks are handed over nearly empty, the longer a stall of the disk the ring bridges. */
#define RETIRE_STREAM_MS 10
#define RETIRE_FILE_MS   40

/* Bytes of headers that a command certainly has room for in its pipe, whatever its size. */
#define HEADERS_MAX 32768

/* By how many interfaces a capture may grow: those of a host whose containers come and go. */
#define INTERFACES_LATER 4096

static size_t
input_count(const struct capture *capture)
{
	return (size_t)capture->core_count * capture->rings_per_core;
}

static size_t
counters_count(const struct capture *capture)
{
	return (size_t)capture->core_count * capture->interfaces.room;
}

/* Zeroed, and aligned so that threads do not share cache lines. What is not used takes no memory.
 * NULL: out of memory. */
static void *
allocate_aligned(size_t count, size_t size)
{
	const size_t bytes = (count ? count : 1) * size;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void
release_aligned(void *memory, size_t count, size_t size)
{
	if (memory)
		munmap(memory, (count ? count : 1) * size);
}

/* Opens the table of interfaces, and the watch if the choice may change. */
static int
choose_interfaces(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const struct ifaces *ifaces = options->interfaces;
	uint32_t taken = 0;

	for (size_t i = 0; i < ifaces->count; i++)
		taken += ifaces->list[i].taken;
	capture->is_watching = ifrule_follows(options->rule) && capture_can_follow(options);
	if (options->rule->awaited_count && !capture->is_watching)
		return failure_set(why,
				   "no interface can be waited for: the program has more than "
				   "%d instructions",
				   BPF_MAX - RING_INSNS_BEFORE);
	if (iftable_init(&capture->interfaces, taken + capture->is_watching * INTERFACES_LATER,
			 why) < 0)
		return -1;
	if (capture->is_watching) {
		capture->rings_per_core = 1;
		return ifwatch_open(&capture->watch, options->rule, &capture->interfaces, why);
	}
	for (size_t i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].taken)
			iftable_add(&capture->interfaces, &ifaces->list[i], 0);
	capture->rings_per_core = taken;
	return 0;
}

static int
allocate(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	size_t inputs;

	capture->core_count = ringshare_cores();
	/* A filter command judges whole packets; they are cut afterwards. */
	capture->ring_snaplen = options->filter ? 0 : options->snaplen;
	capture->output_count = options->dir ? capture->core_count : 1;
	capture->loop_count = options->filter ? 1 : capture->output_count;
	inputs = input_count(capture);
	capture->is_deleted = calloc(capture->interfaces.room, sizeof(*capture->is_deleted));
	capture->cores = allocate_aligned(capture->core_count, sizeof(*capture->cores));
	capture->filter_input_cores =
	    allocate_aligned(capture->core_count, sizeof(*capture->filter_input_cores));
	capture->counters = allocate_aligned(counters_count(capture), sizeof(*capture->counters));
	capture->filter_input_counters =
	    allocate_aligned(counters_count(capture), sizeof(*capture->filter_input_counters));
	capture->outputs = allocate_aligned(capture->output_count, sizeof(*capture->outputs));
	capture->loops = calloc(capture->loop_count, sizeof(*capture->loops));
	capture->threads = calloc(capture->loop_count + 1, sizeof(*capture->threads));
	capture->inputs = allocate_aligned(inputs, sizeof(*capture->inputs));
	for (size_t i = 0; capture->inputs && i < inputs; i++)
		capture->inputs[i] = (struct ring_input){.ring = RING_INIT};
	for (unsigned i = 0; capture->outputs && i < capture->output_count; i++)
		capture->outputs[i] = OUTPUT_INIT;
	if (!capture->is_deleted || !capture->cores || !capture->filter_input_cores ||
	    !capture->counters || !capture->filter_input_counters || !capture->outputs ||
	    !capture->loops || !capture->threads || !capture->inputs)
		return failure_errno(why, "cannot start a capture");
	return 0;
}

static void
number_cores(struct capture *capture)
{
	for (unsigned i = 0; i < capture->core_count; i++)
		capture->cores[i].number = capture->filter_input_cores[i].number = i;
}

/* The interface of each ring of a core, the same for all cores: number i, or all of them. */
static struct ring_where
where_of(const struct capture *capture, uint32_t i)
{
	const struct ifaces *ifaces = capture->options.interfaces;
	const struct ifslot *slot = &capture->interfaces.slots[i];

	for (size_t at = 0; !capture->is_watching && at < ifaces->count; at++)
		if (strcmp(ifaces->list[at].name, slot->name) == 0)
			return (struct ring_where){
			    .ifindex = ifaces->list[at].index,
			    .name = slot->name,
			    .linktype = slot->linktype,
			    .is_loopback = ifaces->list[at].is_loopback,
			};
	return (struct ring_where){.name = "any", .linktype = LINKTYPE_EN10MB};
}

/* Joins the rings of the same interface into a group, core by core. */
static int
join_rings(struct capture *capture, struct failure *why)
{
	for (uint32_t i = 0; i < capture->rings_per_core; i++) {
		int group = 0;

		for (unsigned c = 0; c < capture->core_count; c++)
			if (ring_join(&capture->inputs[c * capture->rings_per_core + i].ring,
				      &group, capture->core_count, why) < 0)
				return -1;
	}
	return 0;
}

static int
open_rings(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const size_t count = input_count(capture);
	uint64_t bytes =
	    options->ring_bytes ? options->ring_bytes : ringshare_default(capture->core_count);
	struct ring_geometry geometry =
	    ring_divide(bytes / count, capture->ring_snaplen,
			options->dir && !options->filter ? RETIRE_FILE_MS : RETIRE_STREAM_MS);
	struct ringopen_order *orders = calloc(count, sizeof(*orders));
	int rc;

	if (!orders)
		return failure_nomem(why);
	for (size_t i = 0; i < count; i++) {
		struct ring_input *input = &capture->inputs[i];
		const uint32_t interface = (uint32_t)(i % capture->rings_per_core);

		input->packet.iface = interface;
		input->packet.core = (uint32_t)(i / capture->rings_per_core);
		orders[i] = (struct ringopen_order){&input->ring, where_of(capture, interface)};
	}
	rc = ringopen_all(orders, count, geometry, why);
	free(orders);
	return rc < 0 ? -1 : join_rings(capture, why);
}

/* A ring gives its oldest file for the next: one file is a small part of what its core may have. */
static uint64_t
file_size(const struct capture *capture)
{
	const struct capture_options *options = &capture->options;
	const uint64_t part = capture->quota.max_size / capture->core_count / 8;

	if (options->file_size || !options->rolling_ns)
		return options->file_size;
	return part > ROTATION_SIZE_MIN ? part : ROTATION_SIZE_MIN;
}

/* Opens an output whose cores and counters are set: a file of its core, or a stream on fd. */
static int
open_output(struct capture *capture, struct output *output, int fd, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	struct rotation *rotation = &output->rotation;

	output->interfaces = &capture->interfaces;
	output->described = iftable_count(&capture->interfaces);
	output->describe = fileheader_interface;
	output->describe_context = capture;
	output->runstate = &capture->runstate;
	output->snaplen = PACKET_SNAPLEN;
	rotation->fd = fd;
	rotation->abandon = &capture->runstate.abandon;
	rotation->end_room = OUTPUT_END_ROOM(output->described);
	if (fd < 0) {
		rotation->dir = options->dir;
		rotation->quota = &capture->quota;
		rotation->core = output->cores->number;
		rotation->file_size = file_size(capture);
		rotation->files = options->files;
		rotation->rolling_ns = options->rolling_ns;
	}
	if (fileheader_blocks(capture, fd < 0 ? output->cores : NULL, output->described,
			      &rotation->headers) < 0)
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
		output->cores = &capture->cores[i];
		output->core_count = capture->core_count / capture->output_count;
		output->counters = &capture->counters[(size_t)i * capture->interfaces.room];
		output->count = options->count;
		output->closed_reason = STOP_CLOSED;
		if (open_output(capture, output, fd, why) < 0) {
			if (fd >= 0 && output->rotation.writer.fd != fd)
				close(fd);
			return -1;
		}
		if (options->snaplen)
			output->snaplen = options->snaplen;
		output->cuts = options->cuts;
		output->losses = &capture->losses;
		output->tap = options->keys ? options->keys->tap : NULL;
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

	input->cores = capture->filter_input_cores;
	input->core_count = capture->core_count;
	input->counters = capture->filter_input_counters;
	input->closed_reason = STOP_FILTER;
	rc = open_output(capture, input, filter->to, why);
	if (writer->fd == filter->to)
		filter->to = -1;
	if (rc < 0)
		return -1;
	filter->interfaces = &capture->interfaces;
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

	for (size_t i = 0; i < input_count(capture); i++) {
		struct ring_input *input = &capture->inputs[i];
		const size_t row = (size_t)input->packet.core * capture->interfaces.room;

		input->core = filter ? &capture->filter_input_cores[input->packet.core]
				     : &capture->cores[input->packet.core];
		input->counters =
		    filter ? &capture->filter_input_counters[row] : &capture->counters[row];
	}
	for (unsigned i = 0; i < capture->loop_count; i++) {
		struct capture_loop *loop = &capture->loops[i];

		loop->input_count = input_count(capture) / capture->loop_count;
		loop->inputs = &capture->inputs[i * loop->input_count];
		loop->runstate = &capture->runstate;
		loop->watch = capture->is_watching ? &capture->watch : NULL;
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

/* Has each loop count the packets that are watched for. */
static int
count_packets(struct capture *capture, struct packetrates *rates, struct failure *why)
{
	if (rates->count == 0)
		return 0;
	for (unsigned i = 0; i < capture->loop_count; i++) {
		capture->loops[i].rates = rates;
		capture->loops[i].number = i;
	}
	return packetrates_open(rates, capture->loop_count, why);
}

int
setup_open(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	uint64_t slack;

	if (choose_interfaces(capture, why) < 0 || allocate(capture, why) < 0)
		return -1;
	number_cores(capture);
	losses_open(&capture->losses, &capture->interfaces, capture_kept_ns(options));
	if (runstate_init(&capture->runstate, capture->core_count, why) < 0)
		return -1;
	/* The last blocks of each file and its last page; the status file. */
	slack = capture->core_count *
		    ((uint64_t)OUTPUT_END_ROOM(iftable_count(&capture->interfaces)) + 4096) +
		8192;
	if (options->dir && diskquota_init(&capture->quota, options->dir->fd, options->max_size,
					   options->reserve, slack, why) < 0)
		return -1;
	if (open_rings(capture, why) < 0 || connect_loops(capture, why) < 0 ||
	    open_outputs(capture, why) < 0)
		return -1;
	if (options->triggers && count_packets(capture, &options->triggers->rates, why) < 0)
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
	ifwatch_close(&capture->watch);
	losses_close(&capture->losses);
	free(capture->is_deleted);
	release_aligned(capture->cores, capture->core_count, sizeof(*capture->cores));
	release_aligned(capture->filter_input_cores, capture->core_count,
			sizeof(*capture->filter_input_cores));
	release_aligned(capture->counters, counters_count(capture), sizeof(*capture->counters));
	release_aligned(capture->filter_input_counters, counters_count(capture),
			sizeof(*capture->filter_input_counters));
	release_aligned(capture->inputs, input_count(capture), sizeof(*capture->inputs));
	release_aligned(capture->outputs, capture->output_count, sizeof(*capture->outputs));
	free(capture->loops);
	free(capture->threads);
	iftable_release(&capture->interfaces);
}
