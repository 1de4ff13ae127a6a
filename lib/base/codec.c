/*
 * zlib ends at the end of a gzip member and has to be told to go on with the next; zeros behind the
 * last one are the padding of tapes, which gzip(1) passes over, too. libzstd goes on by itself, also
 * over the frames that it is to skip.
 */
#include "base/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* Bounds the memory that a stream can make the unpacker allocate: 8 MiB. What zstd(1) writes up to
 * level 19 needs no more, vcap's own streams a quarter of that. */
#define WINDOW_LOG_MAX 23

/* Halves the size of typical captures at little processor time. */
#define ZSTD_LEVEL  3
#define GZIP_LEVEL  1

#define GZIP_HEADER 16 /* for zlib's window bits: with the header of gzip */

enum phase {
	BETWEEN, /* members: before the first, or behind one */
	INSIDE,  /* a member */
	PADDING, /* zeros behind the last one */
};

struct codec {
	enum codec_kind kind;
	enum phase phase;
	bool has_begun; /* a member has been seen to its end */
	bool packs;
	bool is_too_wide;
	z_stream gzip;
	ZSTD_CCtx *packer;
	ZSTD_DCtx *unpacker;
	size_t wanted; /* by it, of the frame at hand; 0: it has not begun */
};

enum codec_kind
codec_of_magic(const unsigned char *bytes)
{
	static const unsigned char gzip[] = {0x1f, 0x8b, 8}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd},
				   skippable[] = {0x2a, 0x4d, 0x18};

	if (memcmp(bytes, gzip, sizeof(gzip)) == 0)
		return CODEC_GZIP;
	if (memcmp(bytes, zstd, sizeof(zstd)) == 0 ||
	    ((bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, skippable, sizeof(skippable)) == 0))
		return CODEC_ZSTD;
	return CODEC_NONE;
}

static const char *const ends[] = {[CODEC_GZIP] = ".gz", [CODEC_ZSTD] = ".zst"};

enum codec_kind
codec_of_name(const char *name)
{
	const size_t length = strlen(name);

	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_ZSTD; kind++) {
		const size_t end = strlen(ends[kind]);

		if (length > end && strcmp(name + length - end, ends[kind]) == 0)
			return kind;
	}
	return CODEC_NONE;
}

size_t
codec_name_end(const char *name)
{
	const enum codec_kind kind = codec_of_name(name);

	return kind == CODEC_NONE ? 0 : strlen(ends[kind]);
}

const char *
codec_name(enum codec_kind kind)
{
	return kind == CODEC_GZIP ? "gzip" : kind == CODEC_ZSTD ? "zstd" : "nothing";
}

static bool
prepare_packer(struct codec *codec)
{
	codec->packs = true;
	if (codec->kind == CODEC_GZIP)
		return deflateInit2(&codec->gzip, GZIP_LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_HEADER,
				    8, Z_DEFAULT_STRATEGY) == Z_OK;
	codec->packer = ZSTD_createCCtx();
	return codec->packer &&
	       !ZSTD_isError(
		   ZSTD_CCtx_setParameter(codec->packer, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(codec->packer, ZSTD_c_checksumFlag, 1));
}

static bool
prepare_unpacker(struct codec *codec)
{
	if (codec->kind == CODEC_GZIP)
		return inflateInit2(&codec->gzip, MAX_WBITS + GZIP_HEADER) == Z_OK;
	codec->unpacker = ZSTD_createDCtx();
	return codec->unpacker && !ZSTD_isError(ZSTD_DCtx_setParameter(
				      codec->unpacker, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
}

static struct codec *
codec_new(enum codec_kind kind, bool (*prepare)(struct codec *), struct failure *why)
{
	struct codec *codec = calloc(1, sizeof(*codec));

	if (codec) {
		codec->kind = kind;
		if (prepare(codec))
			return codec;
	}
	codec_free(codec);
	failure_nomem(why);
	return NULL;
}

struct codec *
codec_new_packer(enum codec_kind kind, struct failure *why)
{
	return codec_new(kind, prepare_packer, why);
}

struct codec *
codec_new_unpacker(enum codec_kind kind, struct failure *why)
{
	return codec_new(kind, prepare_unpacker, why);
}

void
codec_free(struct codec *codec)
{
	if (!codec)
		return;
	if (codec->kind == CODEC_GZIP && codec->packs)
		deflateEnd(&codec->gzip);
	else if (codec->kind == CODEC_GZIP)
		inflateEnd(&codec->gzip);
	ZSTD_freeCCtx(codec->packer);
	ZSTD_freeDCtx(codec->unpacker);
	free(codec);
}

/* zlib counts in unsigned int: more is left for the next step. */
static unsigned
clamp(const unsigned char *from, const unsigned char *end)
{
	const size_t size = (size_t)(end - from);

	return size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)size;
}

/* Has zlib's function work on the step. Returns what it does. */
static int
run_gzip(struct codec *codec, struct codec_step *step, int (*function)(z_stream *, int), int flush)
{
	z_stream *gzip = &codec->gzip;
	int rc;

	gzip->next_in = (unsigned char *)(uintptr_t)step->in; /* which zlib does not write to */
	gzip->avail_in = clamp(step->in, step->in_end);
	gzip->next_out = step->out;
	gzip->avail_out = clamp(step->out, step->out_end);
	rc = function(gzip, flush);
	step->in = gzip->next_in;
	step->out = gzip->next_out;
	return rc;
}

static int
run_packer(struct codec *codec, struct codec_step *step, ZSTD_EndDirective how, bool *done,
	   struct failure *why)
{
	ZSTD_inBuffer in = {step->in, (size_t)(step->in_end - step->in), 0};
	ZSTD_outBuffer out = {step->out, (size_t)(step->out_end - step->out), 0};
	const size_t left = ZSTD_compressStream2(codec->packer, &out, &in, how);

	step->in += in.pos;
	step->out += out.pos;
	*done = left == 0;
	return ZSTD_isError(left) ? failure_set(why, "cannot compress: %s", ZSTD_getErrorName(left))
				  : 0;
}

int
codec_pack(struct codec *codec, struct codec_step *step, struct failure *why)
{
	bool done;

	if (codec->kind == CODEC_ZSTD)
		return run_packer(codec, step, ZSTD_e_continue, &done, why);
	return run_gzip(codec, step, deflate, Z_NO_FLUSH) == Z_STREAM_ERROR
		   ? failure_set(why, "cannot compress")
		   : 0;
}

int
codec_finish(struct codec *codec, struct codec_step *step, bool *done, struct failure *why)
{
	int rc;

	if (codec->kind == CODEC_ZSTD)
		return run_packer(codec, step, ZSTD_e_end, done, why);
	rc = run_gzip(codec, step, deflate, Z_FINISH);
	*done = rc == Z_STREAM_END;
	return rc == Z_STREAM_ERROR ? failure_set(why, "cannot compress") : 0;
}

/* Between members: goes on with the next one, or over zeros to the end. */
static int
begin_member(struct codec *codec, struct codec_step *step, struct failure *why)
{
	while (codec->has_begun && step->in < step->in_end && *step->in == 0) {
		codec->phase = PADDING;
		step->in++;
	}
	if (step->in == step->in_end)
		return 0;
	/* The second byte may not have arrived: zlib looks at it. */
	if (codec->phase == PADDING || (codec->has_begun && *step->in != 0x1f))
		return failure_set(why, "what follows is none");
	if (codec->has_begun && inflateReset(&codec->gzip) != Z_OK)
		return failure_nomem(why);
	codec->phase = INSIDE;
	return 0;
}

static int
unpack_gzip(struct codec *codec, struct codec_step *step, struct failure *why)
{
	int rc;

	if (codec->phase != INSIDE && begin_member(codec, step, why) < 0)
		return -1;
	if (codec->phase != INSIDE)
		return 0;
	rc = run_gzip(codec, step, inflate, Z_NO_FLUSH);
	if (rc == Z_STREAM_END) {
		codec->phase = BETWEEN;
		codec->has_begun = true;
	}
	/* Z_BUF_ERROR: there was nothing to do. */
	if (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR)
		return 0;
	return rc == Z_MEM_ERROR
		   ? failure_nomem(why)
		   : failure_set(why, "%s", codec->gzip.msg ? codec->gzip.msg : "no reason");
}

/*
 * How many of the bytes that are there to hand to libzstd. What one call has unpacked is lost when it then
 * comes to damage. It wants a block, with the header of the next one behind it, which may be damaged: so
 * the block goes first.
 */
static size_t
piece(const struct codec *codec, size_t there)
{
	enum { FRAME_HEADER = 5, BLOCK_HEADER = 3 }; /* RFC 8878, 3.1.1; the least of it */
	size_t most = codec->wanted;

	if (most == 0)
		most = FRAME_HEADER;
	else if (most > BLOCK_HEADER)
		most -= BLOCK_HEADER;
	return there < most ? there : most;
}

static int
unpack_zstd(struct codec *codec, struct codec_step *step, struct failure *why)
{
	ZSTD_inBuffer in = {step->in, piece(codec, (size_t)(step->in_end - step->in)), 0};
	ZSTD_outBuffer out = {step->out, (size_t)(step->out_end - step->out), 0};
	const bool is_behind = codec->has_begun && codec->phase == BETWEEN;
	size_t left;

	/* libzstd would take that for the beginning of a frame. */
	if (in.size == 0 && codec->phase == BETWEEN)
		return 0;
	left = ZSTD_decompressStream(codec->unpacker, &out, &in);
	step->in += in.pos;
	step->out += out.pos;
	if (ZSTD_isError(left)) {
		const ZSTD_ErrorCode error = ZSTD_getErrorCode(left);

		codec->is_too_wide = error == ZSTD_error_frameParameter_windowTooLarge;
		return is_behind && error == ZSTD_error_prefix_unknown
			   ? failure_set(why, "what follows is none")
			   : failure_set(why, "%s", ZSTD_getErrorName(left));
	}
	codec->wanted = left;
	codec->phase = left == 0 ? BETWEEN : INSIDE;
	codec->has_begun |= left == 0;
	return 0;
}

int
codec_unpack(struct codec *codec, struct codec_step *step, struct failure *why)
{
	return (codec->kind == CODEC_GZIP ? unpack_gzip : unpack_zstd)(codec, step, why);
}

bool
codec_is_too_wide(const struct codec *codec)
{
	return codec->is_too_wide;
}

bool
codec_is_whole(const struct codec *codec)
{
	return codec->has_begun && codec->phase != INSIDE;
}
