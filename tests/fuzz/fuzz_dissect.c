/* The ends of a packet: a byte for the link type, then the packet. */
#include "fuzz.h"
#include "packet/dissect.h"
#include "packet/headers.h"
#include "packet/linktype.h"
#include "packet/tunnel.h"

/* Whether the packet is in a tunnel, and the one in that has no payload. */
static bool
is_tunnel(const struct packet *packet, uint16_t link, struct tuple *own)
{
	struct tuple inner;
	struct tunnelled found;

	return tunnel_find(packet, link, tunnel_usual, TUNNEL_USUAL, &found) == DISSECT_FOUND &&
	       own->payload < found.inner.data &&
	       (!dissect_packet(&found.inner, LINKTYPE_RAW, &inner) || inner.payload_len < 20);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tuple tuple, own;
	struct packet packet, cut;
	uint16_t link;
	bool found;

	if (size < 1)
		return 0;
	link = data[0] % (LINKTYPE_COUNT + 1) < LINKTYPE_COUNT
		   ? linktypes[data[0] % (LINKTYPE_COUNT + 1)].linktype
		   : 147;
	packet = (struct packet){
	    .data = data + 1, .caplen = (uint32_t)size - 1, .len = (uint32_t)size + 3};
	found = dissect_packet(&packet, link, &tuple);
	if (found && tuple.payload) {
		must(tuple.has_ports && !tuple.is_quoted);
		must(tuple.payload >= packet.data);
		must(tuple.payload + tuple.payload_len <= packet.data + packet.caplen);
	}
	if (found)
		must(dissect_addresses(&packet, link, &own) == DISSECT_FOUND);
	if (found && !tuple.is_quoted)
		must(own.source.value == tuple.source.value &&
		     own.destination.value == tuple.destination.value);
	cut = packet;
	headers_cut(&cut, link);
	must(cut.caplen <= packet.caplen && cut.len == packet.len);
	/* What is left tells the same, and has no payload but what lies within an IP header that says it is
	 * shorter than one can be, or the headers of a packet in a tunnel. */
	if (found)
		must(dissect_packet(&cut, link, &own) &&
		     (own.payload_len < 20 || is_tunnel(&cut, link, &own)) &&
		     own.source.value == tuple.source.value &&
		     own.destination.value == tuple.destination.value &&
		     tuple_source_key(&own) == tuple_source_key(&tuple) &&
		     tuple_destination_key(&own) == tuple_destination_key(&tuple) &&
		     own.is_quoted == tuple.is_quoted);
	must(dissect_shape(&packet, link) <= LINKTYPE_SHAPES);
	return 0;
}
