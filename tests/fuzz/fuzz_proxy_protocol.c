/* PROXY headers: a byte for the size of the pieces, then the bytes. In pieces as at once. */
#include "fuzz.h"
#include "join/proxy_protocol.h"

struct outcome {
	enum proxy_protocol_state state;
	size_t used;
	struct evidence evidence;
};

static struct outcome
feed(const uint8_t *data, size_t size, size_t piece)
{
	struct proxy_protocol header = PROXY_PROTOCOL_INIT;
	struct outcome outcome = {0};

	while (outcome.used < size) {
		size_t left = size - outcome.used, n = left < piece ? left : piece, used;

		used = proxy_protocol_feed(&header, data + outcome.used, n, &outcome.evidence);
		must(used <= n);
		must(header.length <= sizeof(header.bytes));
		outcome.used += used;
		if (used < n)
			break;
	}
	outcome.state = header.state;
	return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 1)
		return 0;
	whole = feed(data + 1, size - 1, size);
	pieces = feed(data + 1, size - 1, 1 + data[0] % 64u);
	must(whole.state == pieces.state);
	if (whole.state != PROXY_PROTOCOL_FOUND)
		return 0;
	must(whole.used == pieces.used);
	must(memcmp(&whole.evidence.client.addr.value, &pieces.evidence.client.addr.value, 16) ==
	     0);
	must(whole.evidence.is_local == pieces.evidence.is_local);
	return 0;
}
