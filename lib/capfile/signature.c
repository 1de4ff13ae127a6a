#include "capfile/signature.h"

#include <string.h>

struct signature {
	const char *name, *bytes;
	size_t size;
};

static const char *
find(const struct signature *known, size_t count, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (known[i].size <= size && memcmp(bytes, known[i].bytes, known[i].size) == 0)
			return known[i].name;
	return NULL;
}

const char *
signature_compressor(const unsigned char *bytes, size_t size)
{
	static const struct signature compressors[] = {{"gzip", "\x1f\x8b", 2},
						       {"bzip2", "BZh", 3},
						       {"xz",
							"\xfd"
							"7zX",
							4},
						       {"zstd", "\x28\xb5\x2f\xfd", 4},
						       {"lz4", "\x04\x22\x4d\x18", 4}};

	return find(compressors, sizeof(compressors) / sizeof(*compressors), bytes, size);
}

const char *
signature_kind(const unsigned char *bytes, size_t size)
{
	/* With the version, of either byte order. */
	static const struct signature formats[] = {
	    {"pcap", "\xd4\xc3\xb2\xa1\2\0\4\0", 8}, {"pcap", "\xa1\xb2\xc3\xd4\0\2\0\4", 8},
	    {"pcap", "\x4d\x3c\xb2\xa1\2\0\4\0", 8}, {"pcap", "\xa1\xb2\x3c\x4d\0\2\0\4", 8},
	    {"gzip", "\x1f\x8b\x08\0", 4},           {"gzip", "\x1f\x8b\x08\x08", 4},
	};
	const char *name = find(formats, sizeof(formats) / sizeof(*formats), bytes, size);

	if (name || size < SIGNATURE_MAX)
		return name;
	if (memcmp(bytes, "\n\r\r\n", 4) == 0 && (memcmp(bytes + 8, "\x4d\x3c\x2b\x1a", 4) == 0 ||
						  memcmp(bytes + 8, "\x1a\x2b\x3c\x4d", 4) == 0))
		return "pcapng";
	/* Two bytes are too few for what may be anything. */
	name = signature_compressor(bytes, size);
	return name && strcmp(name, "gzip") != 0 ? name : NULL;
}
