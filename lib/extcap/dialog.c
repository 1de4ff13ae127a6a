/*
 * Wireshark passes every option that has a value, its default included, and those that the user emptied
 * not at all. So a default is a value of the dialog only: what is not passed is not set, whatever
 * vcap-shell has stored.
 */
#include "extcap/dialog.h"

#include "base/clock.h"
#include "base/parse.h"
#include "extcap/hostword.h"
#include "extcap/sentence.h"
#include "shell/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum dialog_number {
	NUMBER_SERVICE,
	NUMBER_SPEC,
	NUMBER_PER_PACKET,
	NUMBER_EXCLUDE,
	NUMBER_MONITORS,
	NUMBER_ENGINES,
	NUMBER_SNAPLEN,
	NUMBER_HEADERS_ONLY,
	NUMBER_COUNT,
	NUMBER_STOP_AFTER,
	NUMBER_STOP_SIZE,
	NUMBERS,
};

#define DURATION "^[0-9]+([.][0-9]+)?(ms|s|m|h|d)?$"

static const struct {
	const char *call, *display, *type, *group, *reload, *validation, *placeholder, *tooltip;
} options[NUMBERS] = {
    [NUMBER_SERVICE] = {"--service", "Service", "selector", "Service", "true", NULL, "Load again",
			"What is captured"},
    [NUMBER_SPEC] =
	{"--spec", "Addresses", "string", "Addresses", NULL, NULL,
	 "10.1.1.1 10.2.0.0/16 2001:db8::1-2001:db8::9",
	 "Whole transactions, on both sides of the proxy, that touch one of these addresses, "
	 "ranges or subnets; empty: all"},
    [NUMBER_PER_PACKET] =
	{"--per-packet", "Per packet", "boolflag", "Addresses", NULL, NULL, NULL,
	 "Judge each packet by its own addresses: a side that does not show them is "
	 "lost"},
    [NUMBER_EXCLUDE] = {"--exclude", "Exclude", "boolflag", "Addresses", NULL, NULL, NULL,
			"What would be left out otherwise"},
    [NUMBER_MONITORS] = {"--monitors", "Health checks", "selector", "Health checks", NULL, NULL,
			 NULL, "Packets by which the engines find out whether servers live"},
    [NUMBER_ENGINES] = {"--engines", "Engines", "selector", "Engines", "true", NULL, "Load again",
			"Where to capture"},
    [NUMBER_SNAPLEN] = {"--snaplen", "Bytes of each packet", "unsigned", "Bytes", NULL, NULL, NULL,
			"0: all"},
    [NUMBER_HEADERS_ONLY] = {"--headers-only", "Headers only", "boolflag", "Bytes", NULL, NULL,
			     NULL, "Of each packet its headers, no payload"},
    [NUMBER_COUNT] = {"--count", "Packets per core", "unsigned", "Limits", NULL, NULL, NULL,
		      "On each engine; 0: any number"},
    [NUMBER_STOP_AFTER] = {"--stop-after", "Stop after", "string", "Limits", NULL, DURATION, NULL,
			   "90s, 5m, 2h; a bare number means minutes; 0: never"},
    [NUMBER_STOP_SIZE] = {"--stop-size", "Stop at this size", "string", "Limits", NULL,
			  "^[0-9]+[kKmMgGtT]?$", NULL, "Bytes: 100M, 1G; 0: any"},
};

bool
dialog_option(struct dialog *dialog, int letter, const char *value)
{
	switch (letter) {
	case DIALOG_SERVICE: dialog->service = *value ? value : NULL; break;
	case DIALOG_SPEC: dialog->specs = value; break;
	case DIALOG_FILTER: dialog->filter = value; break;
	case DIALOG_MONITORS: dialog->monitors = value; break;
	case DIALOG_ENGINES: dialog->engines = value; break;
	case DIALOG_COUNT: dialog->count = value; break;
	case DIALOG_SNAPLEN: dialog->snaplen = value; break;
	case DIALOG_STOP_TIME: dialog->stop_after = value; break;
	case DIALOG_STOP_BYTES: dialog->stop_size = value; break;
	case DIALOG_HEADERS_ONLY: dialog->headers_only = true; break;
	case DIALOG_PER_PACKET: dialog->per_packet = true; break;
	case DIALOG_EXCLUDE: dialog->excludes = true; break;
	default: return false;
	}
	return true;
}

/* The values that the dialog begins with. Texts of their own, but for monitors. */
struct defaults {
	const char *monitors;
	char count[24], snaplen[24], stop_after[40];
	char *specs;
};

/* What vcap-shell has stored; a spool that does not exist is not made for this. */
static void
load_defaults(struct defaults *defaults, const char *service, config_variable *variable)
{
	struct settings settings = SETTINGS_INIT;
	struct strvec specs = STRVEC_INIT;
	struct failure why;
	char *spool = config_spool(variable);

	if (service && spool && access(spool, F_OK) == 0)
		store_load(&settings, service, variable, &why);
	for (int kind = 0; kind < SETTINGS_KINDS; kind++)
		if (settings.lists[kind].count > 0)
			strvec_pushv(&specs, settings.lists[kind].list);
	*defaults = (struct defaults){.monitors = settings_monitors(&settings),
				      .stop_after = DIALOG_STOP_AFTER,
				      .specs = specs.count > 0 ? strvec_join(&specs, " ") : NULL};
	snprintf(defaults->count, sizeof(defaults->count), "%" PRIu64, settings.count);
	snprintf(defaults->snaplen, sizeof(defaults->snaplen), "%" PRIu64, settings.snaplen);
	if (settings.duration_ns > 0)
		snprintf(defaults->stop_after, sizeof(defaults->stop_after), "%gs",
			 (double)settings.duration_ns / (double)NS_PER_SECOND);
	strvec_release(&specs);
	settings_release(&settings);
	free(spool);
}

static void
print_monitors(const char *chosen, FILE *out)
{
	static const char *const values[][2] = {
	    {"none", "without"}, {"include", "with them"}, {"only", "nothing else"}};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		sentence_begin(out, "value");
		sentence_number(out, "arg", NUMBER_MONITORS);
		sentence_field(out, "value", values[i][0]);
		sentence_field(out, "display", values[i][1]);
		if (strcmp(values[i][0], chosen) == 0)
			sentence_field(out, "default", "true");
		sentence_end(out);
	}
}

static void
print_option(enum dialog_number number, const char *value, FILE *out)
{
	sentence_begin(out, "arg");
	sentence_number(out, "number", number);
	sentence_field(out, "call", options[number].call);
	sentence_field(out, "display", options[number].display);
	sentence_field(out, "type", options[number].type);
	sentence_field(out, "tooltip", options[number].tooltip);
	sentence_field(out, "placeholder", options[number].placeholder);
	sentence_field(out, "default", value);
	sentence_field(out, "reload", options[number].reload);
	sentence_field(out, "validation", options[number].validation);
	sentence_field(out, "group", options[number].group);
	sentence_end(out);
}

void
dialog_print(const struct dialog *dialog, const struct choice *choice, config_variable *variable,
	     FILE *out)
{
	struct defaults defaults;
	const char *values[NUMBERS] = {[NUMBER_STOP_SIZE] = DIALOG_STOP_SIZE};

	load_defaults(&defaults, dialog->service, variable);
	values[NUMBER_SPEC] = defaults.specs;
	values[NUMBER_SNAPLEN] = defaults.snaplen;
	values[NUMBER_COUNT] = defaults.count;
	values[NUMBER_STOP_AFTER] = defaults.stop_after;
	for (int number = dialog->service ? NUMBER_SPEC : NUMBER_SERVICE; number < NUMBERS;
	     number++)
		print_option(number, values[number], out);
	if (!dialog->service)
		choice_print_services(choice, NUMBER_SERVICE, out);
	print_monitors(defaults.monitors, out);
	choice_print_engines(dialog->service, NUMBER_ENGINES, variable, out);
	free(defaults.specs);
}

void
dialog_reload(const struct dialog *dialog, const char *name, const struct choice *choice,
	      config_variable *variable, FILE *out)
{
	name += strspn(name, "-");
	if (strcmp(name, "service") == 0)
		choice_print_services(choice, NUMBER_SERVICE, out);
	else if (strcmp(name, "engines") == 0)
		choice_print_engines(dialog->service, NUMBER_ENGINES, variable, out);
}

static bool
is_set(const char *value)
{
	return value && value[strspn(value, " ")];
}

static void
add_option(struct strvec *argv, const char *option, const char *value)
{
	if (is_set(value))
		strvec_pushl(argv, option, value, NULL);
}

/* The filter, as an expression or an address; what is common to vcap-live and vcap-filter. */
static void
add_selection(const struct dialog *dialog, bool is_spec, struct strvec *argv)
{
	strvec_pushl(argv, "-m", is_set(dialog->monitors) ? dialog->monitors : "none", NULL);
	if (!is_spec)
		add_option(argv, "-e", dialog->filter);
	if (dialog->per_packet)
		strvec_push(argv, "-P");
	if (dialog->excludes)
		strvec_push(argv, "-x");
}

static int
require_service(const struct dialog *dialog, struct failure *why)
{
	if (!is_set(dialog->service))
		return failure_set(why, "no service is chosen");
	if (!parse_is_name(dialog->service))
		return failure_set(why, "not a service's name: '%s'", dialog->service);
	return 0;
}

int
dialog_command(const struct dialog *dialog, struct strvec *argv, char **remark, struct failure *why)
{
	char spec[HOSTWORD_ROOM] = "";
	const bool is_spec = is_set(dialog->filter) && hostword_read(spec, dialog->filter);

	*remark = NULL;
	if (require_service(dialog, why) < 0)
		return -1;
	strvec_pushl(argv, "vcap-live", "-v", NULL);
	add_selection(dialog, is_spec, argv);
	add_option(argv, "-E", dialog->engines);
	add_option(argv, "-c", dialog->count);
	add_option(argv, "-s", dialog->headers_only ? "headers" : dialog->snaplen);
	strvec_pushl(argv, "--", dialog->service, NULL);
	for (const char *s = dialog->specs ? dialog->specs : ""; *(s += strspn(s, " \t,;"));
	     s += strcspn(s, " \t,;"))
		strvec_pushf(argv, "%.*s", (int)strcspn(s, " \t,;"), s);
	if (is_spec) {
		strvec_push(argv, spec);
		if (asprintf(remark,
			     "'%s' is taken as an address: both sides of its transactions are kept",
			     dialog->filter) < 0)
			return failure_nomem(why);
	}
	return argv->failed ? failure_nomem(why) : 0;
}

int
dialog_check_command(const struct dialog *dialog, struct strvec *argv, struct failure *why)
{
	char spec[HOSTWORD_ROOM];
	const bool is_spec = is_set(dialog->filter) && hostword_read(spec, dialog->filter);

	strvec_pushl(argv, "vcap-filter", "-ddd", NULL);
	if (is_set(dialog->service))
		strvec_pushl(argv, "-S", dialog->service, NULL);
	add_selection(dialog, is_spec, argv);
	if (is_spec)
		strvec_pushl(argv, "--", spec, NULL);
	return argv->failed ? failure_nomem(why) : 0;
}

int
dialog_limits(const struct dialog *dialog, int64_t *time_ns, uint64_t *bytes, struct failure *why)
{
	*time_ns = 0;
	*bytes = 0;
	if (is_set(dialog->stop_after) &&
	    parse_duration(dialog->stop_after, NS_PER_MINUTE, time_ns, why) < 0)
		return -1;
	return is_set(dialog->stop_size) ? parse_size(dialog->stop_size, bytes, why) : 0;
}
