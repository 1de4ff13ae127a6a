/*
 * Each proxy adds whom it got the request from behind what was there, so a list is read from its
 * end, and of a header that is there twice the last counts more. An engine may hold several proxies,
 * of which the inner ones add addresses of the engine's own: those are passed over.
 *
 * A client may send any header. What it wrote of the one that the engine adds to stands before, and
 * does no harm. One that the engine does not know passes untouched, wherever it stands; where it is
 * not known which the engine writes, headers that name different clients are a dispute, which others
 * may settle (dispute.h).
 */
#include "join/forwarded.h"

#include "base/parse.h"

#include <string.h>
#include <strings.h>

static const char *const names[] = {
    [FORWARDED_FOR] = "x-forwarded-for",
    [FORWARDED] = "forwarded",
    [FORWARDED_REAL_IP] = "x-real-ip",
};

void
forwarded_init(struct forwarded *forwarded, const struct forwarded_rule *rule, struct addr engine)
{
	forwarded->rule = rule;
	forwarded->engine = engine;
	forwarded_begin(forwarded);
}

void
forwarded_begin(struct forwarded *forwarded)
{
	forwarded->there = 0;
	forwarded->has_agent = false;
	memset(forwarded->counts, 0, sizeof(forwarded->counts));
}

int
forwarded_find(const struct forwarded *forwarded, const char *name)
{
	const struct forwarded_rule *rule = forwarded->rule;

	if (!rule)
		return -1;
	if (rule->header.name)
		return strcasecmp(rule->header.name, name) == 0 &&
			       strcasecmp(name, SERVICE_HEADER_NONE) != 0
			   ? 0
			   : -1;
	for (int i = 0; i < FORWARDED_NAMES; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return -1;
}

bool
forwarded_is_rfc7239(const struct forwarded *forwarded, int which)
{
	const char *name = forwarded->rule->header.name;

	return strcasecmp(name ? name : names[which], names[FORWARDED]) == 0;
}

static bool
parse_port(struct evidence_end *end, const char *text)
{
	uint64_t port;

	if (parse_number(text, UINT16_MAX, &port, NULL) < 0)
		return text[0] == '_'; /* an obfuscated port, RFC 7239, 6.3 */
	end->port = (uint16_t)port;
	end->has_port = true;
	return true;
}

/* Whether no host can have the address: unspecified, multicast, broadcast. */
static bool
is_nobodys(struct addr addr)
{
	const unsigned top = (unsigned)(addr.value >> (addr.family == 4 ? 24 : 120));

	return addr.value == 0 || (addr.family == 4 ? top == 0 || top >= 224 : top == 0xff);
}

struct evidence_end
forwarded_address(const char *text)
{
	struct evidence_end end = {0};
	char copy[FORWARDED_TEXT], *address = copy, *port = NULL;

	if (strlen(text) >= sizeof(copy))
		return end;
	strcpy(copy, text);
	if (copy[0] == '[') {
		char *close = strchr(++address, ']');

		if (!close || (close[1] && close[1] != ':'))
			return end;
		port = close[1] ? close + 2 : NULL;
		*close = '\0';
	} else if (strchr(copy, ':') == strrchr(copy, ':') && (port = strchr(copy, ':'))) {
		*port++ = '\0';
	}
	if (addr_parse(&end.addr, address, NULL) < 0 || (port && !parse_port(&end, port)))
		return (struct evidence_end){0};
	end.addr = evidence_addr(end.addr);
	end.is_known = !is_nobodys(end.addr);
	return end.is_known ? end : (struct evidence_end){0};
}

/* The value of for= in one element of Forwarded: token or quoted string. */
static struct evidence_end
parse_element(const char *element)
{
	char value[FORWARDED_TEXT];
	size_t length = 0;

	while (*element) {
		element += strspn(element, " \t;");
		if (strncasecmp(element, "for=", 4) == 0) {
			bool quoted = element[4] == '"';

			for (element += 4 + quoted; *element; element++) {
				if (quoted ? *element == '"' : strchr("; \t", *element) != NULL)
					break;
				if (quoted && *element == '\\' && element[1])
					element++;
				value[length++] = *element;
			}
			value[length] = '\0';
			return forwarded_address(value);
		}
		while (*element && *element != ';') {
			if (*element++ != '"')
				continue;
			while (*element && *element != '"')
				element += *element == '\\' && element[1] ? 2 : 1;
			element += *element == '"';
		}
	}
	return (struct evidence_end){0};
}

/* Where the values of a header lie, of which the n-th is at n modulo the number of its hops. */
static unsigned
hops_of(const struct forwarded *forwarded)
{
	return forwarded->rule->header.name ? forwarded->rule->header.hops : 1;
}

static bool
is_own(const struct forwarded *forwarded, const struct evidence_end *end)
{
	const struct service *service = forwarded->rule->service;

	return end->is_known && service && evidence_is_own(service, forwarded->engine, end->addr);
}

void
forwarded_see(struct forwarded *forwarded, int which)
{
	forwarded->there |= (uint8_t)(1u << which);
}

void
forwarded_see_agent(struct forwarded *forwarded, const char *value, size_t size)
{
	/* Of HAProxy, keepalived, Envoy, NGINX Plus and Kubernetes. */
	static const char *const checkers[] = {"haproxy", "KeepAliveClient", "Envoy/HC", "nginx/",
					       "kube-probe"};

	forwarded->has_agent = size > 0;
	for (size_t i = 0; i < sizeof(checkers) / sizeof(*checkers); i++)
		if (strlen(checkers[i]) <= size &&
		    strncasecmp(value, checkers[i], strlen(checkers[i])) == 0)
			forwarded->has_agent = false;
}

void
forwarded_add(struct forwarded *forwarded, int which, const char *member)
{
	const struct evidence_end end = forwarded_is_rfc7239(forwarded, which)
					    ? parse_element(member)
					    : forwarded_address(member);
	const unsigned hops = hops_of(forwarded);
	uint16_t *count = &forwarded->counts[which];

	if (is_own(forwarded, &end))
		return;
	forwarded->last[(unsigned)which * hops + *count % hops] = end;
	/* Beyond this only the place in the ring and that it is full matter. */
	*count = (uint16_t)(*count == SERVICE_HOPS_MAX * hops ? *count - hops + 1u : *count + 1u);
}

/* The length of the list's first member, up to a comma outside quotes. */
static size_t
member_length(const char *value, size_t size, bool has_quotes)
{
	bool is_quoted = false;
	size_t i = 0;

	for (; i < size && (is_quoted || value[i] != ','); i++) {
		if (has_quotes && value[i] == '"' && !(is_quoted && value[i - 1] == '\\'))
			is_quoted = !is_quoted;
	}
	return i;
}

void
forwarded_add_list(struct forwarded *forwarded, int which, const char *value, size_t size)
{
	const bool has_quotes = forwarded_is_rfc7239(forwarded, which);

	forwarded_see(forwarded, which);
	for (;;) {
		const size_t whole = member_length(value, size, has_quotes);
		const char *member = value;
		size_t length = whole;
		char text[FORWARDED_TEXT] = "";

		while (length && (*member == ' ' || *member == '\t'))
			member++, length--;
		while (length && (member[length - 1] == ' ' || member[length - 1] == '\t'))
			length--;
		if (length < sizeof(text) && !memchr(member, '\0', length))
			*(char *)mempcpy(text, member, length) = '\0';
		forwarded_add(forwarded, which, text);
		if (whole == size)
			return;
		value += whole + 1;
		size -= whole + 1;
	}
}

struct evidence_end
forwarded_by(const struct forwarded *forwarded, int which)
{
	const unsigned hops = forwarded->rule ? hops_of(forwarded) : 1;
	const unsigned count = forwarded->counts[which];

	/* With fewer values than hops it came another way. */
	if (count < hops)
		return (struct evidence_end){0};
	return forwarded->last[(unsigned)which * hops + count % hops];
}

struct evidence_end
forwarded_client(const struct forwarded *forwarded, bool *is_disputed)
{
	struct evidence_end client = {0};
	bool is_first = true;

	*is_disputed = false;
	for (int i = 0; i < FORWARDED_NAMES; i++) {
		const struct evidence_end end = forwarded_by(forwarded, i);

		if (!forwarded->counts[i])
			continue;
		if (is_first)
			client = end;
		else if (end.is_known != client.is_known || end.addr.family != client.addr.family ||
			 end.addr.value != client.addr.value)
			*is_disputed = true;
		else if (!client.has_port)
			client = end;
		is_first = false;
	}
	if (*is_disputed)
		return (struct evidence_end){0};
	return client;
}
