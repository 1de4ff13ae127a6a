/*
 * A metric's lines stand together, behind its HELP and TYPE: so each is written by one pass over all captures,
 * which are opened once. Labels are names of services, engines and captures, which hold nothing that would
 * have to be escaped; others are left out.
 */
#include "controller/metrics.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/diskquota.h"
#include "base/parse.h"
#include "controller/engine_state.h"
#include "controller/lostlines.h"
#include "controller/snapshot_entry.h"
#include "controller/trigger_record.h"
#include "flows/trigger_spec.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct captured {
	struct spool_entry entry;
	char service[SPOOL_ID_MAX]; /* its name, which the id begins with */
};

struct metrics {
	struct captured *list; /* heap */
	size_t count;
	FILE *out;
};

/* Opens the captures that can be read. */
static int
open_all(struct metrics *metrics, const struct spool *spool, const char *word,
	 void (*report)(const char *line), struct failure *why)
{
	char **ids;
	int rc = 0;

	if (spool_list(spool, word, &ids, why) < 0)
		return -1;
	for (char **id = ids; *id && rc == 0; id++) {
		struct captured captured;
		struct failure unreadable;

		if (spool_find(spool, *id, &captured.entry, &unreadable) < 0) {
			report(unreadable.text);
		} else if (array_grow(&metrics->list, metrics->count, sizeof(captured)) < 0) {
			spool_entry_close(&captured.entry);
			rc = failure_nomem(why);
		} else {
			snprintf(captured.service, sizeof(captured.service), "%.*s",
				 (int)(strrchr(*id, '.') - *id), *id);
			metrics->list[metrics->count++] = captured;
		}
	}
	spool_list_free(ids);
	return rc;
}

static void
head(const struct metrics *metrics, const char *name, const char *type, const char *help)
{
	fprintf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* How many captures there are of each service and state; a state of which there are none is 0, so that one
 * can be told from a service that is not captured. */
static void
write_states(const struct metrics *metrics)
{
	head(metrics, "vcap_captures", "gauge", "Captures in the spool, by service and state.");
	for (size_t i = 0; i < metrics->count; i++) {
		const char *service = metrics->list[i].service;
		bool is_first = true;

		for (size_t k = 0; k < i && is_first; k++)
			is_first = strcmp(metrics->list[k].service, service) != 0;
		for (enum capture_state state = 0; is_first && state < CAPTURE_UNKNOWN; state++) {
			unsigned count = 0;

			for (size_t k = i; k < metrics->count; k++)
				count += strcmp(metrics->list[k].service, service) == 0 &&
					 spool_entry_state(&metrics->list[k].entry) == state;
			fprintf(metrics->out, "vcap_captures{service=\"%s\",state=\"%s\"} %u\n",
				service, spool_entry_name_of(state), count);
		}
	}
}

/* Of a capture, what one metric says of an engine by its state; text is for the value. False: nothing. */
typedef bool value_of(const struct spool_entry *entry, const char *engine,
		      const struct keyval *state, char text[64]);

static bool
is_up(const struct spool_entry *entry, const char *engine, const struct keyval *state,
      char text[64])
{
	const bool up = !spool_entry_missing_reason(entry, engine) &&
			keyval_number(state, "exit", 0) == 0 &&
			engine_state_status(state) <= ENGINE_RUNNING;

	snprintf(text, 64, "%d", up);
	return true;
}

static bool
number_of(const struct keyval *state, const char *key, char text[64])
{
	if (!keyval_get(state, key))
		return false;
	snprintf(text, 64, "%" PRIu64, keyval_number(state, key, 0));
	return true;
}

static bool
packets(const struct spool_entry *entry, const char *engine, const struct keyval *state,
	char text[64])
{
	(void)entry, (void)engine;
	return number_of(state, "packets", text);
}

static bool
dropped(const struct spool_entry *entry, const char *engine, const struct keyval *state,
	char text[64])
{
	(void)entry, (void)engine;
	return number_of(state, "dropped", text);
}

static bool
complete_since(const struct spool_entry *entry, const char *engine, const struct keyval *state,
	       char text[64])
{
	const char *word = keyval_get(state, "complete-since");
	int64_t ns;

	(void)engine;
	if (!snapshot_entry_is_ring(entry, NULL) || !word || parse_offset(word, &ns, NULL) < 0 ||
	    ns < 0)
		return false;
	snprintf(text, 64, CLOCK_FORMAT, CLOCK_ARGS(ns));
	return true;
}

/* A line for each engine of each capture that is not over. */
static void
write_engines(const struct metrics *metrics, const char *name, const char *help, value_of *value)
{
	head(metrics, name, "gauge", help);
	for (size_t i = 0; i < metrics->count; i++) {
		const struct spool_entry *entry = &metrics->list[i].entry;
		struct strvec engines = STRVEC_INIT;

		if (!spool_entry_is_over(entry))
			engines = spool_entry_engines(entry);
		for (size_t k = 0; k < engines.count; k++) {
			struct keyval state;
			char text[64];

			if (!parse_is_name(engines.list[k]) ||
			    engine_state_load(entry, engines.list[k], &state, NULL) < 0)
				continue;
			if (value(entry, engines.list[k], &state, text))
				fprintf(metrics->out,
					"%s{service=\"%s\",capture=\"%s\",engine=\"%s\"} %s\n",
					name, metrics->list[i].service, entry->id, engines.list[k],
					text);
			keyval_release(&state);
		}
		strvec_release(&engines);
	}
}

/* What the hosts lost, of captures that are not over: a line for each kind of which there is any. */
static void
write_losses(const struct metrics *metrics)
{
	head(metrics, "vcap_engine_lost", "gauge",
	     "What the host of an engine has lost meanwhile, by the kernel's counters.");
	for (size_t i = 0; i < metrics->count; i++) {
		const struct spool_entry *entry = &metrics->list[i].entry;
		struct strvec engines = STRVEC_INIT;

		if (!spool_entry_is_over(entry))
			engines = spool_entry_engines(entry);
		for (size_t k = 0; k < engines.count; k++) {
			uint64_t sums[LOSS_KINDS] = {0};
			struct keyval state;

			if (!parse_is_name(engines.list[k]) ||
			    engine_state_load(entry, engines.list[k], &state, NULL) < 0)
				continue;
			lostlines_sum(&state, sums);
			keyval_release(&state);
			for (int kind = 0; kind < LOSS_KINDS; kind++)
				if (sums[kind])
					fprintf(metrics->out,
						"vcap_engine_lost{service=\"%s\",capture=\"%s\","
						"engine=\"%s\",loss=\"%s\"} %" PRIu64 "\n",
						metrics->list[i].service, entry->id,
						engines.list[k], loss_name(kind), sums[kind]);
		}
		strvec_release(&engines);
	}
}

/* How snapshots of rolling captures were asked for; offset: of a uint64_t in struct snapshot_asked. */
static void
write_asked(const struct metrics *metrics, const char *name, const char *help, size_t offset)
{
	head(metrics, name, "counter", help);
	for (size_t i = 0; i < metrics->count; i++) {
		const struct spool_entry *entry = &metrics->list[i].entry;
		struct snapshot_asked asked;

		if (!snapshot_entry_is_ring(entry, NULL))
			continue;
		asked = snapshot_entry_asked(entry);
		fprintf(metrics->out, "%s{service=\"%s\",capture=\"%s\"} %" PRIu64 "\n", name,
			metrics->list[i].service, entry->id,
			*(uint64_t *)((char *)&asked + offset));
	}
}

/* What of rolling captures is not by engine. */
static void
write_rings(const struct metrics *metrics, const struct spool *spool)
{
	int64_t rolling;

	head(metrics, "vcap_rolling_seconds", "gauge", "What a rolling capture keeps.");
	for (size_t i = 0; i < metrics->count; i++)
		if (snapshot_entry_is_ring(&metrics->list[i].entry, &rolling))
			fprintf(metrics->out,
				"vcap_rolling_seconds{service=\"%s\",capture=\"%s\"} " CLOCK_FORMAT
				"\n",
				metrics->list[i].service, metrics->list[i].entry.id,
				CLOCK_ARGS(rolling));
	head(metrics, "vcap_snapshots", "gauge", "Snapshots of a rolling capture in the spool.");
	for (size_t i = 0; i < metrics->count; i++)
		if (snapshot_entry_is_ring(&metrics->list[i].entry, NULL))
			fprintf(metrics->out, "vcap_snapshots{service=\"%s\",capture=\"%s\"} %u\n",
				metrics->list[i].service, metrics->list[i].entry.id,
				snapshot_entry_count(spool, &metrics->list[i].entry));
	write_asked(metrics, "vcap_snapshots_asked_total",
		    "How often one was asked for, by triggers too.",
		    offsetof(struct snapshot_asked, all));
	write_asked(metrics, "vcap_snapshots_shared_total",
		    "How often the answer was one that there was.",
		    offsetof(struct snapshot_asked, shared));
}

/* What became of triggers. */
static void
write_records(const struct metrics *metrics)
{
	static const struct {
		const char *name, *help;
		size_t offset; /* of a uint64_t in the record */
	} counters[] = {
	    {"vcap_snapshots_taken_total", "Snapshots that triggers have made.",
	     offsetof(struct trigger_record, snapshots)},
	    {"vcap_snapshots_suppressed_total", "Those that were too soon, too many, or there.",
	     offsetof(struct trigger_record, suppressed)},
	    {"vcap_snapshots_failed_total", "Those that could not be made.",
	     offsetof(struct trigger_record, failed)},
	};

	for (size_t k = 0; k < sizeof(counters) / sizeof(*counters); k++) {
		head(metrics, counters[k].name, "counter", counters[k].help);
		for (size_t i = 0; i < metrics->count; i++) {
			const struct spool_entry *entry = &metrics->list[i].entry;
			struct trigger_record record;

			if (!snapshot_entry_is_ring(entry, NULL) ||
			    trigger_record_load(&record, entry, NULL) < 0)
				continue;
			fprintf(metrics->out, "%s{service=\"%s\",capture=\"%s\"} %" PRIu64 "\n",
				counters[k].name, metrics->list[i].service, entry->id,
				*(uint64_t *)((char *)&record + counters[k].offset));
			trigger_record_release(&record);
		}
	}
}

/* What engines have counted of triggers; which: 0, what has come; 1, lines that took too long. */
static void
write_triggers(const struct metrics *metrics, const char *name, const char *help, int which)
{
	head(metrics, name, "counter", help);
	for (size_t i = 0; i < metrics->count; i++) {
		const struct spool_entry *entry = &metrics->list[i].entry;
		struct strvec engines = STRVEC_INIT;

		if (snapshot_entry_is_ring(entry, NULL))
			engines = spool_entry_engines(entry);
		for (size_t k = 0; k < engines.count; k++) {
			struct keyval state;

			if (parse_is_name(engines.list[k]) &&
			    engine_state_load(entry, engines.list[k], &state, NULL) == 0) {
				for (unsigned number = 1; number <= TRIGGER_SPEC_MOST; number++) {
					uint64_t counts[2];

					if (trigger_record_read(&state, number, counts))
						fprintf(metrics->out,
							"%s{service=\"%s\",capture=\"%s\","
							"engine=\"%s\",trigger=\"%u\"} %" PRIu64
							"\n",
							name, metrics->list[i].service, entry->id,
							engines.list[k], number, counts[which]);
				}
				keyval_release(&state);
			}
		}
		strvec_release(&engines);
	}
}

/* How long captures will wait for engines that are out of reach. */
static void
write_waits(const struct metrics *metrics)
{
	head(metrics, "vcap_waits_seconds", "gauge",
	     "How much longer a capture waits for engines that are out of reach.");
	for (size_t i = 0; i < metrics->count; i++) {
		const struct spool_entry *entry = &metrics->list[i].entry;
		const char *until = keyval_get(&entry->facts, "waits-until");
		int64_t until_ns, left = 0;

		if (spool_entry_is_over(entry))
			continue;
		if (until && parse_offset(until, &until_ns, NULL) == 0)
			left = until_ns - clock_realtime_ns();
		fprintf(metrics->out,
			"vcap_waits_seconds{service=\"%s\",capture=\"%s\"} " CLOCK_FORMAT "\n",
			metrics->list[i].service, entry->id, CLOCK_ARGS(left > 0 ? left : 0));
	}
}

static void
write_spool(const struct metrics *metrics, const struct spool *spool)
{
	head(metrics, "vcap_spool_free_bytes", "gauge", "Free space on the disk of the spool.");
	fprintf(metrics->out, "vcap_spool_free_bytes %" PRIu64 "\n",
		diskquota_free_bytes(spool->dir));
	head(metrics, "vcap_spool_reserve_bytes", "gauge", "What of that is left free.");
	fprintf(metrics->out, "vcap_spool_reserve_bytes %" PRIu64 "\n",
		diskquota_default_reserve(spool->dir));
}

int
metrics_write(const struct spool *spool, const char *word, FILE *out,
	      void (*report)(const char *line), struct failure *why)
{
	struct metrics metrics = {.out = out};
	int rc = open_all(&metrics, spool, word, report, why);

	if (rc == 0) {
		write_states(&metrics);
		write_engines(&metrics, "vcap_engine_up",
			      "Whether an engine captures, by its last answer.", is_up);
		write_engines(&metrics, "vcap_engine_packets", "Packets that it has kept.",
			      packets);
		write_engines(&metrics, "vcap_engine_dropped",
			      "Packets that its kernel has dropped.", dropped);
		write_losses(&metrics);
		write_engines(&metrics, "vcap_rolling_complete_since_seconds",
			      "Since when an engine has all, in seconds since 1970.",
			      complete_since);
		write_rings(&metrics, spool);
		write_records(&metrics);
		write_triggers(&metrics, "vcap_trigger_matches_total",
			       "What an engine saw of what is watched for.", 0);
		write_triggers(&metrics, "vcap_trigger_limited_total",
			       "Lines that took an engine too long to judge.", 1);
		write_waits(&metrics);
		write_spool(&metrics, spool);
	}
	for (size_t i = 0; i < metrics.count; i++)
		spool_entry_close(&metrics.list[i].entry);
	free(metrics.list);
	return rc;
}
