#include "packet/packetline.h"

#include "packet/dissect.h"
#include "packet/linktype.h"
#include "packet/tunnel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define END_TEXT (ADDR_TEXT + 8)

/* An address, and the port if there is one. */
static void
format_end(char to[END_TEXT], const struct addr *addr, const struct tuple *tuple, uint16_t port)
{
	addr_format(*addr, to, ADDR_TEXT);
	if (tuple->has_ports)
		sprintf(to + strlen(to), ".%u", port);
}

static void
format_ends(char to[2 * END_TEXT + 4], const struct tuple *tuple)
{
	char source[END_TEXT], destination[END_TEXT];

	format_end(source, &tuple->source, tuple, tuple->source_port);
	format_end(destination, &tuple->destination, tuple, tuple->destination_port);
	sprintf(to, "%s > %s", source, destination);
}

/* The flags of TCP as tcpdump has them, in its order. */
static void
format_flags(char to[16], unsigned flags)
{
	static const char letters[] = "FSRP.UEW";
	char *at = to;

	for (unsigned i = 0; letters[i]; i++)
		if (flags & 1U << i)
			*at++ = letters[i];
	*at = '\0';
	if (at == to)
		strcpy(to, "none");
}

static void
format_contents(char to[80], const struct packet *packet, const struct tuple *tuple)
{
	char flags[16];

	if (tuple->only_addresses)
		sprintf(to, "a fragment of protocol %u", tuple->protocol);
	else if (tuple->protocol == PROTOCOL_TCP && tuple->transport) {
		format_flags(flags, tuple->transport[13]);
		sprintf(to, "Flags [%s], length %" PRIu32, flags, tuple->payload_wire);
	} else if (tuple->protocol == PROTOCOL_UDP && tuple->transport)
		sprintf(to, "UDP, length %" PRIu32, tuple->payload_wire);
	else if (tuple->has_icmp_type)
		sprintf(to, "%s type %u, length %" PRIu32,
			tuple->protocol == PROTOCOL_ICMP ? "ICMP" : "ICMP6", tuple->icmp_type,
			packet->len);
	else
		sprintf(to, "protocol %u, length %" PRIu32, tuple->protocol, packet->len);
}

/* The line of a packet as it stands there, whatever is in it. */
static void
format_alone(const struct packet *packet, uint16_t linktype, char to[PACKETLINE_MAX])
{
	char ends[2 * END_TEXT + 4], about[2 * END_TEXT + 4], contents[80];
	struct tuple tuple, outer;

	switch (dissect_addresses(packet, linktype, &outer)) {
	case DISSECT_NOT_IP:
		snprintf(to, PACKETLINE_MAX, "not IP, length %" PRIu32, packet->len);
		return;
	case DISSECT_CUT:
		snprintf(to, PACKETLINE_MAX, "not enough captured to tell, length %" PRIu32,
			 packet->len);
		return;
	case DISSECT_FOUND: break;
	}
	format_ends(ends, &outer);
	if (!dissect_packet(packet, linktype, &tuple)) {
		sprintf(contents, "length %" PRIu32, packet->len);
	} else if (!tuple.is_quoted) {
		format_ends(ends, &tuple);
		format_contents(contents, packet, &tuple);
	} else {
		format_ends(about, &tuple);
		snprintf(to, PACKETLINE_MAX, "%s %s: ICMP about %s",
			 outer.source.family == 6 ? "IP6" : "IP", ends, about);
		return;
	}
	snprintf(to, PACKETLINE_MAX, "%s %s: %s", outer.source.family == 6 ? "IP6" : "IP", ends,
		 contents);
}

void
packetline_format(const struct packet *packet, uint16_t linktype, char to[PACKETLINE_MAX])
{
	char inner[PACKETLINE_MAX], ends[2 * END_TEXT + 4], via[TUNNEL_TEXT];
	struct tunnelled found;
	struct tuple outer;

	if (tunnel_find(packet, linktype, tunnel_usual, TUNNEL_USUAL, &found) != DISSECT_FOUND ||
	    !dissect_packet(packet, linktype, &outer)) {
		format_alone(packet, linktype, to);
		return;
	}
	format_ends(ends, &outer);
	format_alone(&found.inner, LINKTYPE_RAW, inner);
	snprintf(to, PACKETLINE_MAX, "%s %s: %s: %.300s", outer.source.family == 6 ? "IP6" : "IP",
		 ends, tunnel_format(tunnel_usual[found.which], via), inner);
}
