/* HTTP/2 from its first frame: a byte for the size of the pieces, then the bytes. In pieces as at once. */
#include "fuzz.h"
#include "join/http2.h"

struct outcome {
	uint64_t requests, paths, clients;
};

static const struct forwarded_rule any;

static struct outcome
feed(const uint8_t *data, size_t size, size_t piece, struct http2 *http2)
{
	struct forwarded forwarded;
	struct outcome outcome = {0};
	size_t at = 0;

	must(http2);
	forwarded_init(&forwarded, &any, (struct addr){0});
	while (at < size) {
		size_t left = size - at, n = left < piece ? left : piece, used;
		struct http2_request request;
		bool is_complete, is_disputed;

		used = http2_feed(http2, data + at, n, at == 0, &forwarded, &request, &is_complete);
		must(used <= n && (used == n || is_complete));
		must(used > 0);
		at += used;
		if (!is_complete)
			continue;
		outcome.requests++;
		outcome.paths = outcome.paths * 31 + request.path;
		if (!request.is_uncertain)
			outcome.clients =
			    outcome.clients * 31 +
			    (uint64_t)forwarded_client(&forwarded, &is_disputed).addr.value;
	}
	http2_is_pending(http2);
	http2_free(http2);
	return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 1)
		return 0;
	whole = feed(data + 1, size - 1, size, data[0] & 128 ? http2_new_midway() : http2_new());
	pieces = feed(data + 1, size - 1, 1 + data[0] % 64u,
		      data[0] & 128 ? http2_new_midway() : http2_new());
	must(whole.requests == pieces.requests && whole.paths == pieces.paths);
	must(whole.clients == pieces.clients);
	return 0;
}
