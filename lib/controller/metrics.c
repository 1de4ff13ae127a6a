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

/* An engine of a capture, by its state. */
struct told {
	const struct spool_entry *entry;
	const char *service, *engine;
	const struct keyval *state;
};

/* A metric of engines: which captures it is of, and what writes its lines. number, where there are several alike. */
struct engine_metric {
	const char *name, *type, *help;
	bool (*takes)(const struct spool_entry *entry);
	void (*write)(const struct engine_metric *metric, const struct told *told, FILE *out);
	int number;
};

static bool
goes_on(const struct spool_entry *entry)
{
	return !spool_entry_is_over(entry);
}

static bool
is_ring(const struct spool_entry *entry)
{
	return snapshot_entry_is_ring(entry, NULL);
}

/* The lines of each engine whose state is here. */
static void
write_engines(const struct metrics *metrics, const struct engine_metric *metric)
{
	head(metrics, metric->name, metric->type, metric->help);
	for (size_t i = 0; i < metrics->count; i++) {
		const struct captured *captured = &metrics->list[i];
		struct strvec engines = STRVEC_INIT;

		if (metric->takes(&captured->entry))
			engines = spool_entry_engines(&captured->entry);
		for (size_t k = 0; k < engines.count; k++) {
			struct keyval state;
			const struct told told = {&captured->entry, captured->service,
						  engines.list[k], &state};

			if (!parse_is_name(told.engine) ||
			    engine_state_load(told.entry, told.engine, &state, NULL) < 0)
				continue;
			metric->write(metric, &told, metrics->out);
			keyval_release(&state);
		}
		strvec_release(&engines);
	}
}

/* Writes a line up to its value; more is further labels. */
static void
begin_line(const struct engine_metric *metric, const struct told *told, const char *more, FILE *out)
{
	fprintf(out, "%s{service=\"%s\",capture=\"%s\",engine=\"%s\"%s} ", metric->name,
		told->service, told->entry->id, told->engine, more);
}

static void
write_up(const struct engine_metric *metric, const struct told *told, FILE *out)
{
	begin_line(metric, told, "", out);
	fprintf(out, "%d\n",
		!spool_entry_missing_reason(told->entry, told->engine) &&
		    keyval_number(told->state, "exit", 0) == 0 &&
		    engine_state_status(told->state) <= ENGINE_RUNNING);
}

static void
write_number(const struct engine_metric *metric, const struct told *told, const char *key,
	     FILE *out)
{
	if (!keyval_get(told->state, key))
		return;
	begin_line(metric, told, "", out);
	fprintf(out, "%" PRIu64 "\n", keyval_number(told->state, key, 0));
}

static void
write_packets(const struct engine_metric *metric, const struct told *told, FILE *out)
{
	write_number(metric, told, "packets", out);
}

static void
write_dropped(const struct engine_metric *metric, const struct told *told, FILE *out)
{
	write_number(metric, told, "dropped", out);
}

static void
write_since(const struct engine_metric *metric, const struct told *told, FILE *out)
{
	const char *word = keyval_get(told->state, "complete-since");
	int64_t ns;

	if (!is_ring(told->entry) || !word || parse_offset(word, &ns, NULL) < 0 || ns < 0)
		return;
	begin_line(metric, told, "", out);
	fprintf(out, CLOCK_FORMAT "\n", CLOCK_ARGS(ns));
}

/* A line for each kind of loss of which there is any. */
static void
write_losses(const struct engine_metric *metric, const struct told *told, FILE *out)
{
	uint64_t sums[LOSS_KINDS] = {0};
	char label[64];

	lostlines_sum(told->state, sums);
	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		if (!sums[kind])
			continue;
		snprintf(label, sizeof(label), ",loss=\"%s\"", loss_name(kind));
		begin_line(metric, told, label, out);
		fprintf(out, "%" PRIu64 "\n", sums[kind]);
	}
}

/* A line for each trigger; the metric's number: 0, what has come; 1, lines that took too long. */
static void
write_triggers(const struct engine_metric *metric, const struct told *told, FILE *out)
{
	uint64_t counts[2];
	char label[32];

	for (unsigned number = 1; number <= TRIGGER_SPEC_MOST; number++) {
		if (!trigger_record_read(told->state, number, counts))
			continue;
		snprintf(label, sizeof(label), ",trigger=\"%u\"", number);
		begin_line(metric, told, label, out);
		fprintf(out, "%" PRIu64 "\n", counts[metric->number]);
	}
}

static const struct engine_metric of_captures[] = {
    {"vcap_engine_up", "gauge", "Whether an engine captures, by its last answer.", goes_on,
     write_up, 0},
    {"vcap_engine_packets", "gauge", "Packets that it has kept.", goes_on, write_packets, 0},
    {"vcap_engine_dropped", "gauge", "Packets that its kernel has dropped.", goes_on, write_dropped,
     0},
    {"vcap_engine_lost", "gauge",
     "What the host of an engine has lost meanwhile, by the kernel's counters.", goes_on,
     write_losses, 0},
    {"vcap_rolling_complete_since_seconds", "gauge",
     "Since when an engine has all, in seconds since 1970.", goes_on, write_since, 0},
};

static const struct engine_metric of_triggers[] = {
    {"vcap_trigger_matches_total", "counter", "What an engine saw of what is watched for.", is_ring,
     write_triggers, 0},
    {"vcap_trigger_limited_total", "counter", "Lines that took an engine too long to judge.",
     is_ring, write_triggers, 1},
};

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
		for (size_t i = 0; i < sizeof(of_captures) / sizeof(*of_captures); i++)
			write_engines(&metrics, &of_captures[i]);
		write_rings(&metrics, spool);
		write_records(&metrics);
		for (size_t i = 0; i < sizeof(of_triggers) / sizeof(*of_triggers); i++)
			write_engines(&metrics, &of_triggers[i]);
		write_waits(&metrics);
		write_spool(&metrics, spool);
	}
	for (size_t i = 0; i < metrics.count; i++)
		spool_entry_close(&metrics.list[i].entry);
	free(metrics.list);
	return rc;
}
