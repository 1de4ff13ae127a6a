/* Events of the kernel's program to packets. */
#include "drops/droppacket.h"

#include "packet/dissect.h"
#include "tap.h"

#include <stdlib.h>

static const unsigned char udp[] = {0x45, 0,   0, 31, 0,   0,   0,   0,   64, 17,   0,
				    0,    192, 0, 2,  100, 192, 0,   2,   10, 0xbb, 0x80,
				    0,    53,  0, 11, 0,   0,   'a', 'b', 'c'};

static struct dropevent
event_of(uint32_t link)
{
	struct dropevent event = {.boot_ns = 7, .reason = 2, .network_at = link};

	memset(event.data, 0x11, link);
	if (link)
		memcpy(event.data + link - 2, "\x08\x00", 2);
	memcpy(event.data + link, udp, sizeof(udp));
	event.caplen = event.len = link + (uint32_t)sizeof(udp);
	return event;
}

static void
test_headers(void)
{
	static const uint32_t links[] = {0, 14};
	struct droppacket made;
	struct tuple tuple;

	for (int i = 0; i < 2; i++) {
		const struct dropevent event = event_of(links[i]);

		ok(droppacket_make(&made, &event, "NO_SOCKET", NULL, 1000) == 0 &&
		       made.packet.ts_ns == 1007 && made.packet.caplen == 14 + sizeof(udp) &&
		       made.packet.len == made.packet.caplen &&
		       dissect_packet(&made.packet, LINKTYPE_EN10MB, &tuple) &&
		       tuple.destination_port == 53 && tuple.payload_len == 3,
		   "a packet %s link header is one of Ethernet", links[i] ? "with a" : "without");
	}
}

/* Its comment, a copy. */
static const char *
comment_of(const struct droppacket *made)
{
	static char text[DROPPACKET_COMMENT];
	uint16_t head[2];

	memcpy(head, made->options, sizeof(head));
	if (head[0] != 1 || made->packet.options_len != 4u + (head[1] + 3u) / 4u * 4u)
		return "malformed";
	memcpy(text, made->options + 4, head[1]);
	text[head[1]] = '\0';
	return text;
}

static void
test_comments(void)
{
	struct dropevent event = event_of(14);
	struct droppacket made;
	char longest[200];

	droppacket_make(&made, &event, "NO_SOCKET", NULL, 0);
	is_str(comment_of(&made), "vcap: dropped by the kernel: NO_SOCKET (no device)",
	       "no device");
	event.ifindex = 9;
	droppacket_make(&made, &event, "NO_SOCKET", NULL, 0);
	is_str(comment_of(&made), "vcap: dropped by the kernel: NO_SOCKET (interface 9)",
	       "a device without a name");
	droppacket_make(&made, &event, "NO_SOCKET", "eth0", 0);
	is_str(comment_of(&made), "vcap: dropped by the kernel: NO_SOCKET (eth0)",
	       "its name is known");
	memset(event.device, 'x', sizeof(event.device));
	memset(longest, 'R', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ok(droppacket_make(&made, &event, longest, NULL, 0) == 0 &&
	       strcmp(comment_of(&made), "malformed") != 0,
	   "a device's name without an end, and a reason that is too long");
}

static void
test_contradictions(void)
{
	struct dropevent event = event_of(14);
	struct droppacket made;

	event.caplen = DROPEVENT_BYTES + 1;
	ok(droppacket_make(&made, &event, "X", NULL, 0) < 0, "more bytes than there is room for");
	event = event_of(14);
	event.network_at = event.caplen;
	ok(droppacket_make(&made, &event, "X", NULL, 0) < 0, "no network header");
	event = event_of(14);
	event.len = event.caplen - 1;
	ok(droppacket_make(&made, &event, "X", NULL, 0) < 0, "shorter on the wire than captured");
	event.len = UINT32_MAX;
	ok(droppacket_make(&made, &event, "X", NULL, 0) < 0, "longer than any packet");
}

int
main(void)
{
	test_headers();
	test_comments();
	test_contradictions();
	return done_testing();
}
