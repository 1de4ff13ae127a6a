/*
 * A counter of lost packets that has grown: which, by how much, and where. This is what vcap-run writes
 * of it into the file and the status, and what people are told.
 *
 * Text form: "COUNT NAME[ PLACE]...", such as "21 ListenOverflows 192.0.2.10:443 [2001:db8::1]:443" or
 * "4 rx_dropped eth0".
 */
#ifndef VCAP_LOSS_H
#define VCAP_LOSS_H

#include "base/keyval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The order is that of telling: what is nearest to the service first. */
enum loss_kind {
	LOSS_LISTEN_OVERFLOWS, /* TcpExt of /proc/net/netstat, up to TCPBacklogDrop */
	LOSS_LISTEN_DROPS,     /* those that are no overflows */
	LOSS_REQUEST_QUEUE,
	LOSS_BACKLOG,
	LOSS_CONNTRACK_INSERT, /* /proc/net/stat/nf_conntrack */
	LOSS_CONNTRACK_DROP,
	LOSS_CONNTRACK_EARLY,
	LOSS_RX_DROPPED, /* of an interface: /proc/net/dev */
	LOSS_RX_ERRORS,
	LOSS_TX_DROPPED,
	LOSS_TX_ERRORS,
	LOSS_SOFTNET, /* of the whole host, not of a network namespace: /proc/net/softnet_stat */
	LOSS_KINDS,
};

/* Begins a line in the comment of vcap-run's last statistics; the text form follows. */
#define LOSS_LINE "lost "

/* The interface of packets that the kernel of an engine has dropped: ENGINE/dropped. Where they came in by
 * another one, that has them, too. */
#define LOSS_INTERFACE "dropped"
/* ... and the file with them, in the directory of a capture on an engine; of a rolling one they are
 * dropped.0.pcapng, dropped.1.pcapng and so on. */
#define LOSS_STEM      "dropped"
#define LOSS_FILE      LOSS_STEM ".pcapng"

#define LOSS_PLACE_MAX 240 /* bytes of all places, their NUL included */

struct loss {
	enum loss_kind kind;
	uint64_t count; /* 1 or more */
	char place
	    [LOSS_PLACE_MAX]; /* listeners or an interface, with blanks between; "": not known */
};

/* The name in the text form: the kernel's own where there is one. */
const char *loss_name(enum loss_kind kind);

/* Room for either text, its NUL included. */
#define LOSS_TEXT_MAX (LOSS_PLACE_MAX + 160)

/* Writes the text form. */
void loss_format(const struct loss *loss, char to[LOSS_TEXT_MAX]);

/* Reads it, from whoever wrote it: known names only, a place of printable ASCII. Returns false, with
 * *loss unchanged, for anything else. */
bool loss_parse(struct loss *loss, const char *text);

/* Sets the keys lost-0, lost-1 and so on of a status to the text forms. -1: out of memory; some may be set. */
int loss_set(const struct loss *losses, size_t count, struct keyval *status);

/* Writes what it means: "21 SYNs dropped, an accept queue was full: 192.0.2.10:443". */
void loss_tell(const struct loss *loss, char to[LOSS_TEXT_MAX]);

#endif
