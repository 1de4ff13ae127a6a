#include "capture/filterproc.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/process.h"
#include "capfile/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As much as an ordinary user may have in a pipe: what comes in a burst need not wait for the
 * command. */
#define PIPE_SIZE (1 << 20)

/* What is read ahead of the outlets. */
#define HELD_MAX ((size_t)1 << 20)

/* How long a command may take to show that it works; one that buffers its output does not. */
#define TRY_MS 500

/* How long to wait for the accounts of what it was fed, once it has ended. */
#define ACCOUNTS_WITHIN NS_PER_SECOND

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	/* If not, it stays at 64 KiB. */
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

int
filterproc_start(struct filterproc *slot, char *const *argv, int err, int dir,
		 const int more[SUPERVISED_MORES], struct failure *why)
{
	struct supervised guarded = {.argv = argv, .in = -1, .out = -1, .err = err, .dir = dir};
	int in[2] = {-1, -1}, out[2] = {-1, -1}, rc = -1;
	char path[PATH_MAX], **words = NULL;
	size_t count = 0;

	*slot = FILTERPROC_INIT;
	slot->command = argv[0];
	memcpy(guarded.more, more, sizeof(guarded.more));
	while (argv[count])
		count++;
	/* It will not run where its path is meant from. */
	if (strchr(argv[0], '/') && realpath(argv[0], path) &&
	    (words = malloc((count + 1) * sizeof(*words)))) {
		memcpy(words, argv, (count + 1) * sizeof(*words));
		words[0] = path;
		guarded.argv = words;
	}
	if (make_pipe(in) < 0 || make_pipe(out) < 0) {
		failure_errno(why, "cannot run '%s'", argv[0]);
	} else {
		guarded.in = in[0];
		guarded.out = out[1];
		rc = supervisor_start(&slot->guardian, &guarded, why);
	}
	free(words);
	close_one(&in[0]);
	close_one(&out[1]);
	slot->to = in[1];
	slot->from = out[0];
	if (rc < 0)
		filterproc_release(slot);
	return rc;
}

int
filterproc_try(struct filterproc *slot, struct failure *why)
{
	if (supervisor_try(&slot->guardian, slot->from, TRY_MS) == 0)
		return 0;
	return supervisor_explain(&slot->guardian, slot->command, " before it got a packet", why);
}

/* A full core's counters stand still. */
void
filterproc_count(void *arg)
{
	struct filterproc *slot = arg;

	for (size_t i = 0; i < slot->feed->ledger_count; i++) {
		const uint32_t core = (uint32_t)i / slot->interface_count;
		struct output *outlet = &slot->outlets[slot->output_count > 1 ? core : 0];
		struct counters *ledger = &outlet->ledgers[i % outlet->ledger_count];
		struct account fed = {0};

		if (ledger->core->full_ns)
			continue;
		output_read(slot->feed, &slot->feed->ledgers[i], &fed);
		ledger->account.received = fed.received;
		ledger->account.dropped = fed.dropped;
	}
}

/* Finds out which of the capture's interfaces are those of the livestream. */
static int
learn_interfaces(struct filterproc *slot)
{
	const struct source *source = reader_source(slot->file);
	uint32_t *ids;

	if (slot->id_count == source->interface_count)
		return 0;
	ids = realloc(slot->ids, source->interface_count * sizeof(*ids));
	if (!ids)
		return failure_errno(&slot->why, "cannot read from '%s'", slot->command);
	slot->ids = ids;
	for (; slot->id_count < source->interface_count; slot->id_count++) {
		const char *name = source->interfaces[slot->id_count].name;
		uint32_t id = 0;

		while (id < slot->interface_count && (!name || strcmp(slot->names[id], name) != 0))
			id++;
		if (id == slot->interface_count)
			return failure_set(&slot->why,
					   "'%s' writes an interface that is not captured: '%s'",
					   slot->command, name ? name : "");
		slot->ids[slot->id_count] = id;
	}
	return 0;
}

static int
keep(struct filterproc *slot, struct packet *packet)
{
	struct output *outlet = slot->outlets;
	size_t place;

	if (packet->core >= slot->core_count)
		return failure_set(&slot->why, "'%s' writes a packet without its core",
				   slot->command);
	packet->iface = slot->ids[packet->iface];
	place = packet->iface;
	if (slot->output_count > 1)
		outlet += packet->core;
	else
		place += (size_t)packet->core * slot->interface_count;
	output_keep(outlet, &outlet->ledgers[place], packet);
	return 0;
}

/* What the command has to say at the end goes where the capture's own last words go. */
static void
take_remark(struct filterproc *slot, const struct interface *interface)
{
	struct output *first = slot->outlets;
	const char *line = interface->comment;

	if (interface->statistics.end_ns == INT64_MIN || !interface->statistics.commented ||
	    first->remark)
		return;
	/* The capture's own come back, and will be said again. */
	while (line && strncmp(line, "ended ", 6) == 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line && *line)
		first->remark = strdup(line);
}

/* A heartbeat: the command has written all that is older. It says so for one interface after the
 * other. */
static void
take_statistics(struct filterproc *slot, uint32_t which)
{
	const struct source *source = reader_source(slot->file);
	const struct interface *interface = &source->interfaces[which];

	take_remark(slot, interface);
	if (which + 1 == source->interface_count)
		for (size_t i = 0; i < slot->output_count; i++)
			output_heartbeat(&slot->outlets[i], clock_monotonic_ns(),
					 interface->statistics.ts_ns);
}

/* Where a section begins there is one: interfaces after the first have other numbers. */
static int
take_note(struct filterproc *slot, const struct note *note)
{
	if (note->type != PCAPNG_SHB)
		return 0;
	if (slot->has_section)
		return failure_set(&slot->why, "'%s' writes a second section", slot->command);
	slot->has_section = true;
	return 0;
}

/* One event of the command's output. False: no more for now. */
static bool
take(struct filterproc *slot)
{
	struct source *source = reader_source(slot->file);
	struct packet packet;
	enum source_event event = source->next(source, &packet, &slot->why);

	slot->is_over = event == SOURCE_END || event == SOURCE_CUT;
	if (learn_interfaces(slot) < 0 || (event == SOURCE_PACKET && keep(slot, &packet) < 0) ||
	    (event == SOURCE_NOTE && take_note(slot, &source->note) < 0))
		slot->is_over = true;
	else if (event == SOURCE_STATISTICS)
		take_statistics(slot, packet.iface);
	return event != SOURCE_LATER && !slot->is_over;
}

static bool
is_given_up(const struct filterproc *slot)
{
	return __atomic_load_n(&slot->control->abandon, __ATOMIC_RELAXED);
}

static void
tend(struct filterproc *slot)
{
	const int64_t now = clock_monotonic_ns();
	int64_t end_ns, end_mono;

	/* Those that a limit has ended; what the rings brought has ended with them. */
	if (runstate_reason(slot->control, &end_ns, &end_mono) &&
	    runstate_clock_step(slot->control) == 0)
		for (size_t i = 0; i < slot->output_count; i++)
			slot->outlets[i].end_ns = end_ns;
	for (size_t i = 0; i < slot->output_count; i++)
		output_tend(&slot->outlets[i], now);
}

void *
filterproc_run(void *arg)
{
	struct filterproc *slot = arg;
	struct pollfd poller = {.fd = slot->from, .events = POLLIN};

	if (!runstate_wait_begin(slot->control))
		return NULL;
	slot->file = reader_open_live_fd(slot->from, slot->command, HELD_MAX, &slot->why);
	slot->is_over = !slot->file;
	while (!slot->is_over && !is_given_up(slot)) {
		while (take(slot))
			;
		tend(slot);
		if (!slot->is_over && poll(&poller, 1, 100) > 0)
			reader_fill(slot->file);
	}
	/* If nobody has told it to end. */
	runstate_stop(slot->control, STOP_FILTER, "");
	/* What it would still write is not wanted, and it is not to wait for a reader. */
	close_one(&slot->from);
	/* What it was fed until the end is in the accounts of what is kept. */
	output_await(slot->feed, ACCOUNTS_WITHIN);
	for (size_t i = 0; i < slot->output_count; i++)
		output_finish(&slot->outlets[i]);
	return NULL;
}

const char *
filterproc_judge(struct filterproc *slot, struct failure *text)
{
	const bool too_soon = slot->control->reason == STOP_FILTER;

	if (!supervisor_ended(&slot->guardian, 0))
		failure_set(text, "'%s' has not ended", slot->command);
	else if (slot->guardian.status == PROCESS_TIMEOUT)
		failure_set(text, "'%s' did not end with its input", slot->command);
	else if (*slot->why.text)
		*text = slot->why;
	else if (slot->guardian.status || too_soon)
		supervisor_explain(&slot->guardian, slot->command,
				   too_soon ? " before the capture" : "", text);
	else
		return NULL;
	return text->text;
}

void
filterproc_release(struct filterproc *slot)
{
	supervisor_release(&slot->guardian);
	close_one(&slot->to);
	close_one(&slot->from);
	if (slot->file)
		reader_close(slot->file);
	free(slot->ids);
	*slot = FILTERPROC_INIT;
}
