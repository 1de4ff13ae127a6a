/*
 * The reader over what is compressed: any bytes as gzip's or zstd's data, and any bytes compressed,
 * which are then read as they are without.
 */
#include "base/codec.h"
#include "capture.h"

/* What compressed bytes can bring is not bounded by them: a long file is not read to its end. */
#define EVENTS_MAX 200000

static unsigned char memory[2 * PIECE_MAX];

/* A digest of all packets, 0 if it is not a capture. */
static uint64_t
read_packed(const uint8_t *data, size_t size, size_t chunk, size_t *events)
{
	struct reader *file;
	struct source *source;
	struct packet packet;
	struct failure why = FAILURE_INIT;
	enum source_event event;
	uint64_t hash = 1;
	int fd = file_of(data, size);
	char path[32];

	*events = 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = reader_open_unread(path, READER_LINKS, &why);
	must(file);
	close(fd);
	if (chunk)
		reader_use_memory(file, memory, chunk);
	if (reader_begin(file, &why) < 0) {
		must(why.text[0]);
		reader_close(file);
		return 0;
	}
	source = reader_source(file);
	must(size < 4 || codec_of_magic(data) == CODEC_NONE || !source->revisit);
	while ((event = source->next(source, &packet, &why)) != SOURCE_END && event != SOURCE_CUT &&
	       ++*events < EVENTS_MAX)
		if (event == SOURCE_PACKET)
			hash = hash * 31 + digest_packet(&packet);
	if (event == SOURCE_CUT)
		must(why.text[0]);
	hash = hash * 31 + (event == SOURCE_CUT);
	reader_close(file);
	return hash;
}

/* Packs the bytes; returns how many it takes. */
static size_t
pack(enum codec_kind kind, const uint8_t *data, size_t size, uint8_t *to, size_t room)
{
	struct codec_step step = {data, data + size, to, to + room};
	struct codec *codec = codec_new_packer(kind, NULL);
	bool done = false;

	must(codec);
	while (step.in < step.in_end)
		must(codec_pack(codec, &step, NULL) == 0);
	while (!done)
		must(codec_finish(codec, &step, &done, NULL) == 0);
	codec_free(codec);
	return (size_t)(step.out - to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[1 << 17];
	size_t events, others;
	uint64_t plain;

	must(read_packed(data, size, 0, &events) == read_packed(data, size, 64, &others));
	must(events == others);
	if (size < 4 || size > 1 << 16 || codec_of_magic(data) != CODEC_NONE)
		return 0;
	plain = read_packed(data, size, 0, &events);
	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_ZSTD; kind++) {
		const size_t length = pack(kind, data, size, packed, sizeof(packed));

		must(codec_of_magic(packed) == kind);
		must(read_packed(packed, length, 0, &others) == plain && events == others);
		must(read_packed(packed, length, 64, &others) == plain && events == others);
	}
	return 0;
}
