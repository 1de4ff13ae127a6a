/*
 * The frame is that of other load balancers' shells, which users' scripts parse. libsmartcols
 * cannot draw it, so it is drawn here.
 */
#include "shell/settings_table.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The cells of both columns. */
struct frame_table {
	struct strvec fields, values;
};

static void
add_row(struct frame_table *table, const char *field, const char *value)
{
	strvec_push(&table->fields, field);
	strvec_push(&table->values, value);
}

static void
add_addresses(struct frame_table *table, const struct settings *settings)
{
	if (settings_address_count(settings) == 0)
		return;
	add_row(table, "debug_ip", "");
	for (int i = 0; i < SETTINGS_KINDS; i++)
		for (size_t j = 0; j < settings->lists[i].count; j++) {
			strvec_pushf(&table->fields, "  %s[%zu]", settings_kinds[i], j + 1);
			strvec_push(&table->values, settings->lists[i].list[j]);
		}
}

/* In minutes, the unit in which it is set, if they are whole; else in seconds. */
static void
add_duration(struct frame_table *table, const char *field, int64_t ns)
{
	strvec_push(&table->fields, field);
	if (ns % NS_PER_MINUTE == 0)
		strvec_pushf(&table->values, "%" PRId64 " mins", ns / NS_PER_MINUTE);
	else if (ns % NS_PER_SECOND == 0)
		strvec_pushf(&table->values, "%" PRId64 " secs", ns / NS_PER_SECOND);
	else
		strvec_pushf(&table->values, "%.3f secs", (double)ns / NS_PER_SECOND);
}

static void
add_limits(struct frame_table *table, const struct settings *settings)
{
	if (!settings->duration_ns && !settings->count && !settings->snaplen &&
	    !settings->rolling_ns)
		return;
	add_row(table, "capture_params", "");
	add_duration(table, "  duration", settings->duration_ns);
	if (settings->count) {
		strvec_push(&table->fields, "  num_pkts");
		strvec_pushf(&table->values, "%" PRIu64, settings->count);
	}
	if (settings->snaplen) {
		strvec_push(&table->fields, "  pkt_size");
		strvec_pushf(&table->values, "%" PRIu64 " bytes", settings->snaplen);
	}
	if (settings->rolling_ns)
		add_duration(table, "  rolling", settings->rolling_ns);
}

static size_t
column_width(const struct strvec *column)
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
print_table(const struct frame_table *table, FILE *out)
{
	const size_t fields = column_width(&table->fields), values = column_width(&table->values);

	print_rule(fields, values, out);
	for (size_t i = 0; i < table->fields.count; i++) {
		fprintf(out, "| %-*s | %-*s |\n", (int)fields, table->fields.list[i], (int)values,
			table->values.list[i]);
		if (i == 0)
			print_rule(fields, values, out);
	}
	print_rule(fields, values, out);
}

int
settings_table_print(const struct settings *settings, const char *service, const char *title,
		     FILE *out, struct failure *why)
{
	struct frame_table table = {STRVEC_INIT, STRVEC_INIT};
	int rc = 0;

	add_row(&table, "Field", "Value");
	add_row(&table, "uuid", service);
	add_row(&table, "name", title);
	add_addresses(&table, settings);
	if (settings->capture)
		add_row(&table, "capture", "True");
	add_limits(&table, settings);
	if (settings->monitors != MONITORS_NONE)
		add_row(&table, "debug_virtualservice_hm", settings_monitors(settings));
	if (settings->format != SETTINGS_PCAPNG)
		add_row(&table, "export_format", settings_format_name(settings));
	if (table.fields.failed || table.values.failed)
		rc = failure_nomem(why);
	else
		print_table(&table, out);
	strvec_release(&table.fields);
	strvec_release(&table.values);
	return rc;
}
