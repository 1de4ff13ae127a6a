#include "flows/conntrack_line.h"

#include "base/parse.h"
#include "packet/dissect.h"

#include <ctype.h>
#include <string.h>

/* Of a word that matters: nothing valid is longer. */
#define WORD   64

#define BLANKS " \t\r\n"

/* The tuple of the direction that began the connection, and that of the replies. */
enum { ORIGINAL, REPLY, DIRECTIONS };

struct conntrack_words {
	bool has_event, is_new, is_end;
	bool has_time;
	int64_t time_ns;
	bool has_protocol;
	uint8_t protocol; /* 0: none that has ports */
	struct connpair_end source[DIRECTIONS], destination[DIRECTIONS];
};

/* Seconds with six decimals, in brackets. */
static bool
take_time(struct conntrack_words *words, const char *word)
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
take_event(struct conntrack_words *words, const char *word)
{
	words->is_new = strcmp(word, "[NEW]") == 0;
	words->is_end = strcmp(word, "[DESTROY]") == 0;
	words->has_event = words->is_new || words->is_end || strcmp(word, "[UPDATE]") == 0;
	return words->has_event;
}

/* With `-o extended` the network protocol comes before. */
static void
take_protocol(struct conntrack_words *words, const char *word)
{
	if (!isalpha((unsigned char)*word) || strcmp(word, "ipv4") == 0 ||
	    strcmp(word, "ipv6") == 0)
		return;
	words->has_protocol = true;
	words->protocol = strcmp(word, "tcp") == 0    ? PROTOCOL_TCP
			  : strcmp(word, "udp") == 0  ? PROTOCOL_UDP
			  : strcmp(word, "sctp") == 0 ? PROTOCOL_SCTP
						      : 0;
}

/* What comes first is the original direction's, what comes again the reply's; what comes a third
 * time stands behind both and is none of them. */
static int
take_addr(struct connpair_end ends[DIRECTIONS], const char *text, struct failure *why)
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
take_port(struct connpair_end ends[DIRECTIONS], const char *text, struct failure *why)
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
take_word(struct conntrack_words *words, const char *word, struct failure *why)
{
	if (strncmp(word, "src=", 4) == 0)
		return take_addr(words->source, word + 4, why);
	if (strncmp(word, "dst=", 4) == 0)
		return take_addr(words->destination, word + 4, why);
	if (strncmp(word, "sport=", 6) == 0)
		return take_port(words->source, word + 6, why);
	if (strncmp(word, "dport=", 6) == 0)
		return take_port(words->destination, word + 6, why);
	/* The others count only before those. */
	if (words->source[ORIGINAL].has_addr || (!words->has_time && take_time(words, word)) ||
	    (!words->has_event && take_event(words, word)) || words->has_protocol)
		return 0;
	take_protocol(words, word);
	return 0;
}

static int
take_words(struct conntrack_words *words, const char *line, struct failure *why)
{
	for (;;) {
		char word[WORD];
		size_t length;

		line += strspn(line, BLANKS);
		length = strcspn(line, BLANKS);
		if (length == 0)
			return 0;
		/* A longer one, such as a security context, is none of them. */
		if (length < WORD) {
			memcpy(word, line, length);
			word[length] = '\0';
			if (take_word(words, word, why) < 0)
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

/* Whether it is one of those that a load balancer makes. */
static bool
is_translated(const struct conntrack_words *words)
{
	const struct connpair_end *server = &words->source[REPLY];

	return !connpair_end_matches(&words->destination[ORIGINAL], server->addr, server->port);
}

enum conntrack_line
conntrack_line_parse(struct connpair *pairing, const char *line, int64_t time_ns,
		     struct failure *why)
{
	struct conntrack_words words = {0};

	if (take_words(&words, line, why) < 0)
		return CONNTRACK_LINE_BAD;
	if (!words.has_protocol || !words.source[ORIGINAL].has_addr) {
		failure_set(why, "not what 'conntrack' should print: '%.80s'", line);
		return CONNTRACK_LINE_BAD;
	}
	if (words.protocol == 0 || (words.has_event && !words.is_new && !words.is_end))
		return CONNTRACK_LINE_OTHER;
	if (!is_whole(&words, ORIGINAL) || !is_whole(&words, REPLY)) {
		failure_set(why, "not what 'conntrack' should print: '%.80s'", line);
		return CONNTRACK_LINE_BAD;
	}
	if (!is_translated(&words))
		return CONNTRACK_LINE_OTHER;
	*pairing = (struct connpair){.time_ns = words.has_time ? words.time_ns : time_ns,
				     .is_end = words.is_end,
				     .protocol = words.protocol,
				     .client = words.source[ORIGINAL],
				     .vip = words.destination[ORIGINAL],
				     /* The reply is the server's answer to whom it sees. */
				     .source = words.destination[REPLY],
				     .server = words.source[REPLY]};
	return CONNTRACK_LINE_PAIR;
}
