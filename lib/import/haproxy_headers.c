/*
 * What counts is that no request goes without: a rule with a condition, `if-none`, or `except` for
 * clients that there may be leave requests whose header is the client's own word. Rules are applied
 * in the frontend, then in the backend, each after those of its defaults; a later rule for the same
 * header undoes an earlier one. The options are applied last, and add to the end.
 */
#include "import/haproxy_headers.h"

#include "packet/addrset.h"

#include <string.h>
#include <strings.h>

static void
forget(struct strvec *headers, const char *name)
{
	struct strvec kept = STRVEC_INIT;

	for (size_t i = 0; i < headers->count; i++)
		if (strcasecmp(headers->list[i], name) != 0)
			strvec_push(&kept, headers->list[i]);
	kept.failed |= headers->failed;
	strvec_release(headers);
	*headers = kept;
}

static void
remember(struct strvec *headers, const char *name)
{
	forget(headers, name);
	strvec_push(headers, name);
}

/* Whether a log-format is the client's address and nothing else. */
static bool
is_client(const char *format)
{
	static const char *const formats[] = {
	    "%[src]", "%ci", "%ci:%cp", "%[src]:%[src_port]", "for=%[src]", "for=%ci"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(format, formats[i]) == 0)
			return true;
	return false;
}

/* Applies the http-request rules of a section. */
static void
apply_rules(struct draft *draft, const struct haproxy_section *section, struct strvec *headers,
	    bool *is_src_forged)
{
	if (section->defaults)
		apply_rules(draft, section->defaults, headers, is_src_forged);
	for (const struct haproxy_line *line = section->first; line < section->end; line++) {
		const char *rule = haproxy_line_word(line, 1), *name = haproxy_line_word(line, 2);
		const bool adds =
		    strcmp(rule, "set-header") == 0 || strcmp(rule, "add-header") == 0;

		if (!haproxy_line_is(line, 0, "http-request"))
			continue;
		if (strcmp(rule, "set-src") == 0 && strstr(name, "hdr"))
			*is_src_forged = true;
		else if (adds && line->count == 4 && is_client(line->words[3]))
			remember(headers, name);
		else if (adds || strcmp(rule, "del-header") == 0 ||
			 strncmp(rule, "replace-", strlen("replace-")) == 0)
			forget(headers, name);
		if (adds && line->count > 4 && is_client(line->words[3]))
			draft_add_comment(
			    draft, "%s has the client only on a condition (%s:%u): it tells none",
			    name, line->at.file, line->at.line);
	}
}

/* Whether clients of the network may have the address of an `except`. */
static bool
is_reachable(const char *network)
{
	struct interval interval;
	uint8_t family;

	if (interval_parse(&interval, &family, network, NULL) < 0)
		return true;
	return family == 4 ? interval.first >> 24 != 127 || interval.last >> 24 != 127
			   : interval.first != 1 || interval.last != 1;
}

static void
apply_forwardfor(struct draft *draft, const struct haproxy_section *front,
		 const struct haproxy_section *back, struct strvec *headers)
{
	static const char *const option[] = {"forwardfor", NULL};
	const struct haproxy_line *lines[] = {haproxy_section_setting(back, "option", option),
					      haproxy_section_setting(front, "option", option)};
	const char *name = NULL, *reason = "if-none";
	const struct haproxy_line *at = NULL;

	for (size_t i = 0; i < 2; i++) {
		const char *given = haproxy_line_value(lines[i], "header");
		const char *except = haproxy_line_value(lines[i], "except");

		if (!lines[i])
			continue;
		at = at ? at : lines[i];
		name = name ? name : given;
		/* Of both sections one without it is enough for the header to be added. */
		if (reason && strcmp(reason, "if-none") == 0 &&
		    !haproxy_line_has(lines[i], "if-none"))
			reason = NULL;
		if (except && is_reachable(except))
			reason = "except";
	}
	if (!at)
		return;
	name = name ? name : "X-Forwarded-For";
	if (!reason)
		remember(headers, name);
	else if (!strvec_has(headers, name))
		draft_add_comment(draft, "%s may be a client's own, by '%s' (%s:%u): it tells none",
				  name, reason, at->at.file, at->at.line);
}

static void
apply_forwarded(const struct haproxy_section *back, struct strvec *headers)
{
	static const char *const option[] = {"forwarded", NULL};
	const struct haproxy_line *line = haproxy_section_setting(back, "option", option);

	if (line && (line->count == 2 || haproxy_line_has(line, "for")))
		remember(headers, "Forwarded");
}

void
haproxy_headers_find(struct draft *draft, const struct haproxy_section *front,
		     const struct haproxy_section *back, struct strvec *headers)
{
	const struct haproxy_line *mode = haproxy_section_setting(back, "mode", NULL);
	bool is_src_forged = false;

	if (!mode || !haproxy_line_is(mode, 1, "http"))
		return;
	apply_rules(draft, front, headers, &is_src_forged);
	if (front != back)
		apply_rules(draft, back, headers, &is_src_forged);
	apply_forwardfor(draft, front, back, headers);
	apply_forwarded(back, headers);
	if (!is_src_forged)
		return;
	draft_add_comment(draft, "the client's address is taken from a header (set-src), which any "
				 "client may send: no header tells it");
	strvec_release(headers);
}
