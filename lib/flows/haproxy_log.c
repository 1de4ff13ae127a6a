#include "flows/haproxy_log.h"

#include "base/parse.h"
#include "packet/dissect.h"

#include <string.h>

/* Of an address, a port, or the time: nothing valid is longer. */
#define WORD 48

/* A time of microseconds that still fits in nanoseconds. */
#define MICROSECONDS_MOST ((uint64_t)INT64_MAX / 1000)

enum end { CLIENT, VIP, SOURCE, SERVER, ENDS };

/* Copies what comes before the next comma, or for the last word blank, and steps over that. */
static int
take_word(char word[WORD], const char **at, bool is_last, struct failure *why)
{
	size_t length = strcspn(*at, is_last ? ", \t\r\n\"'" : ",");

	if (length >= WORD || (!is_last && (*at)[length] != ','))
		return failure_set(why, "not what 'vcap=' in the log-format should make: '%.80s'",
				   *at);
	memcpy(word, *at, length);
	word[length] = '\0';
	*at += length + !is_last;
	return 0;
}

/* An address and a port. Whatever is not there is "-", or a unix socket's number. */
static int
take_end(struct connpair_end *end, const char **at, bool is_last, struct failure *why)
{
	char address[WORD], port[WORD];
	uint64_t number;

	*end = (struct connpair_end){0};
	if (take_word(address, at, false, why) < 0 || take_word(port, at, is_last, why) < 0)
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

enum haproxy_log_line
haproxy_log_parse(struct connpair *pairing, const char *line, struct failure *why)
{
	const char *at = find_mark(line);
	struct connpair_end ends[ENDS];
	char time[WORD];
	uint64_t us;

	if (!at)
		return HAPROXY_LOG_OTHER;
	if (take_word(time, &at, false, why) < 0 ||
	    parse_number(time, MICROSECONDS_MOST, &us, why) < 0)
		return HAPROXY_LOG_BAD;
	for (size_t i = 0; i < ENDS; i++)
		if (take_end(&ends[i], &at, i == SERVER, why) < 0)
			return HAPROXY_LOG_BAD;
	if (!ends[CLIENT].has_addr || !ends[SOURCE].has_port || !ends[SERVER].has_port)
		return HAPROXY_LOG_OTHER;
	*pairing = (struct connpair){.time_ns = (int64_t)us * 1000,
				     .protocol = PROTOCOL_TCP,
				     .client = ends[CLIENT],
				     .vip = ends[VIP],
				     .source = ends[SOURCE],
				     .server = ends[SERVER]};
	return HAPROXY_LOG_PAIR;
}
