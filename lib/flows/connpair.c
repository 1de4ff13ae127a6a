#include "flows/connpair.h"

#include "base/clock.h"
#include "base/parse.h"
#include "packet/dissect.h"
#include "packet/ipproto.h"

#include <ctype.h>
#include <string.h>

enum { TIME, EVENT, PROTO, CLIENT, VIP, SOURCE, SERVER, WORDS };

static int
parse_time(int64_t *time_ns, const char *word, struct failure *why)
{
	int64_t ns;

	if (word[0] < '0' || word[0] > '9' || parse_offset(word, &ns, NULL) < 0)
		return failure_set(why, "not a time in seconds since 1970: '%s'", word);
	*time_ns = ns;
	return 0;
}

static int
parse_event(bool *is_end, const char *word, struct failure *why)
{
	*is_end = strcmp(word, "end") == 0;
	if (!*is_end && strcmp(word, "new") != 0)
		return failure_set(why, "neither 'new' nor 'end': '%s'", word);
	return 0;
}

/* tcp, or udp/tcp */
static int
parse_protocol(struct connpair *pair, const char *word, struct failure *why)
{
	const char *slash = strchr(word, '/'), *servers = slash ? slash + 1 : word;

	pair->protocol = ipproto_number(servers, strlen(servers));
	pair->client_protocol = slash ? ipproto_number(word, (size_t)(slash - word)) : 0;
	if (pair->protocol && (pair->client_protocol || !slash))
		return 0;
	return failure_set(why, "not a protocol (tcp, udp, sctp): '%s'", word);
}

/* ADDRESS:PORT, [ADDRESS]:PORT, ADDRESS:*, - */
static int
parse_end(struct connpair_end *end, char *word, struct failure *why)
{
	char *colon = strrchr(word, ':');
	char *address = word;
	uint64_t port = 0;
	size_t length;

	*end = (struct connpair_end){0};
	if (strcmp(word, "-") == 0)
		return 0;
	if (!colon)
		return failure_set(why, "not ADDRESS:PORT: '%s'", word);
	end->has_port = strcmp(colon + 1, "*") != 0;
	if (end->has_port && parse_number(colon + 1, UINT16_MAX, &port, NULL) < 0)
		return failure_set(why, "not a port: '%s'", word);
	end->port = (uint16_t)port;
	*colon = '\0';
	length = strlen(word);
	if (word[0] == '[' && length > 1 && word[length - 1] == ']') {
		word[length - 1] = '\0';
		address++;
	}
	if (addr_parse(&end->addr, address, why) < 0)
		return -1;
	if ((end->addr.family == 6) != (address != word))
		return failure_set(why, "an IPv6 address, and no other, is in brackets: '%s'",
				   address);
	end->has_addr = true;
	return 0;
}

bool
connpair_set_said(struct connpair_said *said, const char *end, size_t end_length,
		  const char *status, size_t status_length)
{
	const bool is_none = (status_length == 1 && status[0] == '-') ||
			     (status_length == 2 && memcmp(status, "-1", 2) == 0);

	if (end_length < 2 || end_length >= sizeof(said->end) || status_length == 0 ||
	    status_length >= sizeof(said->status))
		return false;
	for (size_t i = 0; i < end_length; i++)
		if (!isalpha((unsigned char)end[i]) && end[i] != '-')
			return false;
	for (size_t i = 0; i < status_length && !is_none; i++)
		if (!isdigit((unsigned char)status[i]))
			return false;
	*said = (struct connpair_said){.end = ""};
	memcpy(said->end, end, end_length);
	memcpy(said->status, status, status_length);
	return true;
}

/* A word behind the pair: haproxy=END/STATUS, or another NAME=VALUE. */
static int
parse_more(struct connpair *pair, const char *word, struct failure *why)
{
	const char *value = strchr(word, '='), *slash = strchr(word, '/');

	if (!value)
		return failure_set(why, "unexpected word: '%s'", word);
	if ((size_t)(value++ - word) != strlen("haproxy") ||
	    strncmp(word, "haproxy", strlen("haproxy")) != 0)
		return 0;
	if (slash && connpair_set_said(&pair->said, value, (size_t)(slash - value), slash + 1,
				       strlen(slash + 1)))
		return 0;
	return failure_set(why, "not what HAProxy says of an end: '%s'", word);
}

int
connpair_parse(struct connpair *pair, const char *line, struct failure *why)
{
	char copy[CONNPAIR_TEXT], *words[WORDS], *rest = NULL, *word;
	size_t length = strcspn(line, "\r\n"), count = 0;
	struct connpair made = {.said = {.end = ""}};

	if (length >= sizeof(copy))
		return failure_set(why, "a pair of more than %zu bytes", sizeof(copy) - 1);
	memcpy(copy, line, length);
	copy[length] = '\0';
	for (word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (count < WORDS)
			words[count++] = word;
		else if (parse_more(&made, word, why) < 0)
			return -1;
	}
	if (count < WORDS)
		return failure_set(why, "a pair has %d words, not %zu", WORDS, count);
	if (parse_time(&made.time_ns, words[TIME], why) < 0 ||
	    parse_event(&made.is_end, words[EVENT], why) < 0 ||
	    parse_protocol(&made, words[PROTO], why) < 0 ||
	    parse_end(&made.client, words[CLIENT], why) < 0 ||
	    parse_end(&made.vip, words[VIP], why) < 0 ||
	    parse_end(&made.source, words[SOURCE], why) < 0 ||
	    parse_end(&made.server, words[SERVER], why) < 0)
		return -1;
	*pair = made;
	return 0;
}

static void
print_end(const struct connpair_end *end, FILE *out)
{
	char text[ADDR_TEXT];

	if (!end->has_addr) {
		fputs(" -", out);
		return;
	}
	addr_format(end->addr, text, sizeof(text));
	fprintf(out, end->addr.family == 6 ? " [%s]:" : " %s:", text);
	if (end->has_port)
		fprintf(out, "%u", end->port);
	else
		fputc('*', out);
}

void
connpair_print(const struct connpair *pair, FILE *out)
{
	const char *protocol = ipproto_name(pair->protocol);
	const char *clients = ipproto_name(pair->client_protocol);

	fprintf(out, CLOCK_FORMAT " %s ", CLOCK_ARGS(pair->time_ns), pair->is_end ? "end" : "new");
	if (clients)
		fprintf(out, "%s/", clients);
	fputs(protocol ? protocol : "tcp", out);
	print_end(&pair->client, out);
	print_end(&pair->vip, out);
	print_end(&pair->source, out);
	print_end(&pair->server, out);
	if (pair->said.end[0])
		fprintf(out, " haproxy=%s/%s", pair->said.end, pair->said.status);
	fputc('\n', out);
}

bool
connpair_end_matches(const struct connpair_end *end, struct addr addr, uint16_t port)
{
	if (!end->has_addr)
		return true;
	return end->addr.family == addr.family && end->addr.value == addr.value &&
	       (!end->has_port || end->port == port);
}
