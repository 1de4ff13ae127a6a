/*
 * The settings of a service's captures in vcap shell: limits, addresses, monitors, and whether to
 * capture. Pure: text to settings and back.
 */
#ifndef VCAP_SETTINGS_H
#define VCAP_SETTINGS_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "filter/service.h"

#include <stdbool.h>
#include <stdint.h>

/* The fields. SETTINGS_LIMITS and SETTINGS_LISTS can only be cleared. */
enum settings_field {
	SETTINGS_DURATION, /* minutes, or a duration as parse.h has it */
	SETTINGS_COUNT,    /* packets per core */
	SETTINGS_SNAPLEN,  /* bytes of each packet */
	SETTINGS_ROLLING,  /* minutes, or a duration */
	SETTINGS_MONITORS, /* none, include or only */
	SETTINGS_ADDRS,    /* addresses, here and in the next two: each value is added */
	SETTINGS_PREFIXES, /* A/len */
	SETTINGS_RANGES,   /* A-B */
	SETTINGS_FORMAT,   /* of downloads: pcapng or pcap */
	SETTINGS_CAPTURE,  /* whether to capture; no value */
	SETTINGS_LIMITS,   /* the first four at once */
	SETTINGS_LISTS,    /* all addresses at once */
};

enum { SETTINGS_KINDS = 3 }; /* of addresses: addrs, prefixes, ranges */
extern const char *const settings_kinds[SETTINGS_KINDS];

#define SETTINGS_ADDRS_MAX 1000 /* of all kinds together; vcap-start --specs takes more */

enum settings_format { SETTINGS_PCAPNG, SETTINGS_PCAP };

struct settings {
	int64_t duration_ns; /* 0, here and below: no limit */
	uint64_t count, snaplen;
	int64_t rolling_ns; /* what a rolling capture keeps; 0: it is none */
	enum monitor_mode monitors;
	enum settings_format format;
	struct strvec lists[SETTINGS_KINDS]; /* as the user wrote them, all valid */
	bool capture;                        /* not stored */
	char *id;                            /* of the last capture started; NULL: none */
};

#define SETTINGS_INIT ((struct settings){0})

/* settings is SETTINGS_INIT afterwards. */
void settings_release(struct settings *settings);

/* Sets a field to a value, or adds an address unless the list has it, in whatever notation. -1 with
 * why, settings unchanged: the value is invalid, or there are too many addresses. */
int settings_set(struct settings *settings, enum settings_field field, const char *value,
		 struct failure *why);

/* Resets a field, or with a value removes this address. -1 with why, settings unchanged: the list
 * does not have it. */
int settings_clear(struct settings *settings, enum settings_field field, const char *value,
		   struct failure *why);

/* Replaces *to by a copy. -1: out of memory; to is unchanged. */
int settings_copy(struct settings *to, const struct settings *from, struct failure *why);
/* Whether all fields are equal, but for id. */
bool settings_equal(const struct settings *one, const struct settings *other);

/* The number of addresses of all kinds. */
size_t settings_address_count(const struct settings *settings);

/* "none", "include" or "only". */
const char *settings_monitors(const struct settings *settings);

/* "pcapng" or "pcap". */
const char *settings_format_name(const struct settings *settings);

/* Appends the settings, except capture, to facts as pairs of vcap-spool(5). -1: out of memory; some
 * may have been appended. */
int settings_facts(const struct settings *settings, struct keyval *facts, struct failure *why);
/* Reads them back into *settings, which is overwritten, not released; other keys are ignored. -1
 * with why: a value is invalid, or out of memory; settings is SETTINGS_INIT then. */
int settings_recall(struct settings *settings, const struct keyval *facts, struct failure *why);

#endif
