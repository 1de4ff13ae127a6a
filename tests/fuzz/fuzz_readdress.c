/* Pseudonyms in a packet: a byte for the link type, then the packet. It stays within its bytes, has the
 * pseudonyms of its addresses, and a header whose checksum was right has one that is. */
#include "fuzz.h"
#include "packet/dissect.h"
#include "packet/headers.h"
#include "packet/linktype.h"
#include "packet/readdress.h"
#include "packet/tunnel.h"

/* In ones' complement; 0xffff if its checksum is right. */
static uint32_t
sum_of(const unsigned char *header, uint32_t size)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char key[PSEUDONYM_KEY] = {1};
	static struct pseudonyms *pseudonyms;
	struct packet packet, cut;
	struct tuple before, after;
	struct tunnelled inside, still;
	enum dissect_outcome outcome;
	unsigned char *bytes;
	struct failure why;
	uint16_t link;
	uint32_t at, kept;
	uint8_t family;

	if (!pseudonyms)
		pseudonyms = pseudonyms_new(key, &why);
	must(pseudonyms);
	if (size < 1)
		return 0;
	link = linktypes[data[0] % LINKTYPE_COUNT].linktype;
	packet = (struct packet){
	    .data = data + 1, .caplen = (uint32_t)size - 1, .len = (uint32_t)size + 3};
	headers_cut(&packet, link);
	/* Of its own, so that a byte beyond is seen. */
	bytes = malloc(packet.caplen ? packet.caplen : 1);
	must(bytes);
	memcpy(bytes, packet.data, packet.caplen);
	kept = readdress_packet(pseudonyms, bytes, packet.caplen, packet.len, link);
	must(kept <= packet.caplen);
	cut = packet;
	cut.data = bytes;
	cut.caplen = kept;
	outcome = dissect_addresses(&packet, link, &before);
	if (kept > 0 && outcome == DISSECT_FOUND &&
	    dissect_network(&packet, link, &at, &family) == DISSECT_FOUND && kept > at) {
		must(dissect_addresses(&cut, link, &after) == DISSECT_FOUND);
		must(after.source.value == pseudonym_of(pseudonyms, before.source).value);
		must(after.destination.value == pseudonym_of(pseudonyms, before.destination).value);
		if (family == 4 && (packet.data[at] & 0xf) >= 5 &&
		    at + 4 * (packet.data[at] & 0xfu) <= packet.caplen) {
			const uint32_t length = 4 * (packet.data[at] & 0xfu);

			if (sum_of(packet.data + at, length) == 0xffff)
				must(sum_of(bytes + at, length) == 0xffff);
		}
	}
	/* Of a packet in a tunnel its addresses, too, or nothing. */
	if (kept > 0 &&
	    tunnel_find_quoted(&packet, link, tunnel_usual, TUNNEL_USUAL, &inside) ==
		DISSECT_FOUND &&
	    tunnel_find_quoted(&cut, link, tunnel_usual, TUNNEL_USUAL, &still) == DISSECT_FOUND &&
	    dissect_addresses(&inside.inner, LINKTYPE_RAW, &before) == DISSECT_FOUND &&
	    dissect_addresses(&still.inner, LINKTYPE_RAW, &after) == DISSECT_FOUND) {
		must(after.source.value == pseudonym_of(pseudonyms, before.source).value);
		must(after.destination.value == pseudonym_of(pseudonyms, before.destination).value);
	}
	free(bytes);
	return 0;
}
