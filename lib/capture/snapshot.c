/*
 * The order makes it safe to be killed at any step: the directory is locked while it is filled, and its
 * status is stored last. One without a status, or of which the lock is free and the status does not say
 * `done`, is made anew when it is asked for again.
 *
 * The newest file of each core goes on growing under both names. Its last heartbeat, which is past the
 * window when links are made, tells a reader that what follows does not matter (vcap-merge --until).
 */
#include "capture/snapshot.h"

#include "base/audit.h"
#include "base/clock.h"
#include "base/diskquota.h"
#include "base/parse.h"
#include "capture/dropproc.h"
#include "capture/keptlines.h"
#include "capture/losses.h"
#include "capture/ringmark.h"
#include "capture/rundir-int.h"
#include "capture/rundir.h"
#include "capture/snapshot_room.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long after the end of the window its packets may take to be written: a second at most, unless the
 * disk stalls. */
#define WRITTEN_TIMEOUT (10 * NS_PER_SECOND)
#define POLL_EVERY      (50 * INT64_C(1000000))

/* A snapshot that is being taken. */
struct taking {
	const struct snapshot_wanted *wanted;
	int ring; /* its directory */
	struct keyval ring_status;
	struct ringfiles files;
	struct rundir dir;
};

static int64_t
time_of(const struct keyval *status, const char *key)
{
	const char *word = keyval_get(status, key);
	int64_t ns;

	return word && parse_offset(word, &ns, NULL) == 0 ? ns : 0;
}

static bool
has_state(const struct keyval *status, const char *state)
{
	const char *word = keyval_get(status, "state");

	return word && strcmp(word, state) == 0;
}

/* Reads the ring's status again and again until the window is written, or the ring has ended. */
static int
wait_until_written(struct taking *taking, struct failure *why)
{
	const struct snapshot_wanted *wanted = taking->wanted;
	const int64_t now = clock_realtime_ns();
	const int64_t until = wanted->window.to_ns == INT64_MAX ? now : wanted->window.to_ns;
	const int64_t end =
	    clock_monotonic_ns() + WRITTEN_TIMEOUT + (until > now ? until - now : 0);

	for (;; clock_sleep(POLL_EVERY)) {
		keyval_release(&taking->ring_status);
		if (rundir_read_status(taking->ring, wanted->ring, &taking->ring_status, why) < 0)
			return -1;
		if (!keyval_get(&taking->ring_status, "rolling"))
			return failure_set(why, "'%s' is not a rolling capture", wanted->ring);
		if (!has_state(&taking->ring_status, "running") ||
		    time_of(&taking->ring_status, "written") >= until)
			return 0;
		if (clock_monotonic_ns() < end)
			continue;
		/* By a clock that was set it may say what it likes. */
		return keyval_get(&taking->ring_status, "clock-step")
			   ? 0
			   : failure_set(why,
					 "the packets up to the window's end are not on the disk "
					 "of '%s' after %d s",
					 wanted->ring, (int)(WRITTEN_TIMEOUT / NS_PER_SECOND));
	}
}

/* Links a file of the ring. One that has just been removed, to make room, is left out of the list. */
static int
link_files(struct taking *taking, struct failure *why)
{
	struct ringfiles *files = &taking->files;
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		const char *name = files->list[i].name;

		if (linkat(taking->ring, name, taking->dir.fd, name, 0) == 0)
			files->list[kept++] = files->list[i];
		else if (errno != ENOENT)
			return failure_errno(why, "cannot link '%s/%s'", taking->wanted->ring,
					     name);
	}
	files->count = kept;
	return kept ? 0
		    : failure_set(why, "'%s' has no packets of that time", taking->wanted->ring);
}

/* What else of a capture a controller reads. */
static int
link_others(struct taking *taking, struct failure *why)
{
	static const char *const names[] = {"filter.bpf", "service", "specs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (linkat(taking->ring, names[i], taking->dir.fd, names[i], 0) < 0 &&
		    errno != ENOENT)
			return failure_errno(why, "cannot link '%s/%s'", taking->wanted->ring,
					     names[i]);
	return 0;
}

/* Copies the pairs, or the keys, whose files are written by turns, where there is room for them. */
static int
copy_lines(struct taking *taking, enum keptlines_kind kind, struct failure *why)
{
	const int64_t size = keptlines_size(taking->ring, kind);
	const uint64_t reserve = keyval_number(&taking->ring_status, "reserve", 0);
	int fd, rc;
	FILE *out;

	if (size < 0 || diskquota_free_bytes(taking->dir.fd) < reserve + (uint64_t)size)
		return 0;
	fd = rundir_file(&taking->dir, keptlines_name(kind, 0), why);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	rc = keptlines_write(taking->ring, kind, out, why);
	if (fclose(out) < 0 && rc == 0)
		rc = failure_errno(why, "cannot write '%s/%s'", taking->wanted->path,
				   keptlines_name(kind, 0));
	return rc;
}

/* The ring's status without what is only true of the ring. */
static int
copy_status(const struct keyval *ring, struct keyval *status)
{
	static const char *const keys[] = {"name",           "version",    "abilities",  "by",
					   "duration",       "interfaces", "snaplen",    "rolling",
					   "filter",         "flows",      "clock-step", "message",
					   DROPPROC_LOST_KEY};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(*keys); i++)
		if (keyval_get(ring, keys[i]))
			rc = keyval_set(status, keys[i], "%s", keyval_get(ring, keys[i]));
	return rc;
}

/* What the host lost in the window; if its clock was set, in all the time that there is. */
static int
add_losses(const struct taking *taking, struct keyval *status)
{
	const bool all = keyval_get(&taking->ring_status, "clock-step") != NULL;
	struct loss *losses = calloc(LOSSES_MAX, sizeof(*losses));
	const size_t count =
	    losses
		? losstimes_sum(&taking->ring_status,
				all ? INT64_MIN : taking->wanted->window.from_ns,
				all ? INT64_MAX : taking->wanted->window.to_ns, losses, LOSSES_MAX)
		: 0;
	int rc = losses ? loss_set(losses, count, status) : -1;

	free(losses);
	return rc;
}

static int
store_status(const struct taking *taking, struct keyval *status, struct failure *why)
{
	const struct snapshot_wanted *wanted = taking->wanted;
	const char *slash = strrchr(wanted->ring, '/');
	const int64_t now = clock_realtime_ns(), written = time_of(&taking->ring_status, "written"),
		      since =
			  ringfiles_since(&taking->files, time_of(&taking->ring_status, "started")),
		      from = wanted->window.from_ns > since ? wanted->window.from_ns : since,
		      until = wanted->window.to_ns < written ? wanted->window.to_ns : written;
	int rc = keyval_set(status, "state", "done");

	rc |= copy_status(&taking->ring_status, status);
	rc |= keyval_set(status, "snapshot-of", "%s", slash ? slash + 1 : wanted->ring);
	rc |= keyval_set(status, RINGMARK_KEY, CLOCK_FORMAT, CLOCK_ARGS(since));
	rc |= keyval_set(status, "started", CLOCK_FORMAT, CLOCK_ARGS(from));
	rc |= keyval_set(status, "ended", CLOCK_FORMAT, CLOCK_ARGS(until));
	rc |= keyval_set(status, "reason", "snapshot");
	rc |= keyval_set(status, "expires", CLOCK_FORMAT,
			 CLOCK_ARGS(now + RUNDIR_KEPT_S * NS_PER_SECOND));
	rc |= keyval_set(status, "files", "%zu", taking->files.count);
	rc |= add_losses(taking, status);
	rc |= keptlines_set_sizes(taking->dir.fd, status);
	rc |= keyval_set(status, "bytes", "%" PRIu64, ringfiles_size(&taking->files));
	if (rc)
		return failure_nomem(why);
	return keyval_store(status, taking->dir.fd, "status", why);
}

static void
write_audit(const struct snapshot_wanted *wanted)
{
	struct audit audit;

	audit_begin(&audit, "snapshot");
	audit_add(&audit, "dir", wanted->path);
	audit_add(&audit, "of", wanted->ring);
	audit_add_caller(&audit);
	audit_write(&audit, AUDIT_WANTED, NULL);
}

/* Fills the new directory, which is locked. */
static int
fill(struct taking *taking, struct keyval *status, struct failure *why)
{
	const struct snapshot_wanted *wanted = taking->wanted;

	if (wanted->token &&
	    rundir_store(&taking->dir, "token", wanted->token, strlen(wanted->token), why) < 0)
		return -1;
	if (link_files(taking, why) < 0 || link_others(taking, why) < 0 ||
	    copy_lines(taking, KEPTLINES_PAIRS, why) < 0 ||
	    copy_lines(taking, KEPTLINES_KEYS, why) < 0)
		return -1;
	write_audit(wanted);
	return store_status(taking, status, why);
}

static int
take(struct taking *taking, struct keyval *status, struct failure *why)
{
	const struct snapshot_wanted *wanted = taking->wanted;
	struct snapshot_limits limits;

	if (wait_until_written(taking, why) < 0 ||
	    ringfiles_list(&taking->files, taking->ring, why) < 0)
		return -1;
	ringfiles_choose(&taking->files, &wanted->window,
			 keyval_get(&taking->ring_status, "clock-step") != NULL);
	limits.max_size = keyval_number(&taking->ring_status, "max-size", UINT64_MAX);
	limits.reserve = keyval_number(&taking->ring_status, "reserve", 0);
	if (snapshot_room_check(wanted->ring, &taking->files, &limits, why) < 0)
		return -1;
	if (rundir_create(&taking->dir, wanted->path, why) < 0)
		return -1;
	if (fill(taking, status, why) == 0)
		return 0;
	rundir_discard(&taking->dir);
	return -1;
}

/* Whether the snapshot is there already: 1 with its status; 0: it is not, any more; or -1. */
static int
find_taken(const struct snapshot_wanted *wanted, struct keyval *status, struct failure *why)
{
	if (access(wanted->path, F_OK) < 0)
		return 0;
	if (rundir_status(wanted->path, wanted->token, status, why) < 0)
		return -1;
	if (has_state(status, "done"))
		return 1;
	keyval_release(status);
	return rundir_remove(wanted->path, wanted->token, why);
}

/* Both are in one directory: by the rights of another user, nothing is made elsewhere. */
static int
check_paths(const struct snapshot_wanted *wanted, struct failure *why)
{
	const char *ring = strrchr(wanted->ring, '/'), *path = strrchr(wanted->path, '/');
	const size_t length = ring ? (size_t)(ring - wanted->ring) : 0;

	if ((ring == NULL) == (path == NULL) &&
	    (!path || ((size_t)(path - wanted->path) == length &&
		       strncmp(wanted->ring, wanted->path, length) == 0)) &&
	    (parse_is_name(path ? path + 1 : wanted->path) ||
	     parse_is_capture(path ? path + 1 : wanted->path)))
		return 0;
	return failure_set(why, "a snapshot is a name beside '%s': '%s'", wanted->ring,
			   wanted->path);
}

int
snapshot_take(const struct snapshot_wanted *wanted, struct keyval *status, struct failure *why)
{
	struct taking taking = {.wanted = wanted, .ring = -1, .dir = RUNDIR_INIT};
	int rc;

	*status = KEYVAL_INIT;
	if (check_paths(wanted, why) < 0)
		return -1;
	rc = find_taken(wanted, status, why);
	if (rc)
		return rc < 0 ? -1 : 0;
	taking.ring = rundir_open_existing(wanted->ring, wanted->ring_token, why);
	rc = taking.ring < 0 ? -1 : take(&taking, status, why);
	if (rc < 0)
		keyval_release(status);
	if (taking.ring >= 0)
		close(taking.ring);
	rundir_release(&taking.dir);
	ringfiles_release(&taking.files);
	keyval_release(&taking.ring_status);
	return rc;
}
