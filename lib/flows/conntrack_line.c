#include "flows/conntrack_line.h"

#include "base/parse.h"
#include "packet/dissect.h"
#include "packet/ipproto.h"

#include <ctype.h>
#include <string.h>

/* Room for a word that matters: nothing valid is longer. */
#define WORD   64

#define BLANKS " \t\r\n"

/* The tuples of a connection: of the packets that began it, and of the replies. */
enum { ORIGINAL, REPLY, DIRECTIONS };

struct conntrack_words {
	bool has_event, is_new, is_end;
	bool has_time;
	int64_t time_ns;
	bool has_protocol;
	uint8_t protocol; /* 0: none that has ports */
	struct connpair_end source[DIRECTIONS], destination[DIRECTIONS];
};

/* Parses seconds with six decimals, in brackets. */
static bool
parse_time(struct conntrack_words *words, const char *word)
{
	const size_t length = strlen(word);
	char text[WORD];

	if (length < 3 || *word != '[' || word[length - 1] != ']' ||
	    !isdigit((unsigned char)word[1]))
		return false;
	memcpy(text, word + 1, length - 2);
	text[length - 2] = '\0';
	words->has_time = parse_offset(text, &words->time_ns, NULL) == 0;
	return words->has_time;
}

static bool
parse_event(struct conntrack_words *words, const char *word)
{
	words->is_new = strcmp(word, "[NEW]") == 0;
	words->is_end = strcmp(word, "[DESTROY]") == 0;
	words->has_event = words->is_new || words->is_end || strcmp(word, "[UPDATE]") == 0;
	return words->has_event;
}

/* With `-o extended` the network protocol precedes the transport's. */
static void
parse_protocol(struct conntrack_words *words, const char *word)
{
	if (!isalpha((unsigned char)*word) || strcmp(word, "ipv4") == 0 ||
	    strcmp(word, "ipv6") == 0)
		return;
	words->has_protocol = true;
	words->protocol = ipproto_number(word, strlen(word));
}

/* The first address of a kind is the original tuple's, the second the reply's; a third one belongs
 * to neither. */
static int
parse_addr(struct connpair_end ends[DIRECTIONS], const char *text, struct failure *why)
{
	for (int i = 0; i < DIRECTIONS; i++) {
		if (ends[i].has_addr)
			continue;
		ends[i].has_addr = true;
		return addr_parse(&ends[i].addr, text, why);
	}
	return 0;
}

static int
parse_port(struct connpair_end ends[DIRECTIONS], const char *text, struct failure *why)
{
	uint64_t port;

	for (int i = 0; i < DIRECTIONS; i++) {
		if (ends[i].has_port)
			continue;
		if (parse_number(text, UINT16_MAX, &port, why) < 0)
			return -1;
		ends[i].port = (uint16_t)port;
		ends[i].has_port = true;
		return 0;
	}
	return 0;
}

static int
parse_word(struct conntrack_words *words, const char *word, struct failure *why)
{
	if (strncmp(word, "src=", 4) == 0)
		return parse_addr(words->source, word + 4, why);
	if (strncmp(word, "dst=", 4) == 0)
		return parse_addr(words->destination, word + 4, why);
	if (strncmp(word, "sport=", 6) == 0)
		return parse_port(words->source, word + 6, why);
	if (strncmp(word, "dport=", 6) == 0)
		return parse_port(words->destination, word + 6, why);
	/* The others matter only before the addresses. */
	if (words->source[ORIGINAL].has_addr || (!words->has_time && parse_time(words, word)) ||
	    (!words->has_event && parse_event(words, word)) || words->has_protocol)
		return 0;
	parse_protocol(words, word);
	return 0;
}

static int
parse_words(struct conntrack_words *words, const char *line, struct failure *why)
{
	for (;;) {
		char word[WORD];
		size_t length;

		line += strspn(line, BLANKS);
		length = strcspn(line, BLANKS);
		if (length == 0)
			return 0;
		/* A longer word, such as a security context, does not matter. */
		if (length < WORD) {
			memcpy(word, line, length);
			word[length] = '\0';
			if (parse_word(words, word, why) < 0)
				return -1;
		}
		line += length;
	}
}

static bool
is_whole(const struct conntrack_words *words, int direction)
{
	return words->source[direction].has_addr && words->source[direction].has_port &&
	       words->destination[direction].has_addr && words->destination[direction].has_port;
}

/* Whether the destination was translated, as a load balancer does. */
static bool
is_translated(const struct conntrack_words *words)
{
	const struct connpair_end *server = &words->source[REPLY];

	return !connpair_end_matches(&words->destination[ORIGINAL], server->addr, server->port);
}

enum conntrack_line
conntrack_line_parse(struct connpair *pair, const char *line, int64_t time_ns, struct failure *why)
{
	struct conntrack_words words = {0};

	if (parse_words(&words, line, why) < 0)
		return CONNTRACK_LINE_BAD;
	if (!words.has_protocol || !words.source[ORIGINAL].has_addr) {
		failure_set(why, "not a line of 'conntrack': '%.80s'", line);
		return CONNTRACK_LINE_BAD;
	}
	if (words.protocol == 0 || (words.has_event && !words.is_new && !words.is_end))
		return CONNTRACK_LINE_OTHER;
	if (!is_whole(&words, ORIGINAL) || !is_whole(&words, REPLY)) {
		failure_set(why, "not a line of 'conntrack': '%.80s'", line);
		return CONNTRACK_LINE_BAD;
	}
	if (!is_translated(&words))
		return CONNTRACK_LINE_OTHER;
	*pair = (struct connpair){.time_ns = words.has_time ? words.time_ns : time_ns,
				  .is_end = words.is_end,
				  .protocol = words.protocol,
				  .client = words.source[ORIGINAL],
				  .vip = words.destination[ORIGINAL],
				  /* The reply goes from the server to the address it sees. */
				  .source = words.destination[REPLY],
				  .server = words.source[REPLY]};
	return CONNTRACK_LINE_PAIR;
}
