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
enum frame_type { HEADERS = 1, PUSH_PROMISE = 5, CONTINUATION = 9, LAST_TYPE = 9 };
enum frame_flag { END_HEADERS = 4, PADDED = 8, PRIORITY = 32 };

struct http2 {
	nghttp2_hd_inflater *inflater; /* NULL: the next block begins with a new one */
	unsigned char head[HEAD_BYTES];
	uint8_t head_length;
	bool is_lost;     /* the place: until a segment */
	uint8_t in_a_row; /* frames, up to TRUST_AFTER */
	uint32_t left;    /* bytes of the frame's payload */
	uint32_t skip;    /* of these: padding length and priority in front */
	uint32_t padding; /* ... and padding at the end */
	bool is_pad_next; /* the next byte is the padding's length */
	/* The block of headers */
	bool in_block, is_failed, has_method;
	uint32_t block_bytes;
	uint64_t path;
};

struct http2 *
http2_new(void)
{
	struct http2 *http2 = calloc(1, sizeof(*http2));

	if (http2)
		http2->in_a_row = TRUST_AFTER;
	return http2;
}

struct http2 *
http2_new_midway(void)
{
	struct http2 *http2 = calloc(1, sizeof(*http2));

	if (http2)
		http2->is_lost = true;
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

void
http2_skip(struct http2 *http2, uint32_t size)
{
	const bool is_inside =
	    !http2->is_lost && !http2->in_block && http2->head_length == HEAD_BYTES;

	if (!is_inside || size > http2->left) {
		lose(http2);
		return;
	}
	http2->left -= size;
	http2->head_length = http2->left ? HEAD_BYTES : 0;
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
begin_block(struct http2 *http2, struct forwarded *forwarded)
{
	http2->in_block = true;
	http2->is_failed = http2->has_method = false;
	http2->block_bytes = 0;
	http2->path = 0;
	forwarded_begin(forwarded);
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
	/* A server may have allowed more than the default; it takes an update to use it. */
	nghttp2_hd_inflate_change_table_size(http2->inflater, TABLE_MAX);
}

/* A header of the request. */
static void
take_header(struct http2 *http2, const nghttp2_nv *header, struct forwarded *forwarded)
{
	const char *name = (const char *)header->name, *value = (const char *)header->value;
	int which;

	if (memchr(name, '\0', header->namelen))
		return;
	http2->has_method |= strcmp(name, ":method") == 0;
	if (strcmp(name, ":path") == 0)
		http2->path = http1_path(value, strcspn(value, "?"));
	which = forwarded_find(forwarded, name);
	if (which >= 0)
		forwarded_add_list(forwarded, which, value, header->valuelen);
}

/* Decodes a piece of a block. What follows a failure is not understood. */
static void
decode(struct http2 *http2, const unsigned char *bytes, size_t size, bool is_last,
       struct forwarded *forwarded)
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
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			take_header(http2, &header, forwarded);
		if (flags & NGHTTP2_HD_INFLATE_FINAL) {
			nghttp2_hd_inflate_end_headers(http2->inflater);
			break;
		}
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && size == 0)
			break;
	}
	if (http2->is_failed)
		forget_decoder(http2);
}

/* Whether a frame can have this head, and may come now. */
static bool
is_head(const struct http2 *http2)
{
	const unsigned char *head = http2->head;
	const uint32_t length = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
	const uint32_t stream =
	    (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
	/* DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
	 * CONTINUATION: sizes that are fixed; 1 for a multiple of 6; and which are of a stream. */
	static const uint8_t sizes[] = {0, 0, 5, 4, 1, 0, 8, 0, 4, 0};
	static const char streams[] = "yyyynynnxy";
	const uint8_t type = head[3];

	if (type > LAST_TYPE || type == PUSH_PROMISE || length > 64 * FRAME_MAX)
		return false;
	if (http2->in_a_row < TRUST_AFTER && length > FRAME_MAX)
		return false;
	if (sizes[type] == 1 ? length % 6 != 0 : sizes[type] && length != sizes[type])
		return false;
	if (stream >> 31 || (streams[type] == 'y' && !stream) || (streams[type] == 'n' && stream))
		return false;
	return http2->in_block == (type == CONTINUATION);
}

/* The head of a frame is whole. false: it is none. */
static bool
begin_frame(struct http2 *http2, struct forwarded *forwarded)
{
	const unsigned char *head = http2->head;
	const bool is_headers = head[3] == HEADERS;

	if (!is_head(http2))
		return false;
	http2->left = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
	http2->is_pad_next = is_headers && head[4] & PADDED;
	http2->skip = is_headers && head[4] & PRIORITY ? 5 : 0;
	http2->padding = 0;
	http2->in_a_row += http2->in_a_row < TRUST_AFTER;
	if (is_headers)
		begin_block(http2, forwarded);
	return http2->left >= http2->skip + http2->is_pad_next;
}

/* The frame has ended. true: and with it a request's headers. */
static bool
end_frame(struct http2 *http2, struct http2_request *request)
{
	http2->head_length = 0;
	if (!http2->in_block || !(http2->head[4] & END_HEADERS))
		return false;
	http2->in_block = false;
	*request = (struct http2_request){http2->path, http2->is_failed};
	/* A block without a method is of trailers, unless it could not be read. */
	return (http2->has_method || http2->is_failed) && http2_is_sure(http2);
}

/* Takes bytes of the frame's payload. Returns how many; 0: what it says of itself is wrong. */
static size_t
take_payload(struct http2 *http2, const unsigned char *bytes, size_t size,
	     struct forwarded *forwarded)
{
	size_t used = 1;

	if (http2->is_pad_next) {
		http2->is_pad_next = false;
		http2->padding = *bytes;
		http2->left--;
		return http2->skip + http2->padding <= http2->left;
	}
	used = size < http2->left ? size : http2->left;
	if (http2->in_block) {
		if (http2->skip) {
			used = used < http2->skip ? used : http2->skip;
			http2->skip -= (uint32_t)used;
		} else if (http2->left > http2->padding) {
			const uint32_t fragment = http2->left - http2->padding;

			used = used < fragment ? used : fragment;
			decode(http2, bytes, used, used == fragment && http2->head[4] & END_HEADERS,
			       forwarded);
		}
	}
	http2->left -= (uint32_t)used;
	return used;
}

size_t
http2_feed(struct http2 *http2, const unsigned char *bytes, size_t size, bool at_segment,
	   struct forwarded *forwarded, struct http2_request *request, bool *is_complete)
{
	size_t used = 0;

	*is_complete = false;
	if (http2->is_lost && at_segment)
		http2->is_lost = false;
	while (used < size && !*is_complete) {
		if (http2->is_lost)
			return size;
		if (http2->head_length < HEAD_BYTES) {
			http2->head[http2->head_length++] = bytes[used++];
			if (http2->head_length < HEAD_BYTES)
				continue;
			if (!begin_frame(http2, forwarded))
				lose(http2);
		} else {
			const size_t taken =
			    take_payload(http2, bytes + used, size - used, forwarded);

			used += taken;
			if (taken == 0)
				lose(http2);
		}
		if (!http2->is_lost && http2->head_length == HEAD_BYTES && http2->left == 0)
			*is_complete = end_frame(http2, request);
	}
	return used;
}
