/*
 * Compression of streams: gzip (RFC 1952) and zstd (RFC 8878), in both directions, a step at a time
 * and without memory beyond a window of 8 MiB. The only module that uses zlib and libzstd.
 *
 * A stream may consist of several members or frames, one behind another: what they hold is put
 * together.
 */
#ifndef VCAP_CODEC_H
#define VCAP_CODEC_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

enum codec_kind { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD };

#define CODEC_MAGIC 4 /* bytes that tell the kind */

/* By the first CODEC_MAGIC bytes of a stream. */
enum codec_kind codec_of_magic(const unsigned char *bytes);
/* By the end of a file's name: ".gz" or ".zst". */
enum codec_kind codec_of_name(const char *name);
/* How many bytes of a name such an end takes; 0: there is none. */
size_t codec_name_end(const char *name);
/* "gzip" or "zstd". */
const char *codec_name(enum codec_kind kind);

struct codec; /* opaque */

/* NULL with why: out of memory. */
struct codec *codec_new_packer(enum codec_kind kind, struct failure *why);
struct codec *codec_new_unpacker(enum codec_kind kind, struct failure *why);
/* codec may be NULL. */
void codec_free(struct codec *codec);

/* What a step takes from and gives to; a step moves both ends forward. */
struct codec_step {
	const unsigned char *in, *in_end;
	unsigned char *out, *out_end;
};

/* Packs some of what is at in. A caller repeats it until in is used up. -1 with why. */
int codec_pack(struct codec *codec, struct codec_step *step, struct failure *why);
/* Ends the stream: a caller repeats it until *done, and packs nothing more. -1 with why. */
int codec_finish(struct codec *codec, struct codec_step *step, bool *done, struct failure *why);

/*
 * Unpacks some of what is at in. A caller repeats it until in is used up and out has not been filled.
 * -1 with why, which says what is wrong with the stream in a few words. What has come to out until
 * then is good; another call is not allowed.
 */
int codec_unpack(struct codec *codec, struct codec_step *step, struct failure *why);
/* Whether that failed since the stream needs a window of more than 8 MiB. */
bool codec_is_too_wide(const struct codec *codec);
/* Whether what was unpacked so far is whole: the stream may end here. */
bool codec_is_whole(const struct codec *codec);

#endif
