#include "controller/params.h"

#include "base/clock.h"
#include "base/outfile.h"
#include "base/strvec.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char **
params_filter_command(const struct params *order)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-filter", "-ddd", "-m", NULL);
	strvec_push(&argv, order->monitors);
	strvec_push(&argv, "-S");
	strvec_push(&argv, order->word);
	if (order->expression && !order->joins)
		strvec_pushl(&argv, "-e", order->expression, NULL);
	/* A larger set is no harm where vcap-join takes the rest away; the rest of a larger one
	 * would be. */
	if (order->roughly && order->invert)
		return strvec_detach(&argv);
	if (order->roughly)
		strvec_push(&argv, "--widen");
	if (order->per_packet)
		strvec_push(&argv, "-P");
	if (order->invert)
		strvec_push(&argv, "-x");
	if (order->list) {
		strvec_push(&argv, "--specs");
		strvec_push(&argv, order->list);
	}
	strvec_push(&argv, "--");
	strvec_pushv(&argv, order->specs);
	return strvec_detach(&argv);
}

char **
params_expression_command(const struct params *order)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-filter", "-ddd", "-e", NULL);
	strvec_push(&argv, order->expression);
	return strvec_detach(&argv);
}

/* vcap-join between the rings and the writer, which finds the job at these paths. */
static void
add_join(const struct params *order, const char *service, const char *specs, struct strvec *argv)
{
	if (!order->joins)
		return;
	strvec_pushl(argv, "--", "vcap-join", "-S", service, "-m", order->monitors, NULL);
	strvec_push(argv, order->per_packet ? "-P" : "{table}");
	if (order->invert)
		strvec_push(argv, "-x");
	if (order->bytecode)
		strvec_pushf(argv, "--bytecode=%s", order->bytecode);
	if (order->specs[0] || order->list)
		strvec_pushl(argv, "--specs", specs, NULL);
}

static void
add_limits(const struct params *order, struct strvec *argv)
{
	if (order->count)
		strvec_pushf(argv, "-c%" PRIu64, order->count);
	if (order->duration_ns)
		strvec_pushf(argv, "-t" CLOCK_FORMAT "s", CLOCK_ARGS(order->duration_ns));
	if (order->snaplen)
		strvec_pushf(argv, "-s%" PRIu64, order->snaplen);
}

/* What the order asks of vcap-run, which is to run like `how`. With placeholders (engine.h). */
static void
add_run(const struct params *order, char *const *how, struct strvec *argv)
{
	strvec_pushl(argv, "vcap-on", "{}", "vcap-run", "-n", "{}", "-f", "-", NULL);
	strvec_pushv(argv, how);
	add_limits(order, argv);
	strvec_push(argv, "{interfaces}");
	if (order->joins && !order->per_packet)
		strvec_push(argv, "{flows}");
}

/* The same of a region, whose vcap-start takes it from here. */
static void
add_region(const struct params *order, struct strvec *argv)
{
	strvec_pushl(argv, "{region}", "vcap-on", "{}", "vcap-region", "start", "{dir}", "-m",
		     order->monitors, NULL);
	if (order->per_packet)
		strvec_push(argv, "-P");
	if (order->invert)
		strvec_push(argv, "-x");
	if (order->expression)
		strvec_pushl(argv, "-e", order->expression, NULL);
	strvec_pushf(argv, "--patience=%" PRId64 "ms", order->patience_ns / 1000000);
	add_limits(order, argv);
	strvec_push(argv, order->service);
}

char **
params_run_command(const struct params *order, const char *id, const char *job)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-each", "-t", "60s", "-i", NULL);
	strvec_push(&argv, job);
	strvec_push(&argv, id);
	add_run(order, (char *const[]){"--detach", "-w", "{dir}", NULL}, &argv);
	add_join(order, "./service", "specs", &argv);
	add_region(order, &argv);
	return strvec_detach(&argv);
}

char **
params_stream_command(const struct params *order, int64_t lease_ns)
{
	struct strvec argv = STRVEC_INIT;
	char lease[40];

	snprintf(lease, sizeof(lease), "--lease=%" PRId64 "ms", lease_ns / 1000000);
	add_run(order, (char *const[]){lease, "-w", "-", NULL}, &argv);
	add_join(order, "/dev/fd/4", "/dev/fd/5", &argv);
	return strvec_detach(&argv);
}

/* Writes the words of text, one a line, up to a comment in each line. */
static void
print_words(const char *text, FILE *out)
{
	while (*text) {
		const char *end = text + strcspn(text, "\n"),
			   *stop = memchr(text, '#', (size_t)(end - text));

		stop = stop ? stop : end;
		while (text < stop) {
			const char *start = text;

			while (text < stop && !isspace((unsigned char)*text))
				text++;
			if (text > start)
				fprintf(out, "%.*s\n", (int)(text - start), start);
			else
				text++;
		}
		text = *end ? end + 1 : end;
	}
}

char *
params_specs(const struct params *order)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (order->list_text)
		print_words(order->list_text, out);
	for (char *const *spec = order->specs; *spec; spec++)
		print_words(strcmp(*spec, "-") == 0 ? order->input : *spec, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Writes the lines of text that are not empty, and an empty line after them. */
static void
print_part(const char *text, FILE *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > 0)
			fprintf(out, "%.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
	putc('\n', out);
}

char *
params_job(const struct params *order)
{
	char *specs = params_specs(order), *text = NULL;
	size_t size;
	FILE *out = specs ? open_memstream(&text, &size) : NULL;

	if (out) {
		print_part(order->filter, out);
		print_part(order->service_text, out);
		print_part(specs, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(specs);
	return text;
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

int
params_facts(const struct params *order, struct keyval *facts)
{
	char *specs = params_specs(order);
	int rc = specs ? 0 : -1;

	rc |= keyval_set(facts, "service", "%s", order->service);
	rc |= keyval_set(facts, "version", "%s", VCAP_VERSION);
	rc |= keyval_set(facts, "count", "%" PRIu64, order->count);
	rc |= keyval_set(facts, "duration", "%" PRId64, order->duration_ns);
	rc |= keyval_set(facts, "snaplen", "%" PRIu64, order->snaplen);
	rc |= keyval_set(facts, "monitors", "%s", order->monitors);
	rc |= keyval_set(facts, "per-packet", "%s", order->per_packet ? "yes" : "no");
	rc |= keyval_set(facts, "invert", "%s", order->invert ? "yes" : "no");
	rc |= keyval_set(facts, "join", "%s", order->joins ? "yes" : "no");
	rc |= keyval_set(facts, "specs", "%zu", specs ? count_lines(specs) : 0);
	rc |= keyval_set(facts, "patience", "%" PRId64, order->patience_ns);
	if (order->expression)
		rc |= keyval_set(facts, "expression", "%s", order->expression);
	if (order->at_ns)
		rc |= keyval_set(facts, "at", CLOCK_FORMAT, CLOCK_ARGS(order->at_ns));
	for (char *const *engine = order->engines; *engine; engine++)
		rc |= keyval_add(facts, "engine", "%s", *engine);
	free(specs);
	return rc;
}

static bool
is_set(const struct keyval *facts, const char *key)
{
	const char *value = keyval_get(facts, key);

	return value && strcmp(value, "yes") == 0;
}

void
params_recall(struct params *order, const struct keyval *facts)
{
	static char *const some[] = {"specs", NULL}, *const none[] = {NULL};

	*order = (struct params){
	    .service = keyval_get(facts, "service"),
	    .monitors = keyval_get(facts, "monitors"),
	    .per_packet = is_set(facts, "per-packet"),
	    .invert = is_set(facts, "invert"),
	    .joins = is_set(facts, "join"),
	    .count = keyval_number(facts, "count", 0),
	    .duration_ns = (int64_t)keyval_number(facts, "duration", 0),
	    .snaplen = keyval_number(facts, "snaplen", 0),
	    .expression = keyval_get(facts, "expression"),
	    .patience_ns = (int64_t)keyval_number(facts, "patience", 0),
	    .specs = keyval_number(facts, "specs", 0) ? some : none,
	};
	if (!order->service)
		order->service = "";
	if (!order->monitors)
		order->monitors = "none";
}

char **
params_engines(const struct service *service, const struct engines *known, const char *list,
	       struct failure *why)
{
	struct strvec chosen = STRVEC_INIT, wanted = STRVEC_INIT;
	int rc = 0;

	for (size_t i = 0; i < service->engine_count; i++)
		if (!list || engine_is_listed(list, service->engines[i]))
			strvec_push(&chosen, service->engines[i]);
	for (const char *s = list ? list : ""; *s; s += strspn(s, ","))
		if (strcspn(s, ",") > 0) {
			strvec_pushf(&wanted, "%.*s", (int)strcspn(s, ","), s);
			s += strcspn(s, ",");
		}
	for (size_t i = 0; i < wanted.count && rc == 0; i++)
		if (!strvec_has(&chosen, wanted.list[i]))
			rc = failure_set(why, "service '%s' has no engine '%s'", service->name,
					 wanted.list[i]);
	for (size_t i = 0; i < chosen.count && rc == 0; i++)
		if (!engines_find(known, chosen.list[i], why))
			rc = -1;
	if (rc == 0 && chosen.count == 0)
		rc = failure_set(why, "service '%s' has no engine", service->name);
	if (wanted.failed || chosen.failed)
		rc = failure_nomem(why);
	strvec_release(&wanted);
	if (rc == 0)
		return strvec_detach(&chosen);
	strvec_release(&chosen);
	return NULL;
}

int
params_store(const struct params *order, int dirfd, struct failure *why)
{
	char *specs = params_specs(order), *job = params_job(order);
	int rc = -1;

	if (!specs || !job)
		failure_nomem(why);
	else if (outfile_replace(dirfd, "filter.bpf", order->filter, strlen(order->filter), why) ==
		     0 &&
		 outfile_replace(dirfd, "service", order->service_text, strlen(order->service_text),
				 why) == 0 &&
		 outfile_replace(dirfd, "specs", specs, strlen(specs), why) == 0 &&
		 outfile_replace(dirfd, "job", job, strlen(job), why) == 0)
		rc = 0;
	free(specs);
	free(job);
	return rc;
}
