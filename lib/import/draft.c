/*
 * A draft keeps the lines of a service file as text: later they are only searched for a line, an
 * address or a port, and for the latter each line's ports are kept beside it. Text from a
 * configuration is hostile: names are changed to ones that parse_is_name accepts, control
 * characters, of which a newline would begin another line, become `?`, and only what looks like a
 * host name is passed to the resolver.
 *
 * A source line of vcap-service(5) restricts which packets on the server side belong to the
 * service, so a wrong one loses packets, while its absence loses none. It is therefore printed only
 * if the source of every server is known, and all are of one kind, "client" or addresses.
 */
#include "import/draft.h"

#include "base/array.h"
#include "base/dotname.h"
#include "base/parse.h"
#include "packet/addrset.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ROOM 65 /* of a name, with its NUL */
#define STEM_MAX  56 /* of it, before a number at its end */

static void
release_words(struct strvec *words)
{
	strvec_release(words);
}

static void
free_draft(struct draft *draft)
{
	release_words(&draft->comments);
	draft_endpoints_release(&draft->vips);
	draft_endpoints_release(&draft->servers);
	release_words(&draft->monitors);
	release_words(&draft->engines);
	release_words(&draft->sources);
	release_words(&draft->headers);
	free(draft->name);
	free(draft);
}

void
drafts_release(struct drafts *drafts)
{
	for (size_t i = 0; i < drafts->count; i++)
		free_draft(drafts->list[i]);
	free(drafts->list);
	release_words(&drafts->warnings);
	*drafts = DRAFTS_INIT;
}

void
drafts_drop_empty(struct drafts *drafts)
{
	size_t kept = 0;

	for (size_t i = 0; i < drafts->count; i++) {
		struct draft *draft = drafts->list[i];

		if (draft->is_wanted && draft->vips.lines.count > 0)
			drafts->list[kept++] = draft;
		else
			free_draft(draft);
	}
	drafts->count = kept;
}

bool
drafts_are_complete(const struct drafts *drafts)
{
	bool failed = drafts->failed || drafts->warnings.failed;

	for (size_t i = 0; i < drafts->count; i++) {
		const struct draft *draft = drafts->list[i];

		failed |= draft->comments.failed || draft->vips.lines.failed ||
			  draft->servers.lines.failed || draft->monitors.failed ||
			  draft->engines.failed || draft->sources.failed || draft->headers.failed;
	}
	return !failed;
}

/* Makes a name that parse_is_name accepts. */
static void
make_name(char to[NAME_ROOM], const char *from)
{
	size_t length = 0;

	while (*from && !isalnum((unsigned char)*from))
		from++;
	for (; *from && length < NAME_ROOM - 1; from++)
		if (!strchr("[]", *from))
			to[length++] =
			    isalnum((unsigned char)*from) || strchr("._-", *from) ? *from : '-';
	while (length && !isalnum((unsigned char)to[length - 1]) && to[length - 1] != '_')
		length--;
	strcpy(to + length, length ? "" : "service");
}

static struct draft *
find_by_exact_name(const struct drafts *drafts, const char *name)
{
	for (size_t i = 0; i < drafts->count; i++)
		if (strcmp(drafts->list[i]->name, name) == 0)
			return drafts->list[i];
	return NULL;
}

struct draft *
drafts_find(const struct drafts *drafts, const char *name)
{
	struct draft *draft = find_by_exact_name(drafts, name);
	char made[NAME_ROOM];

	for (size_t i = 0; !draft && i < drafts->count; i++)
		if (dotname_compare(drafts->list[i]->name, name) != DOTNAME_OTHER)
			draft = drafts->list[i];
	make_name(made, name);
	return draft ? draft : find_by_exact_name(drafts, made);
}

bool
drafts_want(const struct drafts *drafts, const char *name)
{
	for (char *const *word = drafts->wanted; word && *word; word++)
		if (strcmp(*word, name) == 0 || dotname_compare(name, *word) != DOTNAME_OTHER)
			return true;
	return !drafts->wanted;
}

struct draft *
drafts_add(struct drafts *drafts, const char *name)
{
	const bool has_room = array_grow(&drafts->list, drafts->count, sizeof(*drafts->list)) == 0;
	struct draft *draft = calloc(1, sizeof(*draft));
	unsigned number = 2;
	char made[NAME_ROOM];
	size_t length;

	make_name(made, name);
	length = strnlen(made, STEM_MAX);
	for (; find_by_exact_name(drafts, made); number++)
		snprintf(made + length, sizeof(made) - length, "-%u", number);
	if (draft)
		draft->name = strdup(made);
	if (!has_room || !draft || !draft->name) {
		free(draft ? draft->name : NULL);
		free(draft);
		drafts->failed = true;
		return NULL;
	}
	draft->drafts = drafts;
	if (number > 2)
		draft_add_comment(draft, "another service has the name '%.*s'", (int)length, made);
	draft->is_wanted = drafts_want(drafts, made) || drafts_want(drafts, name);
	return drafts->list[drafts->count++] = draft;
}

static void __attribute__((format(printf, 3, 0)))
add_warning(struct drafts *drafts, struct draft_location at, const char *format, va_list args)
{
	char text[512], *warning;
	int length;

	vsnprintf(text, sizeof(text), format, args);
	if (at.line)
		length = asprintf(&warning, "%s:%u: %s", at.file, at.line, text);
	else
		length = asprintf(&warning, "%s: %s", at.file, text);
	if (length < 0) {
		drafts->failed = true;
		return;
	}
	if (!strvec_has(&drafts->warnings, warning))
		strvec_push(&drafts->warnings, warning);
	free(warning);
}

void
drafts_warn(struct drafts *drafts, struct draft_location at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_warning(drafts, at, format, args);
	va_end(args);
}

void
draft_warn(struct draft *draft, struct draft_location at, const char *format, ...)
{
	va_list args;

	if (!draft->is_wanted)
		return;
	va_start(args, format);
	add_warning(draft->drafts, at, format, args);
	va_end(args);
}

void
draft_warn_of_checks(struct draft *draft, struct draft_location at, const char *format, ...)
{
	va_list args;

	if (!draft->is_wanted)
		return;
	draft->has_untold_checks = true;
	va_start(args, format);
	add_warning(draft->drafts, at, format, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 0)))
add_once(struct strvec *words, const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	draft_endpoint_replace_controls(text);
	if (!strvec_has(words, text))
		strvec_push(words, text);
}

void
draft_add_comment(struct draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_once(&draft->comments, format, args);
	va_end(args);
}

/* Adds the addresses that have the endpoint's family; returns how many. */
static size_t
add_addresses(struct draft *draft, struct draft_endpoints *to,
	      const struct draft_endpoint *endpoint, const struct strvec *addresses)
{
	const char *comment = endpoint->comment;
	size_t added = 0;
	char text[512];

	if (endpoint->host)
		snprintf(text, sizeof(text), "%s%s%s, resolved once", comment ? comment : "",
			 comment ? ": " : "", endpoint->host);
	else
		snprintf(text, sizeof(text), "an address of the host");
	for (size_t i = 0; i < addresses->count; i++) {
		const int family = strchr(addresses->list[i], ':') ? 6 : 4;

		if (endpoint->family && endpoint->family != family)
			continue;
		draft->drafts->failed |=
		    draft_endpoints_add(to, addresses->list[i], endpoint->ports, text) < 0;
		added++;
	}
	return added;
}

static void
add_resolved(struct draft *draft, struct draft_location at, struct draft_endpoints *to,
	     const struct draft_endpoint *endpoint)
{
	struct drafts *drafts = draft->drafts;
	struct strvec addresses = STRVEC_INIT;
	struct failure why = FAILURE_INIT;

	if (!drafts->resolve)
		draft_warn(draft, at, "host names are not resolved");
	else if (drafts->resolve(drafts->context, endpoint->host, &addresses, &why) < 0)
		draft_warn(draft, at, "%s", why.text);
	else if (add_addresses(draft, to, endpoint, &addresses) == 0)
		draft_warn(draft, at, "no IPv%d address: '%s'", endpoint->family,
			   endpoint->host ? endpoint->host : "*");
	drafts->failed |= addresses.failed;
	release_words(&addresses);
}

static void
add_endpoint(struct draft *draft, struct draft_location at, struct draft_endpoints *to,
	     const struct draft_endpoint *endpoint)
{
	const char *host = endpoint->host;
	struct interval interval;
	uint8_t family;

	if (!draft->is_wanted)
		return;
	/* The packets of an IPv4-mapped address are IPv4. */
	if (host && strncasecmp(host, "::ffff:", 7) == 0 && strchr(host, '.'))
		host += 7;
	if (to->lines.count >= DRAFT_LINES_MAX)
		draft_warn(draft, at, "too many addresses for one service: '%s'",
			   host ? host : "*");
	else if (host && interval_parse(&interval, &family, host, NULL) == 0)
		draft->drafts->failed |=
		    draft_endpoints_add(to, host, endpoint->ports, endpoint->comment) < 0;
	else if (host && !draft_endpoint_is_host_name(host))
		draft_warn(draft, at, "not an address: '%s'", host);
	else
		add_resolved(draft, at, to, endpoint);
}

void
draft_add_vip(struct draft *draft, struct draft_location at, const struct draft_endpoint *endpoint)
{
	add_endpoint(draft, at, &draft->vips, endpoint);
}

void
draft_add_server(struct draft *draft, struct draft_location at,
		 const struct draft_endpoint *endpoint)
{
	add_endpoint(draft, at, &draft->servers, endpoint);
}

void
draft_add_engine(struct draft *draft, const char *name)
{
	if (!parse_is_name(name))
		drafts_warn(draft->drafts, (struct draft_location){"engines", 0},
			    "not a name for an engine: '%s'", name);
	else if (!strvec_has(&draft->engines, name))
		strvec_push(&draft->engines, name);
}

void
draft_add_monitor(struct draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_once(&draft->monitors, format, args);
	va_end(args);
}

void
draft_add_http_monitor(struct draft *draft, struct draft_location at, const char *path)
{
	const int length = (int)strcspn(path, "?");

	if (path[0] != '/' || (int)strcspn(path, " \t\r\n$") < length || length < 2 || length > 400)
		draft_warn_of_checks(draft, at, "checks cannot be told from client requests: '%s'",
				     path);
	else
		draft_add_monitor(draft, "http %.*s", length, path);
}

void
draft_add_source(struct draft *draft, const char *source)
{
	struct interval interval;
	uint8_t family;

	if (source && strcmp(source, "client") == 0)
		draft->has_client_source = true;
	else if (!source || interval_parse(&interval, &family, source, NULL) < 0)
		draft->has_unknown_source = true;
	else if (!strvec_has(&draft->sources, source))
		strvec_push(&draft->sources, source);
}

static bool
has_header(const struct strvec *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strcasecmp(headers->list[i], name) == 0)
			return true;
	return false;
}

void
draft_add_headers(struct draft *draft, const struct strvec *headers)
{
	const struct strvec *from = draft->has_headers ? &draft->headers : headers;
	struct strvec common = STRVEC_INIT;

	for (size_t i = 0; i < from->count; i++) {
		/* One that a service file cannot name is left out. */
		if (has_header(headers, from->list[i]) && parse_is_header(from->list[i]))
			strvec_push(&common, from->list[i]);
	}
	common.failed |= headers->failed || draft->headers.failed;
	strvec_release(&draft->headers);
	draft->headers = common;
	draft->has_headers = true;
}

static void
print_lines(FILE *out, const char *keyword, const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		fprintf(out, "%-8s %s\n", keyword, lines->list[i]);
}

static void
print_file(const struct draft *draft, char *const *engines, FILE *out)
{
	const bool all_clients =
	    draft->has_client_source && !draft->has_unknown_source && draft->sources.count == 0;

	fprintf(out, "# service %s\n", draft->name);
	print_lines(out, "#", &draft->comments);
	if ((draft->has_unlinked || (draft->has_headers && !draft->headers.count)) && !all_clients)
		fputs(
		    "#        nothing in the packets joins all client and server connections: for\n"
		    "#        captures of single clients see flows= in vcap-engines(5)\n",
		    out);
	if (draft->servers.lines.count == 0)
		fputs("#        no server line: only the client side will be captured\n", out);
	if (draft->has_untold_checks)
		fputs("#        some health checks look like clients: they will be in every "
		      "capture\n",
		      out);
	print_lines(out, "vip", &draft->vips.lines);
	print_lines(out, "server", &draft->servers.lines);
	if (all_clients)
		fputs("source   client\n", out);
	else if (!draft->has_client_source && !draft->has_unknown_source)
		print_lines(out, "source", &draft->sources);
	if (draft->has_headers && !all_clients)
		fprintf(out, "%-8s %s\n", "header",
			draft->headers.count ? draft->headers.list[0] : "none");
	print_lines(out, "monitor", &draft->monitors);
	for (; *engines; engines++)
		fprintf(out, "%-8s %s\n", "engine", *engines);
}

char *
draft_format(const struct draft *draft, char *const *engines)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_file(draft, engines, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
