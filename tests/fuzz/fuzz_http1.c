/* HTTP requests: a byte for the size of the pieces, then the bytes. In pieces as at once. */
#include "fuzz.h"
#include "join/http1.h"

static const struct forwarded_rule any;

struct outcome {
	uint32_t count;
	uint64_t path, clients;
	enum http1_state state;
};

static struct outcome
feed(const uint8_t *data, size_t size, size_t piece)
{
	struct http1 request;
	struct outcome outcome = {0};
	size_t at = 0;

	http1_init(&request, &any, (struct addr){0});
	while (at < size) {
		size_t left = size - at, n = left < piece ? left : piece, used;
		bool is_complete = false;

		used = http1_feed(&request, data + at, n, at == 0, &is_complete);
		must(used <= n && (used == n || is_complete));
		must(used > 0 || is_complete);
		must(request.length <= sizeof(request.text));
		at += used;
		if (is_complete) {
			bool is_disputed;
			struct evidence_end client =
			    forwarded_client(&request.forwarded, &is_disputed);

			must(!is_disputed || !client.is_known);
			outcome.clients = outcome.clients * 31 + (uint64_t)client.addr.value +
					  client.is_known + 2u * is_disputed;
		}
	}
	outcome.count = request.count;
	outcome.path = request.path;
	outcome.state = request.state;
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
	must(whole.count == pieces.count && whole.path == pieces.path);
	must(whole.clients == pieces.clients && whole.state == pieces.state);
	return 0;
}
