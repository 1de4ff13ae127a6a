/*
 * What is set for captures of a service in vcap shell: limits, addresses, monitors, and whether to
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

/* What can be set or cleared; the last three only cleared, or only set. */
enum settings_field {
	SETTINGS_DURATION, /* minutes, or a duration as parse.h has it */
	SETTINGS_COUNT,    /* packets per core */
	SETTINGS_SNAPLEN,  /* bytes of each packet */
	SETTINGS_MONITORS, /* none, include or only */
	SETTINGS_ADDRS,    /* addresses: one more each time */
	SETTINGS_PREFIXES, /* A/len */
	SETTINGS_RANGES,   /* A-B */
	SETTINGS_CAPTURE,  /* set: capture; cleared: do not; no value */
	SETTINGS_LIMITS,   /* the first three at once, cleared */
	SETTINGS_LISTS,    /* all addresses at once, cleared */
};

enum { SETTINGS_KINDS = 3 }; /* of addresses: addrs, prefixes, ranges */
extern const char *const settings_kinds[SETTINGS_KINDS];

#define SETTINGS_ADDRS_MAX 1000 /* in all; more are for vcap-start's --specs */

struct settings {
	int64_t duration_ns; /* 0, here and below: no limit */
	uint64_t count, snaplen;
	enum monitor_mode monitors;
	struct strvec lists[SETTINGS_KINDS]; /* words as they were given, all valid */
	bool capture;                        /* not part of the facts */
	char *id;                            /* of the capture last started; NULL: none */
};

#define SETTINGS_INIT ((struct settings){0})

void settings_release(struct settings *settings);

/* Sets a field to a value, or adds to it; an address that is there already is not added again.
 * -1: the value is no good, and nothing has changed. */
int settings_set(struct settings *settings, enum settings_field field, const char *value,
		 struct failure *why);

/* Puts a field back to what it is at first, or takes one address away; -1 if that is not there. */
int settings_clear(struct settings *settings, enum settings_field field, const char *value,
		   struct failure *why);

/* Makes *to, whatever it was, a copy. -1: no memory; to is unchanged. */
int settings_copy(struct settings *to, const struct settings *from, struct failure *why);
/* Whether the same is set; which capture was started does not count. */
bool settings_equal(const struct settings *one, const struct settings *other);

size_t settings_address_count(const struct settings *settings);

/* "none", "include" or "only". */
const char *settings_monitors(const struct settings *settings);

/* As lines of vcap-spool(5), and back. -1: no memory, or a value that is no good, by its key; then
 * settings is as SETTINGS_INIT. Other keys are passed over. */
int settings_facts(const struct settings *settings, struct keyval *facts, struct failure *why);
int settings_recall(struct settings *settings, const struct keyval *facts, struct failure *why);

#endif
