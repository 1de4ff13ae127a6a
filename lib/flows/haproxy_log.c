#include "flows/haproxy_log.h"

#include "base/parse.h"
#include "packet/dissect.h"

#include <string.h>

/* Room for a word, which is an address, a port or the time: nothing valid is longer. */
#define WORD 48

/* The largest time in microseconds that fits in nanoseconds. */
#define MICROSECONDS_MAX ((uint64_t)INT64_MAX / 1000)

enum end { CLIENT, VIP, SOURCE, SERVER, ENDS };

/* The last word of a pair ends at a blank, the others at a comma. */
enum place { NOT_LAST, LAST };

/* Copies the next word, and steps over it and its comma. */
static int
parse_word(char word[WORD], const char **at, enum place place, struct failure *why)
{
	size_t length = strcspn(*at, place == LAST ? ", \t\r\n\"'" : ",");

	if (length >= WORD || (place != LAST && (*at)[length] != ','))
		return failure_set(why, "malformed behind 'vcap=': '%.80s'", *at);
	memcpy(word, *at, length);
	word[length] = '\0';
	*at += length + (place != LAST);
	return 0;
}

/* Parses an address and a port; HAProxy writes "-" or "unix:ID" where there is none. */
static int
parse_end(struct connpair_end *end, const char **at, enum place place, struct failure *why)
{
	char address[WORD], port[WORD];
	uint64_t number;

	*end = (struct connpair_end){0};
	if (parse_word(address, at, NOT_LAST, why) < 0 || parse_word(port, at, place, why) < 0)
		return -1;
	if (addr_parse(&end->addr, address, NULL) < 0)
		return strcmp(address, "-") == 0 || strncmp(address, "unix", 4) == 0
			   ? 0
			   : failure_set(why, "not an address: '%s'", address);
	if (parse_number(port, UINT16_MAX, &number, why) < 0)
		return -1;
	end->port = (uint16_t)number;
	end->has_addr = true;
	end->has_port = number != 0;
	return 0;
}

/* The first "vcap=" at the start of a word; returns what follows it. */
static const char *
find_mark(const char *line)
{
	static const char mark[] = "vcap=";
	const char *at = line;

	while ((at = strstr(at, mark))) {
		if (at == line || at[-1] == ' ' || at[-1] == '\t' || at[-1] == '"' || at[-1] == '>')
			return at + sizeof(mark) - 1;
		at += sizeof(mark) - 1;
	}
	return NULL;
}

/* The length of the next word behind a blank or comma, and steps to it. */
static size_t
next_word(const char **at)
{
	if (!**at || !strchr(" ,", **at))
		return 0;
	++*at;
	return strcspn(*at, ", \t\r\n\"'");
}

/* STATUS END [TIMER]; anything else, and an end that had not come, says nothing. */
static struct connpair_said
parse_said(const char *at)
{
	struct connpair_said said = {.end = ""}, nothing = said;
	const size_t status_length = next_word(&at);
	const char *status = at, *end;
	size_t end_length;

	at += status_length;
	end_length = next_word(&at);
	end = at;
	at += end_length;
	if (!connpair_set_said(&said, end, end_length, status, status_length))
		return nothing;
	next_word(&at);
	return *at == '+' ? nothing : said;
}

enum haproxy_log_line
haproxy_log_parse(struct connpair *pair, const char *line, struct failure *why)
{
	const char *at = find_mark(line);
	struct connpair_end ends[ENDS];
	struct connpair_said said;
	char time[WORD];
	uint64_t us;

	if (!at)
		return HAPROXY_LOG_OTHER;
	if (parse_word(time, &at, NOT_LAST, why) < 0 ||
	    parse_number(time, MICROSECONDS_MAX, &us, why) < 0)
		return HAPROXY_LOG_BAD;
	for (size_t i = 0; i < ENDS; i++)
		if (parse_end(&ends[i], &at, i == SERVER ? LAST : NOT_LAST, why) < 0)
			return HAPROXY_LOG_BAD;
	said = parse_said(at);
	if (!ends[SOURCE].has_port || !ends[SERVER].has_port)
		ends[SOURCE] = ends[SERVER] = (struct connpair_end){0};
	if (!ends[CLIENT].has_addr || (!ends[SERVER].has_port && !said.end[0]))
		return HAPROXY_LOG_OTHER;
	*pair = (struct connpair){.time_ns = (int64_t)us * 1000,
				  .protocol = PROTOCOL_TCP,
				  .client = ends[CLIENT],
				  .vip = ends[VIP],
				  .source = ends[SOURCE],
				  .server = ends[SERVER],
				  .said = said};
	return HAPROXY_LOG_PAIR;
}
