#include "controller/capture_table.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "base/text.h"
#include "controller/engine_state.h"
#include "controller/spool.h"
#include "controller/spool_keys.h"
#include "controller/spool_pairs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct table_column columns[] = {
    {"DATE", TABLE_TEXT, TABLE_GOES, 3},
    {"SERVICE", TABLE_TEXT, TABLE_GOES, 1},
    {"SIZE", TABLE_NUMBER},
    {"PACKETS", TABLE_NUMBER},
    {"DROPS", TABLE_NUMBER},
    {"ENGINES", TABLE_TEXT, TABLE_BELOW, 2},
    {"MISSING"},
    {"STATE"},
    {"ID"},
    {"MESSAGE", TABLE_TEXT, TABLE_BELOW, 1},
    {"CLOCKS"},
    {"BEGAN"},
    {"ENDED"},
    {"COUNT", TABLE_NUMBER},
    {"DURATION", TABLE_NUMBER},
    {"SNAPLEN", TABLE_NUMBER},
    {"MONITORS"},
    {"OPTIONS"},
    {"SPECS", TABLE_NUMBER},
    {"ADDRESSES"},
    {"EXPRESSION"},
    {"FILE"},
    {"BY"},
    {"COMMENT"},
    {"PAIRS"},
    {"ROLLING", TABLE_NUMBER},
    {"SINCE"},
    {"SNAPSHOT-OF"},
    {"KEYS"},
};
enum { WIDTH = sizeof(columns) / sizeof(*columns), INSTANT = 24, OPTIONS_TEXT = 40 };

/* How many addresses are shown, and how many bytes of their file are read for that. */
enum { SPECS_SHOWN = 16, SPECS_READ = 2048 };

/* The columns shown by default. For people ENGINES marks the missing ones. */
static const char *const usual_columns[] = {
    [TABLE_HUMAN] = "DATE,SERVICE,SIZE,PACKETS,DROPS,ENGINES,STATE,ID",
    [TABLE_RAW] = "DATE,SERVICE,SIZE,PACKETS,DROPS,ENGINES,MISSING,STATE,ID",
    [TABLE_JSON] = NULL, /* all of them */
};

struct table *
capture_table_new(enum table_form form)
{
	struct table *table = table_new("captures", columns, WIDTH);
	char head[DATETIME_TEXT];

	if (table && form == TABLE_HUMAN &&
	    table_head(table, "DATE", datetime_head("DATE", head), NULL) < 0) {
		table_free(table);
		return NULL;
	}
	if (table && usual_columns[form] && table_choose(table, usual_columns[form], NULL) < 0) {
		table_free(table);
		return NULL;
	}
	return table;
}

/* The names of the participating engines, or of the missing ones: heap; NULL: out of memory. */
static char *
engine_list(const struct spool_entry *entry, bool missing)
{
	struct strvec all = spool_entry_engines(entry), present = spool_entry_participants(entry);
	struct strvec chosen = STRVEC_INIT;
	char *text;

	for (size_t i = 0; i < all.count; i++)
		if (strvec_has(&present, all.list[i]) != missing)
			strvec_push(&chosen, all.list[i]);
	text = strvec_join(&chosen, ",");
	strvec_release(&all);
	strvec_release(&present);
	strvec_release(&chosen);
	return text;
}

/* The YYYYMMDD_HHMMSS of an id, which a number may follow. */
static const char *
time_of(const char *id)
{
	return strrchr(id, '.') + 1;
}

/* The moment of an id. */
static int64_t
date_ns(const char *id)
{
	const char *t = time_of(id);
	struct tm utc = {0};

	return sscanf(t, "%4d%2d%2d_%2d%2d%2d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
		      &utc.tm_hour, &utc.tm_min, &utc.tm_sec) == 6
		   ? (utc.tm_year -= 1900, utc.tm_mon--, timegm(&utc)) * NS_PER_SECOND
		   : 0;
}

/* For people: local time; with its zone where that is not the heading's. */
static void
format_local(int64_t at_ns, char to[DATETIME_TEXT])
{
	char zone[DATETIME_ZONE], usual[DATETIME_ZONE];

	datetime_format(at_ns, to);
	datetime_zone(at_ns, zone);
	if (strcmp(zone, datetime_zone(clock_realtime_ns(), usual)) != 0)
		snprintf(to + strlen(to), DATETIME_TEXT - strlen(to), " %s", zone);
}

/* Formats the YYYYMMDD_HHMMSS of an id as YYYY-MM-DD HH:MM:SS. */
static void
format_date(const char *id, char to[INSTANT])
{
	const char *t = time_of(id);

	snprintf(to, INSTANT, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", t, t + 4, t + 6, t + 9, t + 11,
		 t + 13);
}

/* "2026-11-22T10:15:00Z"; empty for 0, unknown. */
static void
format_instant(int64_t at_ns, char to[INSTANT])
{
	const time_t at = (time_t)(at_ns / NS_PER_SECOND);
	struct tm utc;

	to[0] = '\0';
	if (at_ns > 0 && gmtime_r(&at, &utc))
		strftime(to, INSTANT, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static int64_t
ended_ns(const struct spool_entry *entry)
{
	const char *word = keyval_get(&entry->facts, "ended");
	int64_t ended;

	return word && parse_offset(word, &ended, NULL) == 0 ? ended : 0;
}

/* Seconds, with nine decimals if they are not whole. */
static void
format_duration(uint64_t ns, char to[INSTANT])
{
	int used = snprintf(to, INSTANT, "%" PRIu64, ns / NS_PER_SECOND);

	if (ns % NS_PER_SECOND)
		snprintf(to + used, INSTANT - (size_t)used, ".%09" PRIu64, ns % NS_PER_SECOND);
}

/* The first of the capture's addresses, separated by blanks, and "..." if there are more. */
static char *
addresses(const struct spool_entry *entry)
{
	struct strvec words = STRVEC_INIT;
	struct stat status;
	char text[SPECS_READ + 1], *line = text, *end, *joined;
	int fd = openat(entry->dir, "specs", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = 0;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		size = fileio_read_full(fd, text, SPECS_READ);
	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	for (; words.count < SPECS_SHOWN && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		strvec_push(&words, line);
	}
	if (*line)
		strvec_push(&words, "...");
	joined = strvec_join(&words, " ");
	strvec_release(&words);
	return joined;
}

/* The engines whose pairs are here, as engine_list has them. */
static char *
pairs_list(const struct spool_entry *entry)
{
	struct strvec names = spool_pairs_engines(entry);
	char *joined = strvec_join(&names, ",");

	strvec_release(&names);
	return joined;
}

static bool
is_set(const struct spool_entry *entry, const char *key)
{
	const char *value = keyval_get(&entry->facts, key);

	return value && strcmp(value, "yes") == 0;
}

/* Those of the options that the capture was started with, which it keeps in text. */
static const char *
options(const struct spool_entry *entry, char text[OPTIONS_TEXT])
{
	const char *snaplen = keyval_get(&entry->facts, "snaplen");

	snprintf(text, OPTIONS_TEXT, "%s%s%s%s", is_set(entry, "per-packet") ? " -P" : "",
		 is_set(entry, "invert") ? " -x" : "",
		 snaplen && strcmp(snaplen, "headers") == 0 ? " -s headers" : "",
		 is_set(entry, "drops") ? " --drops" : "");
	return *text ? text + 1 : text;
}

/* Of a rolling capture: since when all its engines have all, by their clocks; 0: none has said. */
static int64_t
ring_since_ns(const struct spool_entry *entry)
{
	struct strvec names = STRVEC_INIT;
	int64_t since = 0, ns;

	if (keyval_get(&entry->facts, "rolling"))
		names = spool_entry_participants(entry);
	for (size_t i = 0; i < names.count; i++) {
		struct keyval state;
		const char *word;

		if (engine_state_load(entry, names.list[i], &state, NULL) < 0)
			continue;
		word = keyval_get(&state, "complete-since");
		if (word && parse_offset(word, &ns, NULL) == 0 && ns > since)
			since = ns;
		keyval_release(&state);
	}
	strvec_release(&names);
	return since;
}

/* The cells of a row that have to be allocated. */
struct cells {
	char *service, *engines, *missing, *both, *addresses, *file, *pairs;
};

static int
cells_fill(struct cells *cells, const struct spool_entry *entry)
{
	const int length = (int)(time_of(entry->id) - entry->id) - 1;

	*cells = (struct cells){.engines = engine_list(entry, false),
				.missing = engine_list(entry, true),
				.addresses = addresses(entry),
				.pairs = pairs_list(entry),
				.file = spool_entry_file(entry, "%s.pcapng", entry->id)};
	if (!cells->engines || !cells->missing || !cells->addresses || !cells->file ||
	    !cells->pairs || asprintf(&cells->service, "%.*s", length, entry->id) < 0)
		return -1;
	return asprintf(&cells->both, *cells->missing ? "%s (missing %s)" : "%s%s", cells->engines,
			cells->missing) < 0
		   ? -1
		   : 0;
}

static void
cells_release(struct cells *cells)
{
	free(cells->service);
	free(cells->engines);
	free(cells->missing);
	free(cells->both);
	free(cells->addresses);
	free(cells->pairs);
	free(cells->file);
}

static char *
format_counter(uint64_t value, char to[INSTANT])
{
	snprintf(to, INSTANT, "%" PRIu64, value);
	return to;
}

/* What is missing or was not seen; NULL or empty: nothing. */
static const char *
message_of(const struct keyval *facts)
{
	const char *message = keyval_get(facts, "message");

	return message && *message ? message : keyval_get(facts, "unseen");
}

static int
add_row(struct table *table, const struct spool_entry *entry, const struct cells *cells,
	enum table_form form, struct failure *why)
{
	const struct keyval *facts = &entry->facts;
	const uint64_t size = engine_state_total(entry, "size");
	const bool in_one = form == TABLE_HUMAN && !table_shows(table, "MISSING");
	char date[DATETIME_TEXT], began[INSTANT], ended[INSTANT], duration[INSTANT],
	    sized[TEXT_SIZE];
	char keyed[SPOOL_KEYS_TEXT], chosen[OPTIONS_TEXT], number[6][INSTANT], rolling[INSTANT],
	    since[INSTANT];

	if (form == TABLE_HUMAN)
		format_local(date_ns(entry->id), date);
	else
		format_date(entry->id, date);
	format_instant(spool_entry_began_ns(entry), began);
	format_instant(ended_ns(entry), ended);
	format_instant(ring_since_ns(entry), since);
	format_duration(keyval_number(facts, "rolling", 0), rolling);
	format_duration(keyval_number(facts, "duration", 0), duration);
	return table_add(
	    table,
	    (const char *const[WIDTH]){
		date,
		cells->service,
		form == TABLE_HUMAN ? text_size(size, sized) : format_counter(size, number[0]),
		format_counter(engine_state_total(entry, "packets"), number[1]),
		format_counter(engine_state_total(entry, "dropped"), number[2]),
		in_one ? cells->both : cells->engines,
		cells->missing,
		spool_entry_state_name(entry),
		entry->id,
		message_of(facts),
		keyval_get(facts, "clocks"),
		began,
		ended,
		format_counter(keyval_number(facts, "count", 0), number[4]),
		duration,
		format_counter(keyval_number(facts, "snaplen", 0), number[5]),
		keyval_get(facts, "monitors"),
		options(entry, chosen),
		format_counter(keyval_number(facts, "specs", 0), number[3]),
		cells->addresses,
		keyval_get(facts, "expression"),
		size > 0 && spool_entry_is_over(entry) ? cells->file : "",
		keyval_get(facts, "by"),
		keyval_get(facts, "comment"),
		cells->pairs,
		rolling,
		since,
		keyval_get(facts, "snapshot-of"),
		spool_keys_text(entry, keyed),
	    },
	    why);
}

int
capture_table_add(struct table *table, const struct spool_entry *entry, enum table_form form,
		  struct failure *why)
{
	struct cells cells;
	int rc = cells_fill(&cells, entry);

	if (rc < 0)
		failure_nomem(why);
	else
		rc = add_row(table, entry, &cells, form, why);
	cells_release(&cells);
	return rc;
}
