#include "order.h"

#include "fdio.h"
#include "parse.h"
#include "words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char **
order_filter_command(const struct order *order)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-filter", "-ddd", "-m", NULL});
	words_add(&argv, order->monitors);
	words_add(&argv, "-S");
	words_add(&argv, order->word);
	if (order->expression && !order->joins)
		words_add_all(&argv, (char *const[]){"-e", (char *)order->expression, NULL});
	/* A larger set is no harm where vcap-join takes the rest away; the rest of a larger one
	 * would be. */
	if (order->roughly && order->invert)
		return words_finish(&argv);
	if (order->roughly)
		words_add(&argv, "--widen");
	if (order->per_packet)
		words_add(&argv, "-P");
	if (order->invert)
		words_add(&argv, "-x");
	if (order->list) {
		words_add(&argv, "--specs");
		words_add(&argv, order->list);
	}
	words_add(&argv, "--");
	words_add_all(&argv, order->specs);
	return words_finish(&argv);
}

char **
order_expression_command(const struct order *order)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-filter", "-ddd", "-e", NULL});
	words_add(&argv, order->expression);
	return words_finish(&argv);
}

/* vcap-join between the rings and the writer, which finds the job at these paths. */
static void
add_join(const struct order *order, const char *service, const char *specs, struct words *argv)
{
	if (!order->joins)
		return;
	words_add_all(argv, (char *const[]){"--", "vcap-join", "-S", (char *)service, "-m",
					    (char *)order->monitors, NULL});
	words_add(argv, order->per_packet ? "-P" : "{table}");
	if (order->invert)
		words_add(argv, "-x");
	if (order->bytecode)
		words_addf(argv, "--bytecode=%s", order->bytecode);
	if (order->specs[0] || order->list)
		words_add_all(argv, (char *const[]){"--specs", (char *)specs, NULL});
}

static void
add_limits(const struct order *order, struct words *argv)
{
	if (order->count)
		words_addf(argv, "-c%" PRIu64, order->count);
	if (order->duration_ns)
		words_addf(argv, "-t%" PRId64 ".%09" PRId64 "s", order->duration_ns / NS_PER_SECOND,
			   order->duration_ns % NS_PER_SECOND);
	if (order->snaplen)
		words_addf(argv, "-s%" PRIu64, order->snaplen);
}

/* What the order asks of vcap-run, which is to run like `how`. With placeholders (engine.h). */
static void
add_run(const struct order *order, char *const *how, struct words *argv)
{
	words_add_all(argv,
		      (char *const[]){"vcap-on", "{}", "vcap-run", "-n", "{}", "-f", "-", NULL});
	words_add_all(argv, how);
	add_limits(order, argv);
	words_add(argv, "{interfaces}");
	if (order->joins && !order->per_packet)
		words_add(argv, "{flows}");
}

/* The same of a region, whose vcap-start takes it from here. */
static void
add_region(const struct order *order, struct words *argv)
{
	words_add_all(argv, (char *const[]){"{region}", "vcap-on", "{}", "vcap-region", "start",
					    "{dir}", "-m", (char *)order->monitors, NULL});
	if (order->per_packet)
		words_add(argv, "-P");
	if (order->invert)
		words_add(argv, "-x");
	if (order->expression)
		words_add_all(argv, (char *const[]){"-e", (char *)order->expression, NULL});
	words_addf(argv, "--patience=%" PRId64 "ms", order->patience_ns / 1000000);
	add_limits(order, argv);
	words_add(argv, order->service);
}

char **
order_run_command(const struct order *order, const char *id, const char *job)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-each", "-t", "60s", "-i", NULL});
	words_add(&argv, job);
	words_add(&argv, id);
	add_run(order, (char *const[]){"--detach", "-w", "{dir}", NULL}, &argv);
	add_join(order, "./service", "specs", &argv);
	add_region(order, &argv);
	return words_finish(&argv);
}

char **
order_stream_command(const struct order *order, int64_t lease_ns)
{
	struct words argv = WORDS_INIT;
	char lease[40];

	snprintf(lease, sizeof(lease), "--lease=%" PRId64 "ms", lease_ns / 1000000);
	add_run(order, (char *const[]){lease, "-w", "-", NULL}, &argv);
	add_join(order, "/dev/fd/4", "/dev/fd/5", &argv);
	return words_finish(&argv);
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
order_specs(const struct order *order)
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
order_job(const struct order *order)
{
	char *specs = order_specs(order), *text = NULL;
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
order_facts(const struct order *order, struct keyval *facts)
{
	char *specs = order_specs(order);
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
		rc |= keyval_set(facts, "at", "%" PRId64 ".%09" PRId64,
				 order->at_ns / NS_PER_SECOND, order->at_ns % NS_PER_SECOND);
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
order_recall(struct order *order, const struct keyval *facts)
{
	static char *const some[] = {"specs", NULL}, *const none[] = {NULL};

	*order = (struct order){
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
order_engines(const struct service *service, const struct engines *known, const char *list,
	      struct failure *why)
{
	struct words chosen = WORDS_INIT, wanted = WORDS_INIT;
	int rc = 0;

	for (size_t i = 0; i < service->engine_count; i++)
		if (!list || engine_is_listed(list, service->engines[i]))
			words_add(&chosen, service->engines[i]);
	for (const char *s = list ? list : ""; *s; s += strspn(s, ","))
		if (strcspn(s, ",") > 0) {
			words_addf(&wanted, "%.*s", (int)strcspn(s, ","), s);
			s += strcspn(s, ",");
		}
	for (size_t i = 0; i < wanted.count && rc == 0; i++)
		if (!words_has(&chosen, wanted.list[i]))
			rc = failure_set(why, "service '%s' has no engine '%s'", service->name,
					 wanted.list[i]);
	for (size_t i = 0; i < chosen.count && rc == 0; i++)
		if (!engines_find(known, chosen.list[i], why))
			rc = -1;
	if (rc == 0 && chosen.count == 0)
		rc = failure_set(why, "service '%s' has no engine", service->name);
	if (wanted.failed || chosen.failed)
		rc = failure_set(why, "out of memory");
	words_free(words_finish(&wanted));
	if (rc == 0)
		return words_finish(&chosen);
	words_free(words_finish(&chosen));
	return NULL;
}

int
order_store(const struct order *order, int dirfd, struct failure *why)
{
	char *specs = order_specs(order), *job = order_job(order);
	int rc = -1;

	if (!specs || !job)
		failure_set(why, "out of memory");
	else if (fdio_replace(dirfd, "filter.bpf", order->filter, strlen(order->filter), why) ==
		     0 &&
		 fdio_replace(dirfd, "service", order->service_text, strlen(order->service_text),
			      why) == 0 &&
		 fdio_replace(dirfd, "specs", specs, strlen(specs), why) == 0 &&
		 fdio_replace(dirfd, "job", job, strlen(job), why) == 0)
		rc = 0;
	free(specs);
	free(job);
	return rc;
}
