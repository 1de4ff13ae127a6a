#include "shell/settings_table.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Two columns, as texts. */
struct box {
	struct strvec fields, values;
};

static void
add(struct box *box, const char *field, const char *value)
{
	strvec_push(&box->fields, field);
	strvec_push(&box->values, value);
}

static void
add_addresses(struct box *box, const struct settings *settings)
{
	if (settings_address_count(settings) == 0)
		return;
	add(box, "debug_ip", "");
	for (int i = 0; i < SETTINGS_KINDS; i++)
		for (size_t j = 0; j < settings->lists[i].count; j++) {
			strvec_pushf(&box->fields, "  %s[%zu]", settings_kinds[i], j + 1);
			strvec_push(&box->values, settings->lists[i].list[j]);
		}
}

/* In minutes, as it is set, unless there is a rest. */
static void
add_duration(struct box *box, int64_t ns)
{
	strvec_push(&box->fields, "  duration");
	if (ns % NS_PER_MINUTE == 0)
		strvec_pushf(&box->values, "%" PRId64 " mins", ns / NS_PER_MINUTE);
	else if (ns % NS_PER_SECOND == 0)
		strvec_pushf(&box->values, "%" PRId64 " secs", ns / NS_PER_SECOND);
	else
		strvec_pushf(&box->values, "%.3f secs", (double)ns / NS_PER_SECOND);
}

static void
add_limits(struct box *box, const struct settings *settings)
{
	if (!settings->duration_ns && !settings->count && !settings->snaplen)
		return;
	add(box, "capture_params", "");
	add_duration(box, settings->duration_ns);
	if (settings->count) {
		strvec_push(&box->fields, "  num_pkts");
		strvec_pushf(&box->values, "%" PRIu64, settings->count);
	}
	if (settings->snaplen) {
		strvec_push(&box->fields, "  pkt_size");
		strvec_pushf(&box->values, "%" PRIu64 " bytes", settings->snaplen);
	}
}

static size_t
width(const struct strvec *column)
{
	size_t most = 0;

	for (size_t i = 0; i < column->count; i++)
		if (strlen(column->list[i]) > most)
			most = strlen(column->list[i]);
	return most;
}

static void
print_rule(size_t fields, size_t values, FILE *out)
{
	fputc('+', out);
	for (size_t i = 0; i < fields + 2; i++)
		fputc('-', out);
	fputc('+', out);
	for (size_t i = 0; i < values + 2; i++)
		fputc('-', out);
	fputs("+\n", out);
}

static void
print(const struct box *box, FILE *out)
{
	const size_t fields = width(&box->fields), values = width(&box->values);

	print_rule(fields, values, out);
	for (size_t i = 0; i < box->fields.count; i++) {
		fprintf(out, "| %-*s | %-*s |\n", (int)fields, box->fields.list[i], (int)values,
			box->values.list[i]);
		if (i == 0)
			print_rule(fields, values, out);
	}
	print_rule(fields, values, out);
}

int
settings_table_print(const struct settings *settings, const char *service, FILE *out,
		     struct failure *why)
{
	struct box box = {STRVEC_INIT, STRVEC_INIT};
	int rc = 0;

	add(&box, "Field", "Value");
	add(&box, "uuid", service);
	add(&box, "name", service);
	add_addresses(&box, settings);
	if (settings->capture)
		add(&box, "capture", "True");
	add_limits(&box, settings);
	if (settings->monitors != MONITORS_NONE)
		add(&box, "debug_virtualservice_hm", settings_monitors(settings));
	if (box.fields.failed || box.values.failed)
		rc = failure_nomem(why);
	else
		print(&box, out);
	strvec_release(&box.fields);
	strvec_release(&box.values);
	return rc;
}
