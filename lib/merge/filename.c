#include "merge/filename.h"

#include "base/codec.h"

#include <string.h>

char *
filename_engine(const char *path)
{
	static const char *const endings[] = {".pcapng", ".pcap", ".cap"};
	size_t length = strlen(path), start;

	if (strcmp(path, "-") == 0)
		return strdup("stdin");
	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length == strlen(path))
		length -= codec_name_end(path);
	for (start = length; start > 0 && path[start - 1] != '/';)
		start--;
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length - start > ending &&
		    strncmp(path + length - ending, endings[i], ending) == 0) {
			length -= ending;
			break;
		}
	}
	/* Only the root directory has an empty name. */
	return start == length ? strdup("-") : strndup(path + start, length - start);
}

bool
filename_is_packed(const char *path)
{
	return codec_name_end(path) > 0;
}
