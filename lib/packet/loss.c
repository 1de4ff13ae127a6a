#include "packet/loss.h"

#include "base/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What happened, after the count: of one, and of several. */
static const struct {
	const char *name, *one, *many;
} kinds[LOSS_KINDS] = {
    [LOSS_LISTEN_OVERFLOWS] = {"ListenOverflows", "SYN dropped, an accept queue was full",
			       "SYNs dropped, an accept queue was full"},
    [LOSS_LISTEN_DROPS] = {"ListenDrops", "SYN dropped by a listener", "SYNs dropped by listeners"},
    [LOSS_REQUEST_QUEUE] = {"TCPReqQFullDrop", "SYN dropped, a queue of half-open ones was full",
			    "SYNs dropped, a queue of half-open ones was full"},
    [LOSS_BACKLOG] = {"TCPBacklogDrop", "segment dropped, a socket's backlog was full",
		      "segments dropped, a socket's backlog was full"},
    [LOSS_CONNTRACK_INSERT] = {"conntrack_insert_failed",
			       "packet dropped, conntrack could not enter its connection",
			       "packets dropped, conntrack could not enter their connections"},
    [LOSS_CONNTRACK_DROP] = {"conntrack_drop", "packet dropped, conntrack's table was full",
			     "packets dropped, conntrack's table was full"},
    [LOSS_CONNTRACK_EARLY] = {"conntrack_early_drop",
			      "connection forgotten, conntrack's table was full",
			      "connections forgotten, conntrack's table was full"},
    [LOSS_RX_DROPPED] = {"rx_dropped", "packet dropped on receipt", "packets dropped on receipt"},
    [LOSS_RX_ERRORS] = {"rx_errors", "packet received with errors", "packets received with errors"},
    [LOSS_TX_DROPPED] = {"tx_dropped", "packet dropped when sending",
			 "packets dropped when sending"},
    [LOSS_TX_ERRORS] = {"tx_errors", "packet not sent for errors", "packets not sent for errors"},
    [LOSS_SOFTNET] = {"softnet_dropped", "packet dropped, a processor of the host was too slow",
		      "packets dropped, a processor of the host was too slow"},
};

const char *
loss_name(enum loss_kind kind)
{
	return kinds[kind].name;
}

void
loss_format(const struct loss *loss, char to[LOSS_TEXT_MAX])
{
	snprintf(to, LOSS_TEXT_MAX, "%" PRIu64 " %s%s%s", loss->count, kinds[loss->kind].name,
		 *loss->place ? " " : "", loss->place);
}

static bool
is_place(const char *text)
{
	const size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return length > 0 && length < LOSS_PLACE_MAX;
}

int
loss_set(const struct loss *losses, size_t count, struct keyval *status)
{
	for (size_t i = 0; i < count; i++) {
		char key[32], text[LOSS_TEXT_MAX];

		snprintf(key, sizeof(key), "lost-%zu", i);
		loss_format(&losses[i], text);
		if (keyval_set(status, key, "%s", text) < 0)
			return -1;
	}
	return 0;
}

bool
loss_parse(struct loss *loss, const char *text)
{
	const size_t digits = strspn(text, "0123456789");
	const char *name = text + digits + 1, *place = "";
	struct loss found = {0};
	struct failure why;
	char number[24];
	size_t length;

	if (digits == 0 || digits >= sizeof(number) || text[digits] != ' ')
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	if (parse_number(number, UINT64_MAX, &found.count, &why) < 0 || found.count == 0)
		return false;
	length = strcspn(name, " ");
	if (name[length] == ' ' && !is_place(place = name + length + 1))
		return false;
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		if (strlen(kinds[kind].name) == length &&
		    strncmp(name, kinds[kind].name, length) == 0) {
			found.kind = (enum loss_kind)kind;
			strcpy(found.place, place);
			*loss = found;
			return true;
		}
	return false;
}

void
loss_tell(const struct loss *loss, char to[LOSS_TEXT_MAX])
{
	snprintf(to, LOSS_TEXT_MAX, "%" PRIu64 " %s%s%s", loss->count,
		 loss->count == 1 ? kinds[loss->kind].one : kinds[loss->kind].many,
		 *loss->place ? ": " : "", loss->place);
}
