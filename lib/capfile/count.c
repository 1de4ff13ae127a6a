/*
 * The file was fetched from an engine, which may be hostile, and the caller may be root: so a child in
 * a sandbox parses it, and answers with a fixed structure through a pipe. If it crashes,
 * the answer is short, and that is a failure like any other.
 */
#include "capfile/count.h"

#include "base/fileio.h"
#include "base/process.h"
#include "base/sandbox.h"
#include "base/siphash.h"
#include "capfile/reader.h"
#include "packet/burst.h"
#include "packet/connwatch.h"
#include "packet/packet.h"
#include "packet/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the process writes to its pipe. */
struct answer {
	struct count count;
	struct failure why;
	int rc;
};

static struct connwatch *
new_connwatch(struct failure *why)
{
	struct siphash_key secret;

	return siphash_draw_key(&secret, why) < 0 ? NULL : connwatch_new(secret, why);
}

static bool
is_on(const struct interface *interface, const char *which)
{
	const char *side = interface->name ? strrchr(interface->name, '/') : NULL;

	return side && strcmp(side, which) == 0;
}

static int
watch_packet(struct connwatch *watch, const struct interface *interface,
	     const struct packet *packet)
{
	struct tuple tuple;
	bool is_watched =
	    is_on(interface, "/server") && tunnel_dissect(packet, interface->linktype, &tuple);

	return connwatch_see(watch, is_watched ? &tuple : NULL, packet->ts_ns);
}

static int
linktype_of(const struct source *source)
{
	int linktype = COUNT_NO_LINKTYPE;

	for (uint32_t i = 0; i < source->interface_count; i++) {
		if (i > 0 && source->interfaces[i].linktype != linktype)
			return COUNT_LINKTYPES;
		linktype = source->interfaces[i].linktype;
	}
	return linktype;
}

static int
count_packets(struct count *count, struct reader *file, struct connwatch *watch,
	      struct failure *why)
{
	struct source *source = reader_source(file);
	struct packet packet;
	enum source_event event;
	struct burst burst;
	char *failed;

	if (file_section_is_counted(reader_section(file)))
		connwatch_distrust_silence(watch);
	burst_init(&burst, source);
	do {
		event = burst_next(&burst, &packet, why);
		if (event != SOURCE_PACKET)
			continue;
		count->packets++;
		count->bytes += packet.caplen;
		count->clients += is_on(&source->interfaces[packet.iface], "/client");
		count->servers += is_on(&source->interfaces[packet.iface], "/server");
		if (watch_packet(watch, &source->interfaces[packet.iface], &packet) < 0)
			return failure_nomem(why);
	} while (event != SOURCE_END && event != SOURCE_CUT);
	count->linktype = linktype_of(source);
	count->cut_short = event != SOURCE_END || reader_section(file)->cut_short;
	failed = connwatch_finish(watch, "; ");
	if (!failed)
		return failure_nomem(why);
	snprintf(count->failed_connects, sizeof(count->failed_connects), "%s", failed);
	free(failed);
	return 0;
}

static int
read_and_count(struct count *count, const char *path, struct failure *why)
{
	struct connwatch *watch;
	struct reader *file;
	int rc;

	file = reader_open_unread(path, READER_LINKS, why);
	if (!file)
		return -1;
	watch = new_connwatch(why);
	rc = watch ? sandbox_confine(-1, NULL, why) : -1;
	if (rc == 0)
		rc = reader_begin(file, why);
	if (rc == 0)
		rc = count_packets(count, file, watch, why);
	connwatch_free(watch);
	reader_close(file);
	return rc;
}

int
count_file(struct count *count, const char *path, struct failure *why)
{
	struct answer answer = {.rc = -1};
	ssize_t size;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot count '%s'", path);
	pid = fork();
	if (pid == 0) {
		if (process_keep(&fds[1], 1, &answer.why) == 0)
			answer.rc = read_and_count(&answer.count, path, &answer.why);
		_exit(fileio_write_all(fds[1], &answer, sizeof(answer)) < 0);
	}
	close(fds[1]);
	size = pid < 0 ? -1 : fileio_read_full(fds[0], &answer, sizeof(answer));
	close(fds[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (size != (ssize_t)sizeof(answer))
		return failure_set(why, "cannot count '%s': the process that reads it died", path);
	/* Whatever it has become, these are texts. */
	answer.why.text[sizeof(answer.why.text) - 1] = '\0';
	answer.count.failed_connects[sizeof(answer.count.failed_connects) - 1] = '\0';
	if (answer.rc < 0)
		return failure_set(why, "%s", answer.why.text);
	*count = answer.count;
	return 0;
}
