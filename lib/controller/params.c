#include "controller/params.h"

#include "base/clock.h"
#include "base/outfile.h"
#include "base/siphash.h"
#include "base/strvec.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
params_specs(const struct params *params)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (params->list_text)
		print_words(params->list_text, out);
	for (char *const *spec = params->specs; *spec; spec++)
		print_words(strcmp(*spec, "-") == 0 ? params->input : *spec, out);
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
params_job(const struct params *params)
{
	char *specs = params_specs(params), *service = strdup(params->service_text), *text = NULL;
	size_t size;
	FILE *out = specs && service ? open_memstream(&text, &size) : NULL;

	if (out) {
		/* One is an option of the filter command, two are for those who start captures. */
		service_remove(service, "header");
		service_remove(service, "payload");
		service_remove(service, "from");
		print_part(params->filter, out);
		print_part(service, out);
		print_part(specs, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(specs);
	free(service);
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

/* Sets the fact `request`, which is the same for two captures of the same packets by the same
 * engines: a hash, without a secret, as only captures of the same user are compared. */
static int
set_request(const struct params *params, struct keyval *facts)
{
	static const struct siphash_key key = {{0}};
	char *text = NULL, *job = params_job(params);
	size_t size;
	FILE *out = job ? open_memstream(&text, &size) : NULL;
	int rc = -1;

	for (size_t i = 0; out && i < facts->count; i++)
		if (strcmp(facts->pairs[i].key, "version") != 0 &&
		    strcmp(facts->pairs[i].key, "patience") != 0)
			fprintf(out, "%s %s\n", facts->pairs[i].key, facts->pairs[i].value);
	if (out && fputs(job, out) >= 0 && fclose(out) == 0)
		rc = keyval_set(facts, "request", "%016" PRIx64, siphash(&key, text, size));
	free(text);
	free(job);
	return rc;
}

int
params_comment(struct params *params, const char *text, struct failure *why)
{
	if (!*text)
		return failure_set(why, "the comment is empty");
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			return failure_set(why,
					   "a comment is one line, without control characters");
	if (strlen(text) > PARAMS_COMMENT_MAX)
		return failure_set(why, "the comment has more than %d bytes", PARAMS_COMMENT_MAX);
	params->comment = text;
	return 0;
}

int
params_facts(const struct params *params, struct keyval *facts)
{
	char *specs = params_specs(params);
	int rc = specs ? 0 : -1;

	rc |= keyval_set(facts, "service", "%s", params->service);
	rc |= keyval_set(facts, "version", "%s", VCAP_VERSION);
	rc |= keyval_set(facts, "count", "%" PRIu64, params->count);
	rc |= keyval_set(facts, "duration", "%" PRId64, params->duration_ns);
	if (params->cuts)
		rc |= keyval_set(facts, "snaplen", "headers");
	else
		rc |= keyval_set(facts, "snaplen", "%" PRIu64, params->snaplen);
	if (params->wants_payload)
		rc |= keyval_set(facts, "payload", "yes");
	rc |= keyval_set(facts, "monitors", "%s", params->monitors);
	rc |= keyval_set(facts, "per-packet", "%s", params->per_packet ? "yes" : "no");
	rc |= keyval_set(facts, "invert", "%s", params->invert ? "yes" : "no");
	rc |= keyval_set(facts, "join", "%s", params->joins ? "yes" : "no");
	if (params->rolling_ns)
		rc |= keyval_set(facts, "rolling", "%" PRId64, params->rolling_ns);
	rc |= trigger_params_facts(&params->triggers, facts);
	if (params->keys)
		rc |= keyval_set(facts, "keys", "yes");
	if (params->drops)
		rc |= keyval_set(facts, "drops", "yes");
	if (params->buffer)
		rc |= keyval_set(facts, "buffer", "%" PRIu64, params->buffer);
	if (params->expects_packets)
		rc |= keyval_set(facts, "expect-packets", "yes");
	rc |= keyval_set(facts, "specs", "%zu", specs ? count_lines(specs) : 0);
	rc |= keyval_set(facts, "patience", "%" PRId64, params->patience_ns);
	if (params->header)
		rc |= keyval_set(facts, "header", "%s", params->header);
	if (params->expression)
		rc |= keyval_set(facts, "expression", "%s", params->expression);
	if (params->at_ns)
		rc |= keyval_set(facts, "at", CLOCK_FORMAT, CLOCK_ARGS(params->at_ns));
	for (char *const *engine = params->engines; *engine; engine++)
		rc |= keyval_add(facts, "engine", "%s", *engine);
	free(specs);
	if (rc == 0)
		rc = set_request(params, facts);
	if (params->id)
		rc |= keyval_set(facts, "id", "%s", params->id);
	if (params->token)
		rc |= keyval_set(facts, "token", "%s", params->token);
	if (params->by)
		rc |= keyval_set(facts, "by", "%s", params->by);
	if (params->comment)
		rc |= keyval_set(facts, "comment", "%s", params->comment);
	return rc;
}

static bool
is_set(const struct keyval *facts, const char *key)
{
	const char *value = keyval_get(facts, key);

	return value && strcmp(value, "yes") == 0;
}

/* "headers" in the place of a number of bytes. */
static bool
has_headers_only(const struct keyval *facts)
{
	const char *value = keyval_get(facts, "snaplen");

	return value && strcmp(value, "headers") == 0;
}

void
params_recall(struct params *params, const struct keyval *facts)
{
	static char *const some[] = {"specs", NULL}, *const none[] = {NULL};

	*params = (struct params){
	    .service = keyval_get(facts, "service"),
	    .monitors = keyval_get(facts, "monitors"),
	    .per_packet = is_set(facts, "per-packet"),
	    .invert = is_set(facts, "invert"),
	    .joins = is_set(facts, "join"),
	    .keys = is_set(facts, "keys"),
	    .drops = is_set(facts, "drops"),
	    .count = keyval_number(facts, "count", 0),
	    .duration_ns = (int64_t)keyval_number(facts, "duration", 0),
	    .snaplen = keyval_number(facts, "snaplen", 0),
	    .cuts = has_headers_only(facts),
	    .wants_payload = is_set(facts, "payload"),
	    .rolling_ns = (int64_t)keyval_number(facts, "rolling", 0),
	    .buffer = keyval_number(facts, "buffer", 0),
	    .header = keyval_get(facts, "header"),
	    .expression = keyval_get(facts, "expression"),
	    .patience_ns = (int64_t)keyval_number(facts, "patience", 0),
	    .specs = keyval_number(facts, "specs", 0) ? some : none,
	};
	if (!params->service)
		params->service = "";
	if (!params->monitors)
		params->monitors = "none";
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
params_store(const struct params *params, int dirfd, struct failure *why)
{
	char *specs = params_specs(params), *job = params_job(params);
	int rc = -1;

	if (!specs || !job)
		failure_nomem(why);
	else if (outfile_replace(dirfd, "filter.bpf", params->filter, strlen(params->filter),
				 why) == 0 &&
		 outfile_replace(dirfd, "service", params->service_text,
				 strlen(params->service_text), why) == 0 &&
		 outfile_replace(dirfd, "specs", specs, strlen(specs), why) == 0 &&
		 outfile_replace(dirfd, "job", job, strlen(job), why) == 0)
		rc = 0;
	free(specs);
	free(job);
	return rc;
}
