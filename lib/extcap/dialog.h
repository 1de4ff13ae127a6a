/*
 * The dialog of an interface: the options of a capture, as Wireshark shows them in tabs, stores them
 * as preferences, and hands them back as words of a command line.
 */
#ifndef VCAP_DIALOG_H
#define VCAP_DIALOG_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "extcap/choice.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Its values, borrowed; NULL and "": not set. */
struct dialog {
	const char *service, *specs, *filter, *monitors, *engines;
	const char *count, *snaplen, *stop_after, *stop_size;
	bool headers_only, per_packet, excludes;
};

#define DIALOG_STOP_AFTER "5m"
#define DIALOG_STOP_SIZE  "1G"

enum {
	DIALOG_SERVICE = 0x200,
	DIALOG_SPEC,
	DIALOG_FILTER,
	DIALOG_MONITORS,
	DIALOG_ENGINES,
	DIALOG_COUNT,
	DIALOG_SNAPLEN,
	DIALOG_STOP_TIME,
	DIALOG_STOP_BYTES,
	DIALOG_HEADERS_ONLY,
	DIALOG_PER_PACKET,
	DIALOG_EXCLUDE,
};

/* clang-format off */
#define DIALOG_OPTIONS \
	{"service", required_argument, NULL, DIALOG_SERVICE}, \
	{"spec", required_argument, NULL, DIALOG_SPEC}, \
	{"extcap-capture-filter", required_argument, NULL, DIALOG_FILTER}, \
	{"monitors", required_argument, NULL, DIALOG_MONITORS}, \
	{"engines", required_argument, NULL, DIALOG_ENGINES}, \
	{"count", required_argument, NULL, DIALOG_COUNT}, \
	{"snaplen", required_argument, NULL, DIALOG_SNAPLEN}, \
	{"stop-after", required_argument, NULL, DIALOG_STOP_TIME}, \
	{"stop-size", required_argument, NULL, DIALOG_STOP_BYTES}, \
	{"headers-only", no_argument, NULL, DIALOG_HEADERS_ONLY}, \
	{"per-packet", no_argument, NULL, DIALOG_PER_PACKET}, \
	{"exclude", no_argument, NULL, DIALOG_EXCLUDE}
/* clang-format on */

/* Stores the value of an option. False: letter is none of those above. */
bool dialog_option(struct dialog *dialog, int letter, const char *value);

/* Prints the options as sentences. Their defaults are what vcap-shell has stored for the dialog's
 * service; without a service, the first option chooses one. */
void dialog_print(const struct dialog *dialog, const struct choice *choice,
		  config_variable *variable, FILE *out);

/* Prints the values of the option called name, which is to be loaded again; nothing for one without. */
void dialog_reload(const struct dialog *dialog, const char *name, const struct choice *choice,
		   config_variable *variable, FILE *out);

/* Appends the command that captures so: vcap-live. *remark (heap, or NULL) is what to tell the user of how
 * the filter was taken. -1 with why: no service is chosen, or out of memory. */
int dialog_command(const struct dialog *dialog, struct strvec *argv, char **remark,
		   struct failure *why);

/* The same for vcap-filter, which says what is wrong with the filter. */
int dialog_check_command(const struct dialog *dialog, struct strvec *argv, struct failure *why);

/* How long and how much to capture; 0: without limit. -1 with why: malformed. */
int dialog_limits(const struct dialog *dialog, int64_t *time_ns, uint64_t *bytes,
		  struct failure *why);

#endif
