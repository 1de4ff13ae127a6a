#include "capture/losscounters.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void
losscounters_init(struct losscounters *counters)
{
	for (int i = 0; i < LOSS_KINDS; i++)
		counters->values[i] = LOSSCOUNTERS_UNKNOWN;
}

/* The word that *at is before, which it then is behind, in the same line. Returns its length; 0: the line
 * has no more. */
static size_t
next_word(const char **at, const char **word)
{
	size_t length;

	*at += strspn(*at, " \t");
	*word = *at;
	length = strcspn(*at, " \t\n");
	*at += length;
	return length;
}

/* Moves to the next line. False: that was the last one. */
static bool
next_line(const char **at)
{
	*at += strcspn(*at, "\n");
	if (**at == '\0')
		return false;
	(*at)++;
	return **at != '\0';
}

/* A column that is wanted, by the word that heads it. */
struct column {
	const char *head;
	enum loss_kind kind;
};

/* Adds the numbers under the heads that are wanted: lines of words, and of as many numbers. */
static void
add_columns(uint64_t sums[LOSS_KINDS], const char *heads, const char *numbers, int base,
	    const struct column *columns, size_t count)
{
	const char *head, *number;
	size_t length;

	while ((length = next_word(&heads, &head)) && next_word(&numbers, &number))
		for (size_t i = 0; i < count; i++)
			if (strlen(columns[i].head) == length &&
			    strncmp(head, columns[i].head, length) == 0) {
				uint64_t *sum = &sums[columns[i].kind];

				*sum = (*sum == LOSSCOUNTERS_UNKNOWN ? 0 : *sum) +
				       strtoull(number, NULL, base);
			}
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

void
losscounters_netstat(struct losscounters *counters, const char *text)
{
	static const struct column columns[] = {{"ListenOverflows", LOSS_LISTEN_OVERFLOWS},
						{"ListenDrops", LOSS_LISTEN_DROPS},
						{"TCPReqQFullDrop", LOSS_REQUEST_QUEUE},
						{"TCPBacklogDrop", LOSS_BACKLOG}};
	static const char title[] = "TcpExt:";
	uint64_t *values = counters->values;
	const char *heads = NULL;

	do {
		if (strncmp(text, title, sizeof(title) - 1) != 0)
			continue;
		if (heads) {
			add_columns(values, heads, text, 10, columns, COUNT_OF(columns));
			break;
		}
		heads = text;
	} while (next_line(&text));
	/* The kernel counts each overflow as a drop, too, and not always at the same moment. */
	if (values[LOSS_LISTEN_DROPS] != LOSSCOUNTERS_UNKNOWN &&
	    values[LOSS_LISTEN_OVERFLOWS] != LOSSCOUNTERS_UNKNOWN)
		values[LOSS_LISTEN_DROPS] -=
		    values[LOSS_LISTEN_OVERFLOWS] < values[LOSS_LISTEN_DROPS]
			? values[LOSS_LISTEN_OVERFLOWS]
			: values[LOSS_LISTEN_DROPS];
}

/* A line of heads, then one of hexadecimal numbers for each processor. */
void
losscounters_conntrack(struct losscounters *counters, const char *text)
{
	static const struct column columns[] = {{"insert_failed", LOSS_CONNTRACK_INSERT},
						{"drop", LOSS_CONNTRACK_DROP},
						{"early_drop", LOSS_CONNTRACK_EARLY}};
	const char *heads = text;

	while (next_line(&text))
		add_columns(counters->values, heads, text, 16, columns, COUNT_OF(columns));
}

/* A line of hexadecimal numbers for each processor; the second one counts drops. */
void
losscounters_softnet(struct losscounters *counters, const char *text)
{
	uint64_t sum = 0;
	const char *word;

	if (*text == '\0')
		return;
	do {
		if (next_word(&text, &word) && next_word(&text, &word))
			sum += strtoull(word, NULL, 16);
	} while (next_line(&text));
	counters->values[LOSS_SOFTNET] = sum;
}

/* Behind "NAME:": eight numbers of what was received (bytes, packets, errs, drop, ...), then of what was
 * sent. */
void
losscounters_dev(struct losscounters *counters, const char *text, const char *interface)
{
	static const struct {
		int column;
		enum loss_kind kind;
	} wanted[] = {
	    {2, LOSS_RX_ERRORS}, {3, LOSS_RX_DROPPED}, {10, LOSS_TX_ERRORS}, {11, LOSS_TX_DROPPED}};
	const size_t length = strlen(interface);
	const char *word;

	do {
		const char *at = text + strspn(text, " ");

		if (strncmp(at, interface, length) != 0 || at[length] != ':')
			continue;
		at += length + 1;
		for (int i = 0; next_word(&at, &word); i++)
			for (size_t k = 0; k < COUNT_OF(wanted); k++)
				if (wanted[k].column == i)
					counters->values[wanted[k].kind] = strtoull(word, NULL, 10);
		return;
	} while (next_line(&text));
}
