/*
 * Processors put packets into the ring side by side, so that they come out in almost the order of
 * time: each waits here for a moment in which earlier ones may still come. The kernel stamps them by its boot-time clock,
 * which nobody sets; what that is in real time is asked each time packets are taken, as a capture's
 * clock follows when it is set.
 */
#include "drops/dropcapture.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/parse.h"
#include "capfile/pcapng_write.h"
#include "capfile/writer.h"
#include "drops/dropmatch.h"
#include "drops/droppacket.h"
#include "drops/dropprobe.h"
#include "drops/dropring.h"
#include "filter/sighting.h"
#include "packet/headers.h"
#include "packet/loss.h"

#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PATIENCE_NS (20 * NS_PER_SECOND / 1000) /* in which an earlier packet may come */
#define QUOTA_SLACK (256u << 10)                /* for the last statistics */

struct dropcapture {
	struct dropcapture_options options;
	char host[65]; /* the host's own name */
	struct dropprobe *probe;
	struct writer *writer; /* NULL: it is a ring */
	struct dropring *ring; /* NULL: it is none */
	struct diskquota quota;
	struct if_nameindex *devices; /* those at the beginning; NULL: not known */
	int signals;                  /* signalfd */
	uint32_t ids[SIDE_OTHER + 1]; /* interfaces; that of SIDE_OTHER is for the counts */
	int64_t boot_ns;              /* the realtime clock's when the boot-time clock was 0 */
	int64_t start_ns, deadline;   /* realtime; boot-time */
	struct dropevent *pending;    /* heap */
	size_t pending_count;
	uint64_t written, bytes;
	enum dropcapture_end end; /* DROPCAPTURE_FAILED: not yet */
	bool has_no_memory;
};

/* Names the engine as the host, without its domain, if it has no other name. */
static void
name_engine(struct dropcapture *capture)
{
	struct utsname uts;

	if (capture->options.engine)
		return;
	if (uname(&uts) == 0)
		snprintf(capture->host, sizeof(capture->host), "%s", uts.nodename);
	capture->host[strcspn(capture->host, ".")] = '\0';
	capture->options.engine = parse_is_name(capture->host) ? capture->host : "localhost";
}

/* The filter's packets are of these sides, if they are told here; the counts are of none. */
static int
add_interfaces(struct dropcapture *capture, struct failure *why)
{
	const char *engine = capture->options.engine;
	char name[128], description[96], application[] = "vcap-drops " VCAP_VERSION;
	const struct file_section section = {.application = application};

	if (writer_section(capture->writer, &section, why) < 0)
		return -1;
	snprintf(description, sizeof(description), "%s", engine);
	for (int side = capture->options.labels == DROPCAPTURE_SIDES ? 0 : SIDE_OTHER;
	     side <= SIDE_OTHER; side++) {
		const struct interface interface = {.name = name,
						    .description = description,
						    .snaplen = PACKET_SNAPLEN,
						    .linktype = LINKTYPE_EN10MB};

		snprintf(name, sizeof(name), "%s/" LOSS_INTERFACE "%s%s", engine,
			 side == SIDE_OTHER ? "" : "/",
			 side == SIDE_OTHER ? "" : service_side_name((enum side)side));
		if (writer_interface(capture->writer, &interface, &capture->ids[side], why) < 0)
			return -1;
	}
	return writer_flush(capture->writer, why);
}

static int
take_signals(struct dropcapture *capture, struct failure *why)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		capture->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return capture->signals < 0 ? failure_errno(why, "cannot wait for signals") : 0;
}

static int
open_probe(struct dropcapture *capture, struct failure *why)
{
	struct dropmatch match = DROPMATCH_INIT;
	int rc = dropmatch_make(&match, &capture->options.selection->filter, why);

	if (rc == 0 && !(capture->probe = dropprobe_open(&match, why)))
		rc = -1;
	dropmatch_release(&match);
	return rc;
}

static void
ask_clocks(struct dropcapture *capture)
{
	const int64_t before = clock_boottime_ns(), now = clock_realtime_ns();

	capture->boot_ns = now - before - (clock_boottime_ns() - before) / 2;
}

static int
open_ring(struct dropcapture *capture, struct failure *why)
{
	const struct dropcapture_options *options = &capture->options;
	const struct dropring_options wanted = {.dirfd = options->dir,
						.engine = options->engine,
						.rolling_ns = options->rolling_ns,
						.max_size = options->max_size,
						.reserve = options->reserve,
						.told = options->told};

	capture->ring = dropring_open(&wanted, why);
	return capture->ring ? 0 : -1;
}

static int
open_file(struct dropcapture *capture, struct failure *why)
{
	const struct dropcapture_options *options = &capture->options;

	if (options->rolling_ns)
		return open_ring(capture, why);
	capture->writer = writer_new(options->fd, FORMAT_PCAPNG, why);
	if (!capture->writer ||
	    (options->is_file && diskquota_init(&capture->quota, options->fd, options->max_size,
						options->reserve, QUOTA_SLACK, why) < 0))
		return -1;
	return add_interfaces(capture, why);
}

struct dropcapture *
dropcapture_open(const struct dropcapture_options *options, struct failure *why)
{
	struct dropcapture *capture = calloc(1, sizeof(*capture));

	if (!capture) {
		failure_nomem(why);
		return NULL;
	}
	capture->options = *options;
	name_engine(capture);
	capture->signals = -1;
	capture->devices = if_nameindex();
	if (open_file(capture, why) < 0 || take_signals(capture, why) < 0 ||
	    open_probe(capture, why) < 0) {
		dropcapture_close(capture);
		return NULL;
	}
	ask_clocks(capture);
	capture->start_ns = clock_realtime_ns();
	capture->deadline =
	    options->duration_ns ? clock_boottime_ns() + options->duration_ns : INT64_MAX;
	return capture;
}

void
dropcapture_close(struct dropcapture *capture)
{
	if (!capture)
		return;
	dropprobe_close(capture->probe);
	writer_free(capture->writer);
	dropring_close(capture->ring);
	if (capture->signals >= 0)
		close(capture->signals);
	if (capture->devices)
		if_freenameindex(capture->devices);
	free(capture->pending);
	free(capture);
}

static const char *
device_name(const struct dropcapture *capture, uint32_t index)
{
	for (const struct if_nameindex *device = capture->devices; device && device->if_index;
	     device++)
		if (device->if_index == index)
			return device->if_name;
	return NULL;
}

/* A dropprobe_take: an event waits for those before it. */
static void
hold(void *context, const struct dropevent *event)
{
	struct dropcapture *capture = context;

	if (array_grow(&capture->pending, capture->pending_count, sizeof(*event)) < 0)
		capture->has_no_memory = true;
	else
		capture->pending[capture->pending_count++] = *event;
}

static int
compare(const void *a, const void *b)
{
	const struct dropevent *first = a, *second = b;

	return (first->boot_ns > second->boot_ns) - (first->boot_ns < second->boot_ns);
}

/* Whether the disk has room for the packet. */
static bool
has_room(struct dropcapture *capture, const struct packet *packet)
{
	const uint64_t size = pcapng_write_packet_length(packet);
	enum diskquota_limit limit;
	uint64_t granted;

	if (!capture->options.is_file)
		return true;
	granted = diskquota_take(&capture->quota, size, &limit);
	diskquota_settle(&capture->quota, granted, granted < size ? granted : 0);
	return granted == size;
}

/* Whether the packet is one that is asked for. *side is its side of the service. */
static bool
is_wanted(const struct dropcapture *capture, const struct packet *packet, enum side *side)
{
	const struct selection *selection = capture->options.selection;
	const struct bpf *program = capture->options.program;
	struct sighting seen;

	if ((program && program->count &&
	     !bpf_run(program, packet->data, packet->caplen, packet->len)) ||
	    !filter_judge(&selection->filter, packet, LINKTYPE_EN10MB) ||
	    !sighting_make(&seen, selection->service, packet, LINKTYPE_EN10MB))
		return false;
	*side = seen.side;
	return true;
}

static void
cut(const struct dropcapture_options *options, struct packet *packet)
{
	if (options->cuts)
		headers_cut(packet, LINKTYPE_EN10MB);
	if (options->snaplen && packet->caplen > options->snaplen)
		packet->caplen = options->snaplen;
}

static int
write_event(struct dropcapture *capture, const struct dropevent *event, struct failure *why)
{
	const struct dropcapture_options *options = &capture->options;
	char reason[DROPPROBE_TEXT];
	struct droppacket made;
	enum side side;

	dropprobe_reason(capture->probe, event->reason, reason);
	if (droppacket_make(&made, event, reason, device_name(capture, event->ifindex),
			    capture->boot_ns) < 0 ||
	    !is_wanted(capture, &made.packet, &side))
		return 0;
	cut(options, &made.packet);
	if (capture->ring) {
		dropring_packet(capture->ring, &made.packet);
		return 0;
	}
	if (options->labels == DROPCAPTURE_ENGINE)
		side = SIDE_OTHER;
	if (!has_room(capture, &made.packet)) {
		capture->end = DROPCAPTURE_FULL;
		return 0;
	}
	if (writer_packet(capture->writer, capture->ids[side], &made.packet, why) < 0)
		return -1;
	capture->bytes += made.packet.caplen;
	if (++capture->written == capture->options.count)
		capture->end = DROPCAPTURE_DONE;
	return 0;
}

/* Writes the events before a moment of the boot-time clock. */
static int
write_before(struct dropcapture *capture, int64_t boot, struct failure *why)
{
	size_t done = 0;
	int rc = 0;

	if (capture->pending_count == 0)
		return 0;
	qsort(capture->pending, capture->pending_count, sizeof(*capture->pending), compare);
	while (rc == 0 && done < capture->pending_count && capture->end == DROPCAPTURE_FAILED &&
	       (int64_t)capture->pending[done].boot_ns < boot)
		rc = write_event(capture, &capture->pending[done++], why);
	capture->pending_count -= done;
	if (capture->pending_count)
		memmove(capture->pending, capture->pending + done,
			capture->pending_count * sizeof(*capture->pending));
	return rc;
}

/* Sums up the counts, with a line for each reason in *lines, which is on the heap. */
static int
count_reasons(const struct dropcapture *capture, struct dropcapture_counts *counts, char **lines,
	      struct failure *why)
{
	size_t size;
	FILE *out = open_memstream(lines, &size);

	if (!out)
		return failure_nomem(why);
	*counts = (struct dropcapture_counts){.written = capture->written, .bytes = capture->bytes};
	for (uint32_t slot = 0; slot < DROPEVENT_SLOTS; slot++) {
		const struct dropevent_count count = dropprobe_count(capture->probe, slot);
		const uint64_t untold = count.beyond + count.lost, all = count.told + untold;
		char name[DROPPROBE_TEXT];

		counts->beyond += count.beyond;
		counts->lost += count.lost;
		if (all)
			fprintf(out, "dropped %s %" PRIu64 "\n",
				dropprobe_slot(capture->probe, slot, name), all);
		if (untold)
			fprintf(out, "not-kept %s %" PRIu64 "\n", name, untold);
	}
	return fclose(out) == 0 ? 0 : failure_nomem(why);
}

enum beat { BEAT_ON, BEAT_LAST };

/* Writes the counts. Nothing before then_ns follows. */
static int
write_counts(struct dropcapture *capture, enum beat beat, int64_t then_ns,
	     struct dropcapture_counts *counts, struct failure *why)
{
	struct statistics statistics = STATISTICS_INIT;
	char *lines = NULL;
	int rc = count_reasons(capture, counts, &lines, why);

	statistics.ts_ns = then_ns;
	statistics.start_ns = capture->start_ns;
	if (beat == BEAT_LAST)
		statistics.end_ns = then_ns;
	statistics.accepted = counts->written;
	statistics.dropped = counts->beyond + counts->lost;
	statistics.received = statistics.accepted + statistics.dropped;
	if (rc == 0)
		rc = writer_statistics(capture->writer, capture->ids[SIDE_OTHER], &statistics,
				       beat == BEAT_LAST && *lines ? lines : NULL, why);
	free(lines);
	return rc;
}

/* As write_counts, of a ring, which is told what is due. */
static int
tick_ring(struct dropcapture *capture, int64_t then_ns, struct dropcapture_counts *counts,
	  struct failure *why)
{
	char *lines = NULL;
	int rc = count_reasons(capture, counts, &lines, why);

	if (rc == 0 && dropring_count(capture->ring, counts->beyond + counts->lost, lines) < 0)
		rc = failure_nomem(why);
	free(lines);
	return rc < 0 ? -1 : dropring_tick(capture->ring, then_ns, why);
}

/* Writes what is due at the last beat. */
static int
write_beat(struct dropcapture *capture, int64_t now, int64_t *beat, struct failure *why)
{
	const int64_t then_ns = capture->boot_ns + now - PATIENCE_NS;
	struct dropcapture_counts counts;

	if (now < *beat)
		return 0;
	*beat = now + (capture->ring ? NS_PER_SECOND / 5 : NS_PER_SECOND);
	return capture->ring ? tick_ring(capture, then_ns, &counts, why)
			     : write_counts(capture, BEAT_ON, then_ns, &counts, why);
}

/* Waits for packets, the end, or a moment of the boot-time clock. */
static void
wait_until(struct dropcapture *capture, int64_t until)
{
	struct pollfd list[] = {{.fd = capture->signals, .events = POLLIN},
				{.fd = capture->options.life, .events = POLLIN},
				{.fd = dropprobe_fd(capture->probe), .events = POLLIN}};
	const int64_t left = until - clock_boottime_ns();
	const struct timespec timeout = clock_timespec(left > 0 ? left : 0);

	if (ppoll(list, 3, &timeout, NULL) > 0 && (list[0].revents || list[1].revents))
		capture->end = DROPCAPTURE_DONE;
}

/* One round. *beat is when the next heartbeat is due. */
static int
pass(struct dropcapture *capture, int64_t *beat, struct failure *why)
{
	const int64_t now = clock_boottime_ns();
	int64_t until = capture->deadline;
	int rc;

	dropprobe_read(capture->probe, hold, capture);
	if (capture->has_no_memory)
		return failure_nomem(why);
	ask_clocks(capture);
	rc = write_before(capture, now - PATIENCE_NS, why);
	if (rc == 0)
		rc = write_beat(capture, now, beat, why);
	if (rc == 0 && capture->writer)
		rc = writer_flush(capture->writer, why);
	if (rc < 0 || capture->end != DROPCAPTURE_FAILED)
		return rc;
	if (now >= capture->deadline)
		capture->end = DROPCAPTURE_DONE;
	if (capture->pending_count && now + PATIENCE_NS < until)
		until = now + PATIENCE_NS;
	if (*beat < until)
		until = *beat;
	wait_until(capture, until);
	return 0;
}

enum dropcapture_end
dropcapture_run(struct dropcapture *capture, struct dropcapture_counts *counts, struct failure *why)
{
	int64_t beat = capture->options.is_file && !capture->ring ? INT64_MAX : 0;
	enum dropcapture_end end;

	while (capture->end == DROPCAPTURE_FAILED)
		if (pass(capture, &beat, why) < 0)
			return DROPCAPTURE_FAILED;
	end = capture->end;
	/* What was dropped before the end is still to be had, unless there is a limit. */
	if (end == DROPCAPTURE_DONE && capture->written != capture->options.count) {
		dropprobe_read(capture->probe, hold, capture);
		capture->end = DROPCAPTURE_FAILED;
		if (write_before(capture, INT64_MAX, why) < 0)
			return DROPCAPTURE_FAILED;
		end = capture->end == DROPCAPTURE_FULL ? DROPCAPTURE_FULL : end;
	}
	if (capture->ring)
		return tick_ring(capture, clock_realtime_ns(), counts, why) < 0 ||
			       dropring_finish(capture->ring, &counts->written, &counts->bytes,
					       why) < 0
			   ? DROPCAPTURE_FAILED
			   : end;
	if (write_counts(capture, BEAT_LAST, clock_realtime_ns(), counts, why) < 0 ||
	    writer_finish(capture->writer, why) < 0)
		return DROPCAPTURE_FAILED;
	return end;
}
