#include "controller/trigger_record.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/keyval.h"
#include "base/parse.h"
#include "flows/trigger_spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "triggers"
#define HOUR      (60 * NS_PER_MINUTE)

bool
trigger_record_read(const struct keyval *state, unsigned number, uint64_t counts[2])
{
	char words[2][24], key[32];
	const char *value;
	int used = 0;

	snprintf(key, sizeof(key), "trigger-%u", number);
	value = keyval_get(state, key);
	return value && sscanf(value, "%23[0-9] %23[0-9]%n", words[0], words[1], &used) == 2 &&
	       !value[used] && parse_number(words[0], UINT64_MAX, &counts[0], NULL) == 0 &&
	       parse_number(words[1], UINT64_MAX, &counts[1], NULL) == 0;
}

struct trigger_seen *
trigger_record_find(struct trigger_record *record, unsigned number, const char *engine)
{
	struct trigger_seen *seen;
	char *name;

	for (size_t i = 0; i < record->seen_count; i++)
		if (record->seen[i].number == number && strcmp(record->seen[i].engine, engine) == 0)
			return &record->seen[i];
	name = strdup(engine);
	if (!name || array_grow(&record->seen, record->seen_count, sizeof(*seen)) < 0) {
		free(name);
		return NULL;
	}
	seen = &record->seen[record->seen_count++];
	*seen = (struct trigger_seen){.number = number, .engine = name};
	return seen;
}

/* NUMBER ENGINE MATCHES; another line is passed over. -1: out of memory. */
static int
read_seen(struct trigger_record *record, const char *value)
{
	uint64_t number, matches;
	char words[2][24], engine[72];
	struct trigger_seen *seen;

	if (sscanf(value, "%23s %71s %23s", words[0], engine, words[1]) != 3 ||
	    parse_number(words[0], TRIGGER_SPEC_MOST, &number, NULL) < 0 ||
	    !parse_is_name(engine) || parse_number(words[1], UINT64_MAX, &matches, NULL) < 0)
		return 0;
	seen = trigger_record_find(record, (unsigned)number, engine);
	if (!seen)
		return -1;
	seen->matches = matches;
	return 0;
}

static void
push_taken(struct trigger_record *record, int64_t at_ns)
{
	if (record->taken_count == TRIGGER_RECORD_TAKEN)
		memmove(record->taken, record->taken + 1,
			--record->taken_count * sizeof(*record->taken));
	record->taken[record->taken_count++] = at_ns;
}

int
trigger_record_load(struct trigger_record *record, const struct spool_entry *ring,
		    struct failure *why)
{
	struct keyval kv = KEYVAL_INIT;
	int64_t at_ns;
	int rc = 0;

	*record = TRIGGER_RECORD_INIT;
	errno = 0;
	if (keyval_load(&kv, ring->dir, FILE_NAME, why) < 0) {
		keyval_release(&kv);
		return errno == ENOENT ? 0 : -1;
	}
	for (size_t i = 0; i < kv.count && rc == 0; i++) {
		if (strcmp(kv.pairs[i].key, "seen") == 0)
			rc = read_seen(record, kv.pairs[i].value);
		else if (strcmp(kv.pairs[i].key, "taken") == 0 &&
			 parse_offset(kv.pairs[i].value, &at_ns, NULL) == 0)
			push_taken(record, at_ns);
	}
	record->snapshots = keyval_number(&kv, "snapshots", 0);
	record->suppressed = keyval_number(&kv, "suppressed", 0);
	record->failed = keyval_number(&kv, "failed", 0);
	if (keyval_get(&kv, "failure"))
		failure_set(&record->why, "%s", keyval_get(&kv, "failure"));
	keyval_release(&kv);
	if (rc == 0)
		return 0;
	trigger_record_release(record);
	return failure_nomem(why);
}

int
trigger_record_store(const struct trigger_record *record, const struct spool_entry *ring,
		     struct failure *why)
{
	struct keyval kv = KEYVAL_INIT;
	int rc = 0;

	for (size_t i = 0; i < record->seen_count; i++)
		rc |= keyval_add(&kv, "seen", "%u %s %" PRIu64, record->seen[i].number,
				 record->seen[i].engine, record->seen[i].matches);
	for (size_t i = 0; i < record->taken_count; i++)
		rc |= keyval_add(&kv, "taken", CLOCK_FORMAT, CLOCK_ARGS(record->taken[i]));
	rc |= keyval_set(&kv, "snapshots", "%" PRIu64, record->snapshots);
	rc |= keyval_set(&kv, "suppressed", "%" PRIu64, record->suppressed);
	rc |= keyval_set(&kv, "failed", "%" PRIu64, record->failed);
	if (*record->why.text)
		rc |= keyval_set(&kv, "failure", "%s", record->why.text);
	rc = rc ? failure_nomem(why) : keyval_store(&kv, ring->dir, FILE_NAME, why);
	keyval_release(&kv);
	return rc;
}

void
trigger_record_add_taken(struct trigger_record *record, int64_t at_ns)
{
	record->snapshots++;
	push_taken(record, at_ns);
}

size_t
trigger_record_taken(const struct trigger_record *record, int64_t now)
{
	size_t count = 0;

	for (size_t i = 0; i < record->taken_count; i++)
		count += record->taken[i] > now - HOUR && record->taken[i] < now + HOUR;
	return count;
}

void
trigger_record_release(struct trigger_record *record)
{
	for (size_t i = 0; i < record->seen_count; i++)
		free(record->seen[i].engine);
	free(record->seen);
	*record = TRIGGER_RECORD_INIT;
}
