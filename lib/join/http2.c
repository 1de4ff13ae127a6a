/*
 * Frames follow each other without gaps, so one that cannot be one means that the place is lost. From
 * the middle of a connection the beginning of a segment is tried, and believed once three frames have
 * followed each other.
 *
 * HPACK refers to a table of what was said before. A decoder that begins in the middle has an empty
 * one, but new entries take the lowest numbers: whatever came since then it knows by the right number,
 * and what is older it does not know at all. A block of headers that refers to such is uncertain as a
 * whole, since the header that the engine adds may be behind; the next block begins with a new decoder.
 */
#include "join/http2.h"

#include "join/http1.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES  9
#define FRAME_MAX   (1u << 14)  /* bytes of a frame, unless a server asked for more */
#define TABLE_MAX   (16u << 10) /* bytes of the HPACK table */
#define TRUST_AFTER 3           /* frames in a row */

/* RFC 9113, 6 */
enum { LAST_TYPE = 9 };
enum frame_flag { END_STREAM = 1, END_HEADERS = 4, PADDED = 8, PRIORITY = 32 };

#define LAST_STREAM_BYTES 4 /* in front of a GOAWAY */
#define PRIORITY_BYTES    5
#define PROMISED_BYTES    4 /* the stream that a PUSH_PROMISE is about */

struct http2 {
	enum http2_sender sender;
	nghttp2_hd_inflater *inflater; /* NULL: the next block begins with a new one */
	unsigned char head[HEAD_BYTES];
	uint8_t head_length;
	bool is_lost;     /* the place: until a segment */
	uint8_t in_a_row; /* frames, up to TRUST_AFTER */
	struct http2_frame frame;
	uint32_t left;    /* bytes of the frame's payload */
	uint32_t skip;    /* of these: padding length, and priority or a stream, in front */
	uint32_t padding; /* ... and padding at the end */
	bool is_pad_next; /* the next byte is the padding's length */
	uint8_t last_stream_bytes;
	/* The block of headers */
	bool in_block, is_failed, is_final, block_ends_stream;
	uint32_t block_bytes;
	/* The request, for http2_feed */
	bool has_method;
	uint64_t path;
};

/* Who receives headers. */
struct sink {
	http2_field *field;
	void *context;
};

struct http2 *
http2_new(enum http2_sender sender)
{
	struct http2 *http2 = calloc(1, sizeof(*http2));

	if (http2) {
		http2->sender = sender;
		http2->in_a_row = TRUST_AFTER;
	}
	return http2;
}

struct http2 *
http2_new_midway(enum http2_sender sender)
{
	struct http2 *http2 = calloc(1, sizeof(*http2));

	if (http2) {
		http2->sender = sender;
		http2->is_lost = true;
	}
	return http2;
}

static void
forget_decoder(struct http2 *http2)
{
	if (http2->inflater)
		nghttp2_hd_inflate_del(http2->inflater);
	http2->inflater = NULL;
}

void
http2_free(struct http2 *http2)
{
	if (!http2)
		return;
	forget_decoder(http2);
	free(http2);
}

/* The place is lost. */
static void
lose(struct http2 *http2)
{
	forget_decoder(http2);
	http2->is_lost = true;
	http2->in_block = false;
	http2->in_a_row = 0;
	http2->head_length = 0;
	http2->left = 0;
}

bool
http2_skip(struct http2 *http2, uint32_t size)
{
	const bool is_inside =
	    !http2->is_lost && !http2->in_block && http2->head_length == HEAD_BYTES;

	if (!is_inside || size > http2->left) {
		lose(http2);
		return false;
	}
	http2->left -= size;
	if (http2->last_stream_bytes < LAST_STREAM_BYTES)
		http2->last_stream_bytes = UINT8_MAX; /* what it says is not known */
	return true;
}

const struct http2_frame *
http2_frame(const struct http2 *http2)
{
	return &http2->frame;
}

/* An entry of the table takes that much more than HPACK counts. */
#define ENTRY_FACTOR 6

size_t
http2_memory(const struct http2 *http2)
{
	size_t table =
	    http2->inflater ? nghttp2_hd_inflate_get_dynamic_table_size(http2->inflater) : 0;

	return sizeof(*http2) + (http2->inflater ? 2048 : 0) + ENTRY_FACTOR * table;
}

bool
http2_is_sure(const struct http2 *http2)
{
	return http2->in_a_row == TRUST_AFTER;
}

bool
http2_is_pending(const struct http2 *http2)
{
	return http2->in_block && !http2->is_lost && http2_is_sure(http2);
}

static void
begin_block(struct http2 *http2)
{
	http2->in_block = true;
	http2->is_failed = http2->is_final = false;
	http2->block_ends_stream =
	    http2->frame.type == HTTP2_HEADERS && http2->frame.flags & END_STREAM;
	http2->block_bytes = 0;
	if (http2->inflater)
		return;
	/* Before that it takes no memory. */
	if (!http2_is_sure(http2)) {
		http2->is_failed = true;
		return;
	}
	if (nghttp2_hd_inflate_new(&http2->inflater) != 0) {
		http2->inflater = NULL;
		http2->is_failed = true;
		return;
	}
	/* The other end may have allowed more than the default; it takes an update to use it. */
	nghttp2_hd_inflate_change_table_size(http2->inflater, TABLE_MAX);
}

/* Decodes a piece of a block. What follows a failure is not understood. */
static void
decode(struct http2 *http2, const unsigned char *bytes, size_t size, bool is_last,
       const struct sink *sink)
{
	http2->block_bytes += (uint32_t)size;
	if (http2->block_bytes > HTTP2_BLOCK_MAX)
		http2->is_failed = true;
	while (!http2->is_failed) {
		nghttp2_nv header;
		int flags = 0;
		ssize_t used =
		    nghttp2_hd_inflate_hd2(http2->inflater, &header, &flags, bytes, size, is_last);

		if (used < 0) {
			http2->is_failed = true;
			break;
		}
		bytes += used;
		size -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT && !memchr(header.name, '\0', header.namelen))
			sink->field(sink->context, (const char *)header.name,
				    (const char *)header.value, header.valuelen);
		if (flags & NGHTTP2_HD_INFLATE_FINAL) {
			nghttp2_hd_inflate_end_headers(http2->inflater);
			http2->is_final = true;
			break;
		}
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && size == 0)
			break;
	}
	if (http2->is_failed)
		forget_decoder(http2);
}

/* What the head says. */
static struct http2_frame
frame_of(const unsigned char head[HEAD_BYTES])
{
	return (struct http2_frame){
	    .type = head[3],
	    .flags = head[4],
	    .stream = (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 |
		      head[8],
	    .size = HEAD_BYTES + ((uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2])};
}

/* Whether there is such a frame, and it may come now. */
static bool
is_frame(const struct http2 *http2, const struct http2_frame *frame)
{
	const uint32_t length = frame->size - HEAD_BYTES;
	/* DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
	 * CONTINUATION: sizes that are fixed; 1 for a multiple of 6; and which are of a stream. */
	static const uint8_t sizes[] = {0, 0, 5, 4, 1, 0, 8, 0, 4, 0};
	static const char streams[] = "yyyynynnxy";
	const uint8_t type = frame->type;

	if ((type == HTTP2_PUSH_PROMISE && http2->sender == HTTP2_CLIENT) ||
	    length > 64 * FRAME_MAX || frame->stream > HTTP2_STREAM_MAX)
		return false;
	if (!http2_is_sure(http2) && length > FRAME_MAX)
		return false;
	if (http2->in_block)
		return type == HTTP2_CONTINUATION && frame->stream == http2->frame.stream;
	if (type > LAST_TYPE)
		return http2_is_sure(http2); /* an extension (RFC 9113, 5.5) */
	if (sizes[type] == 1 ? length % 6 != 0 : sizes[type] && length != sizes[type])
		return false;
	if ((streams[type] == 'y' && !frame->stream) || (streams[type] == 'n' && frame->stream))
		return false;
	return type != HTTP2_CONTINUATION;
}

/* The head of a frame is whole. HTTP2_OUT: it is none. */
static enum http2_event
begin_frame(struct http2 *http2)
{
	struct http2_frame frame = frame_of(http2->head);
	const bool is_headers = frame.type == HTTP2_HEADERS || frame.type == HTTP2_PUSH_PROMISE;

	if (!is_frame(http2, &frame))
		return HTTP2_OUT;
	frame.is_promise = frame.type == HTTP2_PUSH_PROMISE ||
			   (frame.type == HTTP2_CONTINUATION && http2->frame.is_promise);
	http2->frame = frame;
	http2->left = frame.size - HEAD_BYTES;
	http2->is_pad_next = is_headers && frame.flags & PADDED;
	http2->skip = frame.type == HTTP2_PUSH_PROMISE                        ? PROMISED_BYTES
		      : frame.type == HTTP2_HEADERS && frame.flags & PRIORITY ? PRIORITY_BYTES
									      : 0;
	http2->padding = 0;
	http2->last_stream_bytes = frame.type == HTTP2_GOAWAY ? 0 : LAST_STREAM_BYTES;
	http2->in_a_row += http2->in_a_row < TRUST_AFTER;
	if (is_headers)
		begin_block(http2);
	return http2->left >= http2->skip + http2->is_pad_next ? HTTP2_HEAD : HTTP2_OUT;
}

static enum http2_event
end_frame(struct http2 *http2)
{
	struct http2_frame *frame = &http2->frame;

	http2->head_length = 0;
	if (http2->last_stream_bytes != LAST_STREAM_BYTES)
		frame->last_stream = HTTP2_STREAM_MAX;
	frame->last_stream &= HTTP2_STREAM_MAX;
	frame->ends_stream = frame->type == HTTP2_DATA && frame->flags & END_STREAM;
	if (!http2->in_block || !(frame->flags & END_HEADERS))
		return HTTP2_ENDED;
	http2->in_block = false;
	/* The last frame of a block may be empty: no field ends there. */
	if (!http2->is_failed && !http2->is_final && http2->block_bytes)
		decode(http2, (const unsigned char *)"", 0, true, NULL);
	if (!http2->is_failed && !http2->is_final && http2->block_bytes) {
		http2->is_failed = true;
		forget_decoder(http2);
	}
	frame->ends_block = true;
	frame->ends_stream = http2->block_ends_stream;
	frame->is_uncertain = http2->is_failed;
	return HTTP2_ENDED;
}

/* Takes bytes of the frame's payload. Returns how many; 0: what it says of itself is wrong. */
static size_t
take_payload(struct http2 *http2, const unsigned char *bytes, size_t size, const struct sink *sink)
{
	size_t used = 1;

	if (http2->is_pad_next) {
		http2->is_pad_next = false;
		http2->padding = *bytes;
		http2->left--;
		return http2->skip + http2->padding <= http2->left;
	}
	if (http2->last_stream_bytes < LAST_STREAM_BYTES) {
		http2->frame.last_stream = http2->frame.last_stream << 8 | *bytes;
		http2->last_stream_bytes++;
		http2->left--;
		return used;
	}
	used = size < http2->left ? size : http2->left;
	if (http2->in_block) {
		if (http2->skip) {
			used = used < http2->skip ? used : http2->skip;
			http2->skip -= (uint32_t)used;
		} else if (http2->left > http2->padding) {
			const uint32_t fragment = http2->left - http2->padding;

			used = used < fragment ? used : fragment;
			decode(http2, bytes, used,
			       used == fragment && http2->frame.flags & END_HEADERS, sink);
		}
	}
	http2->left -= (uint32_t)used;
	return used;
}

size_t
http2_read(struct http2 *http2, const unsigned char *bytes, size_t size, bool at_segment,
	   http2_field *field, void *context, enum http2_event *event)
{
	const struct sink sink = {field, context};
	size_t used = 0;

	*event = HTTP2_MORE;
	if (http2->is_lost && at_segment)
		http2->is_lost = false;
	while (*event == HTTP2_MORE) {
		if (http2->head_length == HEAD_BYTES && http2->left == 0) {
			*event = end_frame(http2);
		} else if (used == size) {
			break;
		} else if (http2->is_lost) {
			return size;
		} else if (http2->head_length < HEAD_BYTES) {
			http2->head[http2->head_length++] = bytes[used++];
			if (http2->head_length == 1)
				*event = HTTP2_BEGUN;
			else if (http2->head_length == HEAD_BYTES)
				*event = begin_frame(http2);
		} else {
			const size_t taken = take_payload(http2, bytes + used, size - used, &sink);

			used += taken;
			if (taken == 0)
				*event = HTTP2_OUT;
		}
	}
	if (*event == HTTP2_OUT)
		lose(http2);
	return used;
}

/* The context of http2_feed. */
struct request {
	struct http2 *http2;
	struct forwarded *forwarded;
};

/* An http2_field: of a request. */
static void
take_field(void *context, const char *name, const char *value, size_t size)
{
	struct request *request = context;
	int which;

	request->http2->has_method |= strcmp(name, ":method") == 0;
	if (strcmp(name, ":path") == 0)
		request->http2->path = http1_path(value, strcspn(value, "?"));
	if (strcmp(name, "user-agent") == 0)
		forwarded_see_agent(request->forwarded, value, size);
	which = forwarded_find(request->forwarded, name);
	if (which >= 0)
		forwarded_add_list(request->forwarded, which, value, size);
}

size_t
http2_feed(struct http2 *http2, const unsigned char *bytes, size_t size, bool at_segment,
	   struct forwarded *forwarded, struct http2_request *request, bool *is_complete)
{
	struct request context = {http2, forwarded};
	const struct http2_frame *frame = &http2->frame;
	enum http2_event event;
	size_t used = 0;

	*is_complete = false;
	do {
		used += http2_read(http2, bytes + used, size - used, at_segment, take_field,
				   &context, &event);
		at_segment = false;
		if (event == HTTP2_HEAD && frame->type == HTTP2_HEADERS) {
			http2->has_method = false;
			http2->path = 0;
			forwarded_begin(forwarded);
		}
		if (event != HTTP2_ENDED || !frame->ends_block)
			continue;
		*request = (struct http2_request){http2->path, frame->is_uncertain};
		/* A block without a method is of trailers, unless it could not be read. */
		*is_complete = (http2->has_method || frame->is_uncertain) && http2_is_sure(http2);
	} while (event != HTTP2_MORE && !*is_complete);
	return used;
}
