#include "extcap/hostword.h"

#include "packet/addrset.h"

#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* The next word of *text, cut to its room; false: there is none, or it is too long. */
static bool
next_word(const char **text, char word[HOSTWORD_ROOM])
{
	const char *start = *text + strspn(*text, BLANKS);
	const size_t length = strcspn(start, BLANKS);

	if (length == 0 || length >= HOSTWORD_ROOM)
		return false;
	memcpy(word, start, length);
	word[length] = '\0';
	*text = start + length;
	return true;
}

/* pcap-filter's `net 10.1` is 10.1.0.0/16: the bytes that are not there are not compared. */
static void
complete_net(char word[HOSTWORD_ROOM])
{
	unsigned byte[3];
	char more;
	const int count = sscanf(word, "%3u.%3u.%3u%c", &byte[0], &byte[1], &byte[2], &more);

	if (count < 1 || count > 3 || strspn(word, "0123456789.") != strlen(word) ||
	    word[strlen(word) - 1] == '.')
		return;
	snprintf(word, HOSTWORD_ROOM, "%u.%u.%u.0/%d", byte[0], count > 1 ? byte[1] : 0,
		 count > 2 ? byte[2] : 0, 8 * count);
}

bool
hostword_read(char spec[HOSTWORD_ROOM], const char *filter)
{
	struct interval interval;
	char word[HOSTWORD_ROOM], rest[HOSTWORD_ROOM];
	uint8_t family;
	bool is_host = false, is_net = false;

	if (!next_word(&filter, word))
		return false;
	is_host = strcmp(word, "host") == 0;
	is_net = strcmp(word, "net") == 0;
	if ((is_host || is_net) && !next_word(&filter, word))
		return false;
	if (next_word(&filter, rest) || filter[strspn(filter, BLANKS)])
		return false;
	if (is_net)
		complete_net(word);
	if (interval_parse(&interval, &family, word, NULL) < 0 ||
	    (is_host && interval.first != interval.last))
		return false;
	memcpy(spec, word, sizeof(word));
	return true;
}
