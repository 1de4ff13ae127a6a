#include "controller/snapshot_entry.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "controller/capture_audit.h"
#include "controller/engine_id.h"
#include "controller/snapshot_window.h"
#include "controller/waitproc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ASKED "snapshots-asked" /* the file with the counts; `snapshots` is the lock */

bool
snapshot_entry_is_ring(const struct spool_entry *entry, int64_t *rolling_ns)
{
	const uint64_t rolling = keyval_number(&entry->facts, "rolling", 0);

	if (rolling_ns)
		*rolling_ns = (int64_t)rolling;
	return rolling > 0 && !snapshot_window_ring(entry) && spool_entry_is_capturing(entry);
}

/* Opens the capture if it is a ring. */
static bool
open_ring(const struct spool *spool, const char *id, struct spool_entry *ring)
{
	if (spool_find(spool, id, ring, NULL) < 0)
		return false;
	if (snapshot_entry_is_ring(ring, NULL))
		return true;
	spool_entry_close(ring);
	return false;
}

static int
say_none(const char *word, struct failure *why)
{
	if (spool_id_is_valid(word))
		return failure_set(why, "'%s' is no rolling capture that runs", word);
	return failure_set(
	    why, "no rolling capture of '%s' runs: 'vcap start %s --rolling 2m' starts one", word,
	    word);
}

int
snapshot_entry_find_ring(const struct spool *spool, const char *word, struct spool_entry *ring,
			 struct failure *why)
{
	struct strvec found = STRVEC_INIT;
	char **ids, *names;
	int rc;

	if (spool_list(spool, word, &ids, why) < 0)
		return -1;
	for (char **id = ids; *id; id++)
		if (open_ring(spool, *id, ring)) {
			strvec_push(&found, *id);
			spool_entry_close(ring);
		}
	spool_list_free(ids);
	if (found.count == 0)
		rc = say_none(word, why);
	else if (found.count == 1)
		rc = spool_find(spool, found.list[0], ring, why);
	else
		rc = SPOOL_SEVERAL;
	if (rc == SPOOL_SEVERAL) {
		names = strvec_join(&found, "', '");
		failure_set(why, "'%s' has several rolling captures: '%s'", word,
			    names ? names : "");
		free(names);
	}
	strvec_release(&found);
	return rc;
}

static bool
is_snapshot_of(const struct spool_entry *entry, const struct spool_entry *ring)
{
	const char *of = snapshot_window_ring(entry);

	return of && strcmp(of, ring->id) == 0;
}

/* Whether a snapshot's window has the moment. One that failed has no packets of it. */
static bool
covers(const struct spool_entry *entry, const struct spool_entry *ring, int64_t moment_ns)
{
	struct snapshot_window window;

	return is_snapshot_of(entry, ring) && spool_entry_state(entry) != CAPTURE_FAILED &&
	       snapshot_window_read(&window, entry) && window.from_ns <= moment_ns &&
	       moment_ns < window.to_ns;
}

/* Calls visit for each snapshot of the ring, the newest first, until it returns true. */
static bool
visit(const struct spool *spool, const struct spool_entry *ring,
      bool (*visitor)(const struct spool_entry *entry, void *context), void *context)
{
	const char *service = keyval_get(&ring->facts, "service");
	bool is_over = false;
	char **ids;

	if (!service || spool_list(spool, service, &ids, NULL) < 0)
		return false;
	for (char **id = ids; *id && !is_over; id++) {
		struct spool_entry entry;

		if (strcmp(*id, ring->id) == 0 || spool_find(spool, *id, &entry, NULL) < 0)
			continue;
		if (is_snapshot_of(&entry, ring))
			is_over = visitor(&entry, context);
		spool_entry_close(&entry);
	}
	spool_list_free(ids);
	return is_over;
}

static bool
count_one(const struct spool_entry *entry, void *context)
{
	(void)entry;
	(*(unsigned *)context)++;
	return false;
}

unsigned
snapshot_entry_count(const struct spool *spool, const struct spool_entry *ring)
{
	unsigned count = 0;

	visit(spool, ring, count_one, &count);
	return count;
}

struct search {
	const struct spool_entry *ring;
	int64_t moment_ns, cooldown_ns;
	char *id;
};

static bool
find_covering(const struct spool_entry *entry, void *context)
{
	struct search *search = context;

	if (!covers(entry, search->ring, search->moment_ns))
		return false;
	memcpy(search->id, entry->id, SPOOL_ID_MAX);
	return true;
}

/* Whether a snapshot was so shortly before that there is peace. One that failed has kept nothing. */
static bool
find_recent(const struct spool_entry *entry, void *context)
{
	struct search *search = context;
	const char *word = keyval_get(&entry->facts, "moment");
	int64_t before_ns;

	if (spool_entry_state(entry) == CAPTURE_FAILED || !word ||
	    parse_offset(word, &before_ns, NULL) < 0 || before_ns > search->moment_ns ||
	    search->moment_ns - before_ns >= search->cooldown_ns)
		return false;
	memcpy(search->id, entry->id, SPOOL_ID_MAX);
	return true;
}

/* The ring's facts that are those of its snapshot, too. */
static int
copy_facts(const struct keyval *ring, struct keyval *facts)
{
	static const char *const keys[] = {"service",    "version", "snaplen",    "monitors",
					   "per-packet", "invert",  "join",       "specs",
					   "patience",   "header",  "expression", "engine",
					   "older",      "lacks",   "drops"};
	int rc = 0;

	for (size_t i = 0; i < ring->count && rc == 0; i++)
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys) && rc == 0; k++)
			if (strcmp(ring->pairs[i].key, keys[k]) == 0)
				rc = keyval_add(facts, keys[k], "%s", ring->pairs[i].value);
	return rc;
}

static int
make_facts(const struct spool_entry *ring, const struct snapshot_wish *wish, struct keyval *facts)
{
	const char *token = keyval_get(&ring->facts, "token");
	const int64_t to = wish->moment_ns + wish->after_ns;
	char time[DATETIME_UTC];
	int64_t rolling;
	int rc = copy_facts(&ring->facts, facts) | engine_id_copy_ring(ring, facts);

	snapshot_entry_is_ring(ring, &rolling);
	rc |= keyval_set(facts, "snapshot-of", "%s", ring->id);
	if (token)
		rc |= keyval_set(facts, "ring-token", "%s", token);
	rc |= keyval_set(facts, "moment", CLOCK_FORMAT, CLOCK_ARGS(wish->moment_ns));
	rc |= keyval_set(facts, "from", CLOCK_FORMAT, CLOCK_ARGS(wish->moment_ns - rolling));
	rc |= keyval_set(facts, "to", CLOCK_FORMAT, CLOCK_ARGS(to));
	rc |= keyval_set(facts, "count", "0");
	rc |= keyval_set(facts, "duration", "%" PRId64, rolling + wish->after_ns);
	rc |=
	    keyval_set(facts, "comment", "snapshot at %s%s%s", datetime_utc(wish->moment_ns, time),
		       wish->note ? ": " : "", wish->note ? wish->note : "");
	if (keyval_get(&ring->facts, "keys") && !wish->without_keys)
		rc |= keyval_set(facts, "keys", "yes");
	if (wish->by)
		rc |= keyval_set(facts, "by", "%s", wish->by);
	return rc;
}

/* What the merge reads of the parameters. */
static int
link_parameters(const struct spool_entry *ring, const struct spool_entry *entry,
		struct failure *why)
{
	static const char *const names[] = {"filter.bpf", "service", "specs", "job"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (linkat(ring->dir, names[i], entry->dir, names[i], 0) < 0 && errno != ENOENT)
			return failure_errno(why, "cannot link '%s/%s'", ring->path, names[i]);
	return 0;
}

static enum snapshot_outcome
create(const struct spool *spool, const struct spool_entry *ring, const struct snapshot_wish *wish,
       config_variable *variable, char id[SPOOL_ID_MAX], struct failure *why)
{
	const char *service = keyval_get(&ring->facts, "service");
	struct keyval facts = KEYVAL_INIT;
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc = make_facts(ring, wish, &facts) ? failure_nomem(why) : 0;

	if (rc == 0)
		rc = spool_create(spool, service, &facts, &entry, why);
	keyval_release(&facts);
	if (rc < 0)
		return SNAPSHOT_FAILED;
	memcpy(id, entry.id, SPOOL_ID_MAX);
	if (capture_audit(&entry, CAPTURE_AUDIT_SNAPSHOT, NULL, variable, why) < 0 ||
	    link_parameters(ring, &entry, why) < 0 ||
	    spool_entry_set_state(&entry, CAPTURE_CAPTURING, NULL, why) < 0 ||
	    waitproc_start(&entry, why) < 0) {
		spool_withdraw(spool, &entry, NULL);
		return SNAPSHOT_FAILED;
	}
	spool_entry_close(&entry);
	return SNAPSHOT_MADE;
}

struct snapshot_asked
snapshot_entry_asked(const struct spool_entry *ring)
{
	struct snapshot_asked asked = {0};
	struct keyval kv = KEYVAL_INIT;

	if (keyval_load(&kv, ring->dir, ASKED, NULL) == 0) {
		asked.all = keyval_number(&kv, "asked", 0);
		asked.shared = keyval_number(&kv, "shared", 0);
	}
	keyval_release(&kv);
	return asked;
}

/* Counts a call, with the lock held. What cannot be counted is no reason to have no snapshot. */
static void
count_asked(const struct spool_entry *ring, enum snapshot_outcome outcome)
{
	struct snapshot_asked asked = snapshot_entry_asked(ring);
	struct keyval kv = KEYVAL_INIT;

	asked.all++;
	asked.shared += outcome == SNAPSHOT_COVERED || outcome == SNAPSHOT_COOLING;
	if (keyval_set(&kv, "asked", "%" PRIu64, asked.all) == 0 &&
	    keyval_set(&kv, "shared", "%" PRIu64, asked.shared) == 0)
		keyval_store(&kv, ring->dir, ASKED, NULL);
	keyval_release(&kv);
}

enum snapshot_outcome
snapshot_entry_make(const struct spool *spool, const struct spool_entry *ring,
		    const struct snapshot_wish *wish, config_variable *variable,
		    char id[SPOOL_ID_MAX], struct failure *why)
{
	struct search search = {
	    .ring = ring, .moment_ns = wish->moment_ns, .cooldown_ns = wish->cooldown_ns, .id = id};
	/* Not the capture's own lock: its vcap-wait has that. */
	int lock = openat(ring->dir, "snapshots", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	enum snapshot_outcome outcome;

	if (lock < 0 || flock(lock, LOCK_EX) < 0) {
		failure_errno(why, "cannot lock '%s/snapshots'", ring->path);
		if (lock >= 0)
			close(lock);
		return SNAPSHOT_FAILED;
	}
	if (wish->cooldown_ns == SNAPSHOT_COOLDOWN_OF_RING)
		search.cooldown_ns = (int64_t)keyval_number(&ring->facts, "cooldown", 0);
	if (visit(spool, ring, find_covering, &search))
		outcome = SNAPSHOT_COVERED;
	else if (visit(spool, ring, find_recent, &search))
		outcome = SNAPSHOT_COOLING;
	else
		outcome = create(spool, ring, wish, variable, id, why);
	count_asked(ring, outcome);
	close(lock);
	return outcome;
}
