/* HTTP/2 from its first frame: a byte for the size of the pieces, then the bytes. In pieces as at once, requests as
 * well as frames with their headers. */
#include "fuzz.h"
#include "join/http2.h"

/* Of either end, from the begin or the middle. */
static struct http2 *
parser(uint8_t options)
{
	enum http2_sender sender = options & 64 ? HTTP2_SERVER : HTTP2_CLIENT;

	return options & 128 ? http2_new_midway(sender) : http2_new(sender);
}

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

/* All that is read, as a number. */
struct reading {
	uint64_t hash;
};

static void
add(struct reading *reading, uint64_t value)
{
	reading->hash = (reading->hash ^ value) * UINT64_C(0x100000001b3);
}

/* An http2_field. */
static void
take_field(void *context, const char *name, const char *value, size_t size)
{
	must(value[size] == '\0');
	add(context, strlen(name));
	for (size_t i = 0; i < size; i++)
		add(context, (unsigned char)value[i]);
}

static uint64_t
read_frames(const uint8_t *data, size_t size, size_t piece, struct http2 *http2)
{
	struct reading reading = {1};
	size_t at = 0;

	must(http2);
	while (at < size) {
		size_t left = size - at < piece ? size - at : piece;
		bool at_segment = at == 0;
		enum http2_event event;

		do {
			const struct http2_frame *frame = http2_frame(http2);
			size_t used = http2_read(http2, data + at, left, at_segment, take_field,
						 &reading, &event);

			must(used <= left && (event != HTTP2_MORE || used == left));
			at += used;
			left -= used;
			at_segment = false;
			if (event == HTTP2_MORE)
				continue;
			add(&reading, event);
			add(&reading, at);
			if (event != HTTP2_ENDED)
				continue;
			must(frame->stream <= HTTP2_STREAM_MAX);
			must(frame->last_stream <= HTTP2_STREAM_MAX);
			add(&reading, frame->stream);
			add(&reading, frame->last_stream);
			add(&reading,
			    frame->ends_stream + 2u * frame->ends_block + 4u * frame->is_uncertain);
		} while (event != HTTP2_MORE);
	}
	must(http2_memory(http2) < 4 * HTTP2_MEMORY);
	http2_free(http2);
	return reading.hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 1)
		return 0;
	whole = feed(data + 1, size - 1, size, parser(data[0]));
	pieces = feed(data + 1, size - 1, 1 + data[0] % 64u, parser(data[0]));
	must(whole.requests == pieces.requests && whole.paths == pieces.paths);
	must(whole.clients == pieces.clients);
	must(read_frames(data + 1, size - 1, size, parser(data[0])) ==
	     read_frames(data + 1, size - 1, 1 + data[0] % 64u, parser(data[0])));
	return 0;
}
