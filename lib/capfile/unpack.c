#include "capfile/unpack.h"

#include <inttypes.h>
#include <stdlib.h>

struct unpack {
	enum codec_kind kind;
	struct codec *codec;
	struct inbuf packed;
	enum unpack_end end;
	bool is_over; /* nothing more is unpacked */
	struct failure why;
};

/* Unpacks some of the bytes at hand; returns how many came out. */
static size_t
work(struct unpack *unpack, unsigned char *to, size_t size)
{
	struct inbuf *in = &unpack->packed;
	struct codec_step step = {in->bytes + in->at, in->bytes + in->end, to, to + size};
	struct failure why;

	if (codec_unpack(unpack->codec, &step, &why) < 0) {
		const char *name = codec_name(unpack->kind);

		unpack->is_over = true;
		unpack->end = UNPACK_CUT;
		in->at = in->end - (size_t)(step.in_end - step.in);
		failure_set(&unpack->why, "is damaged at byte %" PRIu64 " of its %s data: %s",
			    inbuf_offset(in), name, why.text);
		if (codec_is_too_wide(unpack->codec)) {
			unpack->end = UNPACK_REFUSED;
			failure_set(&unpack->why,
				    "needs a window of more than 8 MiB for its %s data: unpack it "
				    "first (zstd -d --long=31)",
				    name);
		}
	}
	in->at = in->end - (size_t)(step.in_end - step.in);
	return (size_t)(step.out - to);
}

/* An inbuf_read. */
static ssize_t
unpack_read(void *context, void *to, size_t size)
{
	struct unpack *unpack = context;
	struct inbuf *in = &unpack->packed;

	while (!unpack->is_over) {
		const size_t got = work(unpack, to, size);

		if (got)
			return (ssize_t)got;
		if (unpack->is_over || inbuf_left(in))
			continue;
		if (inbuf_fill(in, 1) < 0)
			return -1;
		if (inbuf_left(in))
			continue;
		unpack->is_over = true;
		if (codec_is_whole(unpack->codec))
			continue;
		unpack->end = UNPACK_CUT;
		failure_set(&unpack->why, "ends in the middle of its %s data",
			    codec_name(unpack->kind));
	}
	return 0;
}

struct unpack *
unpack_new(enum codec_kind kind, struct inbuf *in, struct failure *why)
{
	struct unpack *unpack = calloc(1, sizeof(*unpack));

	if (!unpack) {
		failure_nomem(why);
		return NULL;
	}
	unpack->kind = kind;
	unpack->codec = codec_new_unpacker(kind, why);
	if (unpack->codec && inbuf_read_through(in, &unpack->packed, unpack_read, unpack) == 0)
		return unpack;
	failure_nomem(why);
	codec_free(unpack->codec);
	free(unpack);
	return NULL;
}

void
unpack_free(struct unpack *unpack)
{
	if (!unpack)
		return;
	codec_free(unpack->codec);
	inbuf_release(&unpack->packed);
	free(unpack);
}

enum unpack_end
unpack_end(const struct unpack *unpack, const char *name, struct failure *what)
{
	if (unpack && unpack->end != UNPACK_WHOLE)
		failure_set(what, "'%s' %s", name, unpack->why.text);
	return unpack ? unpack->end : UNPACK_WHOLE;
}
