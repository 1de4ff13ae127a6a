/*
 * Packets are dropped in all layers: what came from outside still has its Ethernet header in front of
 * the IP header, what is on its way out has none yet, nor has what came through a tunnel. One with zero addresses stands in for it,
 * so that all of a file has one link type.
 */
#include "drops/droppacket.h"

#include "capfile/pcapng.h"

#include <stdio.h>
#include <string.h>

/* Writes the comment as an option of a pcapng packet block (section 3.5). Returns its size. */
static uint32_t
put_comment(unsigned char to[DROPPACKET_COMMENT], const struct dropevent *event, const char *reason,
	    const char *device)
{
	char text[DROPPACKET_COMMENT - 8], at[DROPEVENT_DEVICE + 16] = "no device";
	uint16_t head[2] = {OPT_COMMENT, 0};
	const size_t named = strnlen(event->device, sizeof(event->device));
	size_t size;

	if (named)
		snprintf(at, sizeof(at), "%.*s", (int)named, event->device);
	else if (device)
		snprintf(at, sizeof(at), "%.*s", DROPEVENT_DEVICE, device);
	else if (event->ifindex)
		snprintf(at, sizeof(at), "interface %u", event->ifindex);
	snprintf(text, sizeof(text), "vcap: dropped by the kernel: %.64s (%s)", reason, at);
	size = strlen(text);
	head[1] = (uint16_t)size;
	memset(to, 0, DROPPACKET_COMMENT);
	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), text, size);
	return (uint32_t)(sizeof(head) + (size + 3) / 4 * 4);
}

int
droppacket_make(struct droppacket *to, const struct dropevent *event, const char *reason,
		const char *device, int64_t boot_ns)
{
	const uint32_t made_up = event->network_at ? 0 : DROPPACKET_HEADER;
	struct packet *packet = &to->packet;

	if (event->caplen > DROPEVENT_BYTES || event->caplen <= event->network_at ||
	    event->len < event->caplen || event->len > PACKET_SNAPLEN - DROPPACKET_HEADER)
		return -1;
	if (made_up) {
		memset(to->data, 0, made_up);
		to->data[made_up - 2] = event->data[0] >> 4 == 6 ? 0x86 : 0x08;
		to->data[made_up - 1] = event->data[0] >> 4 == 6 ? 0xdd : 0x00;
	}
	memcpy(to->data + made_up, event->data, event->caplen);
	*packet = (struct packet){
	    .ts_ns = boot_ns + (int64_t)event->boot_ns,
	    .caplen = made_up + event->caplen,
	    .len = made_up + event->len,
	    .core = PACKET_NO_CORE,
	    .data = to->data,
	    .options = to->options,
	};
	packet->options_len = put_comment(to->options, event, reason, device);
	return 0;
}
