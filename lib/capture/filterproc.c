/*
 * What the command answers can be told apart from what it was fed only by the rules in the header,
 * so the reader here checks each of them. Two things pass through the command besides packets.
 * Heartbeats: statistics whose time is the watermark of everything written before, which the
 * command repeats once it has written all packets that are older; they keep files and streams
 * current while it passes no packets. And the statistics at the end, to whose comment the command
 * may add lines, which are repeated at the end of the first output.
 *
 * The counts of the rings (received, dropped) do not pass through the command: the output that
 * feeds it has them, in counters per core and interface, and filterproc_refresh copies them.
 */
#include "capture/filterproc.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/process.h"
#include "capfile/pcapng.h"
#include "capture/widepipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes read ahead of the outputs. */
#define READ_AHEAD_MAX ((size_t)1 << 20)

/* How long a command may take to show that it works; one that buffers its output does not. */
#define TRY_MS 500

/* How long to wait for the final counts of its input, once the command has ended. */
#define COUNTS_TIMEOUT NS_PER_SECOND

int
filterproc_start(struct filterproc *filter, char *const *argv, int err, int dir,
		 const int more[SUPERVISED_MORES], struct failure *why)
{
	struct supervised command = {.argv = argv, .in = -1, .out = -1, .err = err, .dir = dir};
	int in[2] = {-1, -1}, out[2] = {-1, -1}, rc = -1;
	char path[PATH_MAX], **words = NULL;
	size_t count = 0;

	*filter = FILTERPROC_INIT;
	filter->command = argv[0];
	memcpy(command.more, more, sizeof(command.more));
	while (argv[count])
		count++;
	/* Its path may be relative, and it will run in another directory. */
	if (strchr(argv[0], '/') && realpath(argv[0], path) &&
	    (words = malloc((count + 1) * sizeof(*words)))) {
		memcpy(words, argv, (count + 1) * sizeof(*words));
		words[0] = path;
		command.argv = words;
	}
	if (widepipe_open(in) < 0 || widepipe_open(out) < 0) {
		failure_errno(why, "cannot run '%s'", argv[0]);
	} else {
		command.in = in[0];
		command.out = out[1];
		rc = supervisor_start(&filter->supervisor, &command, why);
	}
	free(words);
	fileio_close(&in[0]);
	fileio_close(&out[1]);
	filter->to = in[1];
	filter->from = out[0];
	if (rc < 0)
		filterproc_release(filter);
	return rc;
}

int
filterproc_try(struct filterproc *filter, struct failure *why)
{
	if (supervisor_try(&filter->supervisor, filter->from, TRY_MS) == 0)
		return 0;
	return supervisor_explain(&filter->supervisor, filter->command, " before it got a packet",
				  why);
}

/* The output that has the packets of a core. */
static struct output *
output_of(const struct filterproc *filter, unsigned core)
{
	return &filter->outputs[filter->output_count > 1 ? core : 0];
}

static void
refresh_counters(struct filterproc *filter, unsigned core, uint32_t interface)
{
	struct output *output = output_of(filter, core);
	struct counters *counters = output_counters(output, core, interface);
	struct counts fed = {0};

	/* The counters of a full core are frozen. */
	if (output_core(output, core)->full_ns)
		return;
	output_read(filter->input, output_counters(filter->input, core, interface), &fed);
	counters->counts.received = fed.received;
	counters->counts.dropped = fed.dropped;
}

void
filterproc_refresh(void *arg)
{
	struct filterproc *filter = arg;
	const uint32_t interfaces = iftable_count(filter->interfaces);

	for (unsigned core = 0; core < filter->core_count; core++)
		for (uint32_t i = 0; i < interfaces; i++)
			refresh_counters(filter, core, i);
}

/* Maps new interfaces of the command's output to those of the capture, by name. */
static int
map_interfaces(struct filterproc *filter)
{
	const struct source *source = reader_source(filter->reader);
	uint32_t *ids;

	if (filter->id_count == source->interface_count)
		return 0;
	ids = realloc(filter->ids, source->interface_count * sizeof(*ids));
	if (!ids)
		return failure_errno(&filter->why, "cannot read from '%s'", filter->command);
	filter->ids = ids;
	for (; filter->id_count < source->interface_count; filter->id_count++) {
		const char *name = source->interfaces[filter->id_count].name;
		const uint32_t id = name ? iftable_find(filter->interfaces, name) : IFTABLE_NONE;

		if (id == IFTABLE_NONE)
			return failure_set(&filter->why,
					   "'%s' writes an interface that is not captured: '%s'",
					   filter->command, name ? name : "");
		filter->ids[filter->id_count] = id;
	}
	return 0;
}

static int
pass_packet(struct filterproc *filter, struct packet *packet)
{
	if (packet->core >= filter->core_count)
		return failure_set(&filter->why, "'%s' writes a packet without its core",
				   filter->command);
	packet->iface = filter->ids[packet->iface];
	output_packet(output_of(filter, packet->core), packet);
	return 0;
}

/* Keeps what the command adds to the comment of the last statistics, for those of the capture. */
static void
take_comment(struct filterproc *filter, const struct interface *interface)
{
	struct output *first = filter->outputs;
	const char *line = interface->comment;

	if (interface->statistics.end_ns == INT64_MIN || !interface->statistics.commented ||
	    first->filter_comment)
		return;
	/* The capture's own lines come back, and will be written again. */
	while (line && strncmp(line, "ended ", 6) == 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line && *line)
		first->filter_comment = strdup(line);
}

/* A heartbeat: one for each interface in turn, of which the last completes it. */
static void
pass_statistics(struct filterproc *filter, uint32_t id)
{
	const struct source *source = reader_source(filter->reader);
	const struct interface *interface = &source->interfaces[id];

	take_comment(filter, interface);
	if (id + 1 == source->interface_count)
		for (size_t i = 0; i < filter->output_count; i++)
			output_heartbeat(&filter->outputs[i], clock_monotonic_ns(),
					 interface->statistics.ts_ns);
}

/* A second section would number its interfaces anew. */
static int
check_section(struct filterproc *filter, const struct note *note)
{
	if (note->type != PCAPNG_SHB)
		return 0;
	if (filter->has_section)
		return failure_set(&filter->why, "'%s' writes a second section", filter->command);
	filter->has_section = true;
	return 0;
}

/* Passes on one event of the command's output. False: there is no other for now. */
static bool
pass_event(struct filterproc *filter)
{
	struct source *source = reader_source(filter->reader);
	struct packet packet;
	enum source_event event = source->next(source, &packet, &filter->why);

	filter->has_ended = event == SOURCE_END || event == SOURCE_CUT;
	if (map_interfaces(filter) < 0 ||
	    (event == SOURCE_PACKET && pass_packet(filter, &packet) < 0) ||
	    (event == SOURCE_NOTE && check_section(filter, &source->note) < 0))
		filter->has_ended = true;
	else if (event == SOURCE_STATISTICS)
		pass_statistics(filter, packet.iface);
	return event != SOURCE_LATER && !filter->has_ended;
}

static bool
is_abandoned(const struct filterproc *filter)
{
	return __atomic_load_n(&filter->runstate->abandon, __ATOMIC_RELAXED);
}

static void
tick(struct filterproc *filter)
{
	const int64_t now = clock_monotonic_ns();
	int64_t end_ns, end_mono;

	/* The loop that reads the rings skips later packets; this covers those that it had written
	 * before the stop. */
	if (runstate_reason(filter->runstate, &end_ns, &end_mono) &&
	    runstate_clock_step(filter->runstate) == 0)
		for (size_t i = 0; i < filter->output_count; i++)
			filter->outputs[i].end_ns = end_ns;
	for (size_t i = 0; i < filter->output_count; i++)
		output_tick(&filter->outputs[i], now);
}

void *
filterproc_run(void *arg)
{
	struct filterproc *filter = arg;
	struct pollfd poller = {.fd = filter->from, .events = POLLIN};

	if (!runstate_wait_begin(filter->runstate))
		return NULL;
	filter->reader =
	    reader_open_live_fd(filter->from, filter->command, READ_AHEAD_MAX, &filter->why);
	filter->has_ended = !filter->reader;
	while (!filter->has_ended && !is_abandoned(filter)) {
		while (pass_event(filter))
			;
		tick(filter);
		if (!filter->has_ended && poll(&poller, 1, 100) > 0)
			reader_fill(filter->reader);
	}
	/* If there was no other reason. */
	runstate_stop(filter->runstate, STOP_FILTER, "");
	/* It must not block on output that is no longer read. */
	fileio_close(&filter->from);
	/* Up to the end of its input, for what the rings received and dropped. */
	output_wait(filter->input, COUNTS_TIMEOUT);
	for (size_t i = 0; i < filter->output_count; i++)
		output_finish(&filter->outputs[i]);
	return NULL;
}

const char *
filterproc_judge(struct filterproc *filter, struct failure *text)
{
	const bool too_soon = filter->runstate->reason == STOP_FILTER;

	if (!supervisor_ended(&filter->supervisor, 0))
		failure_set(text, "'%s' has not ended", filter->command);
	else if (filter->supervisor.status == EXIT_TIMEOUT)
		failure_set(text, "'%s' did not end with its input", filter->command);
	else if (*filter->why.text)
		*text = filter->why;
	else if (filter->supervisor.status || too_soon)
		supervisor_explain(&filter->supervisor, filter->command,
				   too_soon ? " before the capture" : "", text);
	else
		return NULL;
	return text->text;
}

void
filterproc_release(struct filterproc *filter)
{
	supervisor_release(&filter->supervisor);
	fileio_close(&filter->to);
	fileio_close(&filter->from);
	if (filter->reader)
		reader_close(filter->reader);
	free(filter->ids);
	*filter = FILTERPROC_INIT;
}
